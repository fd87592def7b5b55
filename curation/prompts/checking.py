"""What an import would do, before it does it: every row of a file mapped and checked, and nothing written."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from curation.prompts.general import GeneralOptions, GeneralSample, general_sample
from curation.prompts.options import ImportOptions
from curation.prompts.reading import Ids, contains, known_ids, prompt_ids
from curation.prompts.rows import PromptMapper, RowProblemError
from curation.prompts.sources import RowSource, open_rows
from curation.records import Prompt
from curation.workspace import Workspace

FIRST_ROWS: Final = 20
"""Good rows that a check keeps, to show how they will look."""

KEPT_PROBLEMS: Final = 100_000
"""Bad rows that a check keeps word for word; those beyond are counted."""

_REPORT_EVERY: Final = 1_000

RowT = TypeVar("RowT")


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be used: the line or row that it is (counted from 1), and why."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class CheckedFile(Generic[RowT]):
    """A file as an import would understand it. Rows are new, known (here already, or twice in the file) or bad."""

    name: str
    unit: str
    """`line` or `row`: what `BadRow.number` counts."""
    first: tuple[RowT, ...]
    new: int
    known: int
    bad: int
    problems: tuple[BadRow, ...]
    """The first KEPT_PROBLEMS of the bad ones."""


@dataclass(frozen=True, slots=True)
class FileHead:
    """The first rows of a file as they are written, and the fields that occur in them."""

    fields: tuple[str, ...]
    rows: tuple[Mapping[str, Any], ...]


def head_of(path: Path | str, rows: int = FIRST_ROWS) -> FileHead:
    """The first `rows` rows of `path` that can be read at all. Raises InputError when the file cannot be read."""
    with open_rows(path) as source:
        found = [row.fields for row in itertools.islice(source.rows, rows) if not row.problem]
        columns = source.columns or ()
    return FileHead(tuple(dict.fromkeys([*columns, *(name for fields in found for name in fields)])), tuple(found))


def check_prompts(
    workspace: Workspace, path: Path | str, options: ImportOptions, on_rows: Callable[[int], None] | None = None
) -> CheckedFile[Prompt]:
    """What `import_prompts` would do with `path`. Raises InputError when the file cannot be read.

    `on_rows` is told how many rows have been read; what it raises ends the check.
    """
    mapper = PromptMapper(options)
    with open_rows(path, options.fields) as source:
        if source.columns is not None:
            mapper.check_columns(source.name, source.columns)
        return _check(source, mapper.prompt, lambda prompt: prompt.prompt_id, prompt_ids(workspace), on_rows)


def check_general(
    workspace: Workspace, path: Path | str, options: GeneralOptions, on_rows: Callable[[int], None] | None = None
) -> CheckedFile[GeneralSample]:
    """What `import_general` would do with `path`; see `check_prompts`."""
    known = known_ids(workspace.general, "sample_id")
    with open_rows(path) as source:
        return _check(
            source,
            lambda fields, place: general_sample(fields, options, place),
            lambda sample: sample.sample_id,
            known,
            on_rows,
        )


def _check(
    source: RowSource,
    parse: Callable[[Mapping[str, Any], str], RowT],
    identify: Callable[[RowT], int],
    known: Ids,
    on_rows: Callable[[int], None] | None,
) -> CheckedFile[RowT]:
    first: list[RowT] = []
    problems: list[BadRow] = []
    met: set[int] = set()
    new = doubles = bad = 0
    for count, row in enumerate(source.rows, start=1):
        if on_rows is not None and count % _REPORT_EVERY == 0:
            on_rows(count)
        try:
            if row.problem:
                raise RowProblemError(row.problem)
            parsed = parse(row.fields, f"{source.name}:{row.number}")
        except RowProblemError as problem:
            bad += 1
            if len(problems) < KEPT_PROBLEMS:
                problems.append(BadRow(row.number, str(problem)))
            continue
        if len(first) < FIRST_ROWS:
            first.append(parsed)
        identifier = identify(parsed)
        if identifier in met or contains(known, identifier):
            doubles += 1
        else:
            met.add(identifier)
            new += 1
    return CheckedFile(source.name, source.unit, tuple(first), new, doubles, bad, tuple(problems))
