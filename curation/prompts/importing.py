"""Prompts from a file into the workspace: every row checked, none twice, and all or nothing."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock

from curation.errors import BadRowsError, InputError
from curation.files import replacing
from curation.prompts.options import ImportOptions
from curation.prompts.reading import contains, prompt_ids
from curation.prompts.rows import PromptMapper, RowProblemError
from curation.prompts.sources import RowSource, SourceRow, import_name, open_rows
from curation.records import PROMPT_SCHEMA, Prompt
from curation.workspace import Workspace, check_name

MAX_PROBLEMS: Final = 1000
"""Bad rows that are kept word for word; a file that is refused is read no further than this many."""

_CHUNK_ROWS: Final = 5_000
_CHUNK_CHARACTERS: Final = 16 << 20

RowT = TypeVar("RowT")


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did."""

    name: str | None
    """Names the file in the workspace, None when nothing was new."""
    path: Path | None
    imported: int
    duplicates: int
    """Rows that were in the workspace already, or twice in the file."""
    skipped: int
    """Bad rows that were left out, as asked."""
    bad: tuple[str, ...]
    """What is wrong with the first `MAX_PROBLEMS` of them, each with its place."""


@dataclass(frozen=True, slots=True)
class Preview(Generic[RowT]):
    """The first rows of a file as an import would understand them."""

    rows: tuple[RowT, ...]
    bad: tuple[str, ...]
    fields: tuple[str, ...]
    """Names of the fields of the first row, for choosing which holds what."""


def import_prompts(workspace: Workspace, path: Path | str, options: ImportOptions | None = None) -> ImportReport:
    """Read prompts from `path` and write those that are new to `prompts/<name>.parquet`.

    Raises BadRowsError (and writes nothing) when rows are bad and `skip_bad_rows` is off, InputError when the file
    cannot be read, WinnowError when the workspace cannot be written.
    """
    options = options or ImportOptions()
    mapper = PromptMapper(options)
    with open_rows(path, options.fields) as source:
        if source.columns is not None:
            mapper.check_columns(source.name, source.columns)
        return import_rows(
            source,
            mapper.prompt,
            folder=workspace.prompts,
            name=options.name,
            fallback_name=import_name(Path(path)),
            skip_bad_rows=options.skip_bad_rows,
            known_ids=lambda: prompt_ids(workspace),
            identify=lambda prompt: prompt.prompt_id,
            to_table=prompt_table,
        )


def preview_import(path: Path | str, options: ImportOptions | None = None, rows: int = 20) -> Preview[Prompt]:
    """The first `rows` rows of `path`, mapped and checked; nothing is written. Raises InputError."""
    options = options or ImportOptions()
    mapper = PromptMapper(options)
    with open_rows(path) as source:
        return preview_rows(source, mapper.prompt, rows)


def prompt_table(prompts: Sequence[Prompt]) -> pa.Table:
    """`prompts` as rows of PROMPT_SCHEMA."""
    return pa.table(
        {
            "prompt_id": pa.array([prompt.prompt_id for prompt in prompts], pa.uint64()),
            "messages": pa.array(
                [[{"role": m.role, "content": m.content} for m in prompt.messages] for prompt in prompts],
                PROMPT_SCHEMA.field("messages").type,
            ),
            **{
                column: pa.array([getattr(prompt, column) for prompt in prompts], pa.string())
                for column in PROMPT_SCHEMA.names[2:]
            },
        },
        schema=PROMPT_SCHEMA,
    )


@dataclass(slots=True)
class _Tally:
    duplicates: int = 0
    skipped: int = 0
    bad: list[str] = field(default_factory=list)

    def add_bad(self, message: str) -> None:
        self.skipped += 1
        if len(self.bad) < MAX_PROBLEMS:
            self.bad.append(message)


