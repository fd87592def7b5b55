"""Shards: a job's rows, in Parquet files that are whole or absent, found by name alone and read with checksums."""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from curation.errors import ShardError

MANIFEST: Final = "manifest.json"
_STAMP: Final = "%Y%m%dT%H%M%S%f"
_COMPACTED: Final = "compacted"


class ShardGoneError(ShardError):
    """A shard was listed, then replaced by a compaction before it was opened: list again."""


@dataclass(frozen=True, slots=True)
class FamilyManifest:
    """What compaction published of one family: its files, and the shards that they replace."""

    files: tuple[str, ...] = ()
    merged: tuple[str, ...] = ()


def live_shards(job_folder: Path, family: str) -> list[Path]:
    """The shards that count, sorted by name: compacted files, and those that no compaction has taken in.

    Costs one listing of the folder. Raises ShardError when the manifest is damaged.
    """
    check_family(family)
    shards = job_folder / "shards"
    while True:
        before = _manifest_bytes(shards)
        try:
            listing = os.listdir(shards)  # noqa: PTH208 - names only; a job can have ten thousand
        except FileNotFoundError:
            return []
        if _manifest_bytes(shards) == before:  # else a compaction was published in between
            break
    manifest = _parse_manifest(shards, before).get(family, FamilyManifest())
    merged = frozenset(manifest.merged)
    start = f"{family}-"
    names = [
        name
        for name in listing
        if name.startswith(start) and name.endswith(".parquet") and not is_compacted(name) and name not in merged
    ]
    there = set(listing)  # a compacted file that was damaged and moved out is read by nobody, and is produced again
    return [shards / name for name in sorted([*names, *(name for name in manifest.files if name in there)])]


def read_keys(job_folder: Path, family: str, columns: Sequence[str], schema: pa.Schema | None = None) -> pa.Table:
    """Narrow columns of every live shard, in the order of the shards' names.

    Keys that were written twice come twice. With no shard the table is empty, and `schema` gives its types. Raises
    ShardError for a damaged shard.
    """
    while True:
        try:
            tables = [_read_columns(path, columns) for path in live_shards(job_folder, family)]
        except ShardGoneError:
            continue
        if tables:
            return pa.concat_tables(tables)
        types = [pa.null() if schema is None else schema.field(name).type for name in columns]
        return pa.schema(list(zip(columns, types, strict=True))).empty_table()


def iter_batches(
    paths: Iterable[Path], columns: Sequence[str] | None = None, batch_rows: int = 4_096
) -> Iterator[pa.RecordBatch]:
    """The rows of shards, in order, at most `batch_rows` at a time.

    Raises ShardError for a damaged shard, and ShardGoneError for one that a compaction has replaced since.
    """
    names = None if columns is None else list(columns)
    for path in paths:
        with reading(path), open_shard(path) as file:
            yield from file.iter_batches(batch_size=batch_rows, columns=names, use_threads=False)


def open_shard(path: Path) -> pq.ParquetFile:
    """A shard, its checksums verified as it is read."""
    with reading(path):
        return pq.ParquetFile(path, page_checksum_verification=True)


class reading:  # noqa: N801 - reads as a verb
    """Turns what Arrow says of a damaged file into a ShardError that says what to do."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, FileNotFoundError):
            raise ShardGoneError(f"{self._path} is gone; a compaction replaced it. Read the job again.") from error
        if isinstance(error, (OSError, pa.ArrowException)):
            raise ShardError(
                f"{self._path} is damaged ({_first_line(error)}). Move it out of {self._path.parent} and resume the "
                "job: its rows are produced again."
            ) from error


def read_manifest(shards: Path) -> dict[str, FamilyManifest]:
    """What compactions have published in a shards folder, family by family."""
    return _parse_manifest(shards, _manifest_bytes(shards))


def new_writer(folder: Path, family: str, mark: str = "") -> str:
    """A name for a writer that sorts after every writer so far, even if the clock was set back."""
    now = datetime.now(UTC)
    stamps = []
    pattern = re.compile(re.escape(family) + r"-(\d{8}T\d{12})")
    if folder.is_dir():
        stamps = [match[1] for name in os.listdir(folder) if (match := pattern.match(name))]  # noqa: PTH208
    if stamps:
        latest = datetime.strptime(max(stamps), _STAMP).replace(tzinfo=UTC)
        now = max(now, latest + timedelta(microseconds=1))
    return f"{now.strftime(_STAMP)}{secrets.token_hex(2)}{mark}"


def compacted_writer(folder: Path, family: str) -> str:
    """A writer's name that marks files which count only once the manifest names them."""
    return new_writer(folder, family, _COMPACTED)


def is_compacted(name: str) -> bool:
    """Whether a file name is that of a compaction's result."""
    return f"{_COMPACTED}-" in name


def check_family(family: str) -> None:
    """Raise ValueError for a family name that file names could not carry."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", family):
        raise ValueError(f"{family!r} cannot name a family of shards")


def _read_columns(path: Path, columns: Sequence[str]) -> pa.Table:
    with reading(path), open_shard(path) as file:
        missing = [name for name in columns if name not in file.schema_arrow.names]
        if missing:
            raise ShardError(f"{path} has no column {missing[0]!r}; another version of Winnow wrote it.")
        return file.read(columns=list(columns), use_threads=False)


def _manifest_bytes(shards: Path) -> bytes | None:
    try:
        return (shards / MANIFEST).read_bytes()
    except FileNotFoundError:
        return None


def _parse_manifest(shards: Path, content: bytes | None) -> dict[str, FamilyManifest]:
    if content is None:
        return {}
    try:
        return {
            family: FamilyManifest(tuple(entry["files"]), tuple(entry["merged"]))
            for family, entry in json.loads(content).items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ShardError(
            f"{shards / MANIFEST} is damaged ({error}). It says which shards count: restore it from a copy."
        ) from error


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
