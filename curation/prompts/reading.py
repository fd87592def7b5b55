"""Imported prompts, read back by the stages: narrow columns, row group by row group, each prompt once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from curation.errors import InputError, ShardError
from curation.records import PROMPT_SCHEMA, format_id
from curation.workspace import Workspace

Ids = np.ndarray[Any, np.dtype[np.uint64]]


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """One import as it lies in the workspace."""

    name: str
    path: Path
    rows: int


def list_imports(workspace: Workspace) -> list[ImportedFile]:
    """The workspace's prompt imports by name."""
    return imported_files(workspace.prompts)


def prompt_ids(workspace: Workspace) -> Ids:
    """Ids of every prompt in the workspace: (n,) uint64, sorted, each once."""
    return known_ids(workspace.prompts, "prompt_id")


def ids_of_imports(workspace: Workspace, names: Sequence[str]) -> Ids:
    """Ids of the prompts in some imports: (n,) uint64, sorted, each once; a prompt may be in several imports.

    Raises InputError, naming those that there are, for a name that there is not.
    """
    paths = {path.stem: path for path in _paths(workspace.prompts)}
    for name in names:
        if name not in paths:
            there = ", ".join(paths) or "none"
            raise InputError(f"imports: there is no import called {name!r} in {workspace.prompts}; there are {there}.")
    parts = [_file_ids(paths[name], "prompt_id") for name in names]
    return np.unique(np.concatenate(parts)) if parts else np.empty(0, np.uint64)


def read_prompts(workspace: Workspace, ids: Ids | None = None, columns: Sequence[str] | None = None) -> pa.Table:
    """Prompts as a table of PROMPT_SCHEMA, or of its `columns`.

    With `ids` (n,) the table has their n rows in their order; without, every prompt once, in the order of the files'
    names. Raises InputError when an id is not in the workspace, ShardError when a prompt file cannot be read.
    """
    names = list(columns) if columns is not None else PROMPT_SCHEMA.names
    schema = pa.schema([PROMPT_SCHEMA.field(name) for name in names])
    read = names if "prompt_id" in names else ["prompt_id", *names]
    tables = list(iter_prompts(workspace, ids, read))
    table = (
        pa.concat_tables(tables) if tables else pa.schema([PROMPT_SCHEMA.field(name) for name in read]).empty_table()
    )
    if ids is not None:
        wanted = np.asarray(ids, dtype=np.uint64)
        found = table.column("prompt_id").to_numpy()
        order = np.argsort(found, kind="stable")
        at = np.searchsorted(found, wanted, sorter=order)
        absent = at >= len(found)
        absent[~absent] = found[order[at[~absent]]] != wanted[~absent]
        if absent.any():
            raise InputError(
                f"{workspace.prompts}: {int(absent.sum()):,} of {len(wanted):,} prompts are not there, such as "
                f"{format_id(int(wanted[absent][0]))}; import the file that they came from again."
            )
        table = table.take(order[at])
    return table.select(names).cast(schema)


def iter_prompts(
    workspace: Workspace, ids: Ids | None = None, columns: Sequence[str] | None = None
) -> Iterator[pa.Table]:
    """Prompts in tables of a few thousand rows, each prompt once, in the order of the files, not of `ids`.

    Ids that are not in the workspace are passed over. Raises ShardError when a prompt file cannot be read.
    """
    yield from iter_unique_rows(workspace.prompts, "prompt_id", ids, columns or PROMPT_SCHEMA.names)


def imported_files(folder: Path) -> list[ImportedFile]:
    """The Parquet files of `folder` by name, with their row counts."""
    found = []
    for path in _paths(folder):
        with _reading(path):
            found.append(ImportedFile(path.stem, path, int(pq.read_metadata(path).num_rows)))
    return found


def known_ids(folder: Path, id_column: str) -> Ids:
    """Every id in `folder`: (n,) uint64, sorted, each once."""
    parts = [_file_ids(path, id_column) for path in _paths(folder)]
    return np.unique(np.concatenate(parts)) if parts else np.empty(0, np.uint64)


def contains(known: Ids, identifier: int) -> bool:
    """Whether sorted ids hold one."""
    at = int(np.searchsorted(known, np.uint64(identifier)))
    return at < len(known) and int(known[at]) == identifier


def iter_unique_rows(folder: Path, id_column: str, ids: Ids | None, columns: Sequence[str]) -> Iterator[pa.Table]:
    """Rows of `folder`'s files, of each id the first one by file name, only row groups that hold a wanted one."""
    paths = _paths(folder)
    parts = [_file_ids(path, id_column) for path in paths]
    if not parts:
        return
    everything = np.concatenate(parts)
    # the wanted ones first: sorting a million ids to find one costs a tenth of a second
    wanted = np.arange(len(everything))
    if ids is not None:
        wanted = np.flatnonzero(np.isin(everything, np.asarray(ids, dtype=np.uint64)))
    kept = np.zeros(len(everything), dtype=bool)
    kept[wanted[np.unique(everything[wanted], return_index=True)[1]]] = True
    start = 0
    for path, part in zip(paths, parts, strict=True):
        mask = kept[start : start + len(part)]
        start += len(part)
        if mask.any():
            yield from _masked_row_groups(path, mask, columns)


def _masked_row_groups(path: Path, mask: np.ndarray[Any, np.dtype[np.bool_]], columns: Sequence[str]) -> Iterator[Any]:
    with _reading(path), pq.ParquetFile(path) as file:
        start = 0
        for group in range(file.num_row_groups):
            part = mask[start : start + file.metadata.row_group(group).num_rows]
            start += len(part)
            if part.any():
                table = file.read_row_group(group, columns=list(columns))
                yield table if part.all() else table.filter(pa.array(part))


def _file_ids(path: Path, column: str) -> Ids:
    with _reading(path):
        table = pq.read_table(path, columns=[column])
        return np.asarray(table.column(column).to_numpy(), dtype=np.uint64)


def _paths(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.parquet") if not path.name.startswith("."))


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, pa.ArrowInvalid, KeyError) as error:
        raise ShardError(
            f"{path} cannot be read ({error}); move it away and import the file that it came from again."
        ) from error