def import_rows(
    source: RowSource,
    parse: Callable[[Any, str], RowT],
    *,
    folder: Path,
    name: str | None,
    fallback_name: str,
    skip_bad_rows: bool,
    known_ids: Callable[[], np.ndarray[Any, np.dtype[np.uint64]]],
    identify: Callable[[RowT], int],
    to_table: Callable[[Sequence[RowT]], pa.Table],
) -> ImportReport:
    """Write the new rows of `source` to a file in `folder`, in flat memory but for 64-bit ids; see `import_prompts`."""
    if name is not None:
        check_name(name, "an import")
    tally = _Tally()
    with FileLock(folder / ".import.lock"):  # of two imports of one file at a time, the second finds nothing new
        chunks = _new_chunks(source, parse, known_ids(), identify, skip_bad_rows, tally)
        first = next(chunks, None)
        if first is None:
            return ImportReport(None, None, 0, tally.duplicates, tally.skipped, tuple(tally.bad))
        name, path = _free_path(folder, name, fallback_name)
        imported = 0
        with replacing(path) as temporary:
            table = to_table(first)
            with pq.ParquetWriter(temporary, table.schema, compression="zstd") as writer:
                for chunk in itertools.chain([first], chunks):
                    writer.write_table(to_table(chunk))
                    imported += len(chunk)
    return ImportReport(name, path, imported, tally.duplicates, tally.skipped, tuple(tally.bad))


def preview_rows(source: RowSource, parse: Callable[[Any, str], RowT], rows: int) -> Preview[RowT]:
    """The first `rows` rows of `source` through `parse`."""
    good: list[RowT] = []
    bad: list[str] = []
    fields: tuple[str, ...] = source.columns or ()
    for row in itertools.islice(source.rows, rows):
        fields = fields or tuple(row.fields)
        try:
            good.append(_parsed(source, row, parse))
        except RowProblemError as problem:
            bad.append(f"{source.place(row)}: {problem}")
    return Preview(tuple(good), tuple(bad), fields)


def _parsed(source: RowSource, row: SourceRow, parse: Callable[[Any, str], RowT]) -> RowT:
    if row.problem:
        raise RowProblemError(row.problem)
    return parse(row.fields, f"{source.name}:{row.number}")


def _new_chunks(
    source: RowSource,
    parse: Callable[[Any, str], RowT],
    known: np.ndarray[Any, np.dtype[np.uint64]],
    identify: Callable[[RowT], int],
    skip_bad_rows: bool,
    tally: _Tally,
) -> Iterator[list[RowT]]:
    """Rows that are neither in `known` (sorted) nor met before, in chunks; raises BadRowsError after the last one."""
    met: set[int] = set()
    chunk: list[RowT] = []
    characters = 0
    for row in source.rows:
        try:
            parsed = _parsed(source, row, parse)
        except RowProblemError as problem:
            tally.add_bad(f"{source.place(row)}: {problem}")
            if not skip_bad_rows and len(tally.bad) >= MAX_PROBLEMS:
                raise BadRowsError(tally.bad, advice=f"Reading stopped after {MAX_PROBLEMS:,} bad rows.") from None
            continue
        identifier = identify(parsed)
        if identifier in met or contains(known, identifier):
            tally.duplicates += 1
            continue
        met.add(identifier)
        if tally.bad and not skip_bad_rows:
            continue  # the file is refused already; only its further problems matter
        chunk.append(parsed)
        characters += sum(len(value) for value in row.fields.values() if isinstance(value, str))
        if len(chunk) >= _CHUNK_ROWS or characters >= _CHUNK_CHARACTERS:
            yield chunk
            chunk, characters = [], 0
    if tally.bad and not skip_bad_rows:
        raise BadRowsError(
            tally.bad, advice="Nothing was imported. Mend the file, or import its good rows with --skip-bad-rows."
        )
    if chunk:
        yield chunk


def _free_path(folder: Path, name: str | None, fallback: str) -> tuple[str, Path]:
    if name is not None:
        path = folder / f"{name}.parquet"
        if path.exists():
            raise InputError(f"{path} exists; an import is never changed, so choose another name.")
        return name, path
    for number in itertools.count(1):
        free = fallback if number == 1 else f"{fallback}-{number}"
        path = folder / f"{free}.parquet"
        if not path.exists():
            return free, path
    raise AssertionError("unreachable")
