"""Shards: Parquet files that are whole or absent, written while a job runs and found by name alone."""

from __future__ import annotations

import json
import os
import re
import secrets
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Self

import pyarrow as pa
import pyarrow.parquet as pq

from curation.errors import ShardError
from curation.files import replacing

MANIFEST: Final = "manifest.json"
_STAMP: Final = "%Y%m%dT%H%M%S%f"
_COMPACTED: Final = "compacted"
_ROW_GROUP_BYTES: Final = 8 * 2**20
_ROW_GROUP_ROWS: Final = 65_536
_FIRST_ROWS: Final = 200  # the first shard is cut early, so that the funnel moves soon after the start


class ShardGoneError(ShardError):
    """A shard was listed, then replaced by a compaction before it was opened: list again."""


class ShardWriter:
    """Cuts rows into shards `<family>-<writer>-<number>.parquet`; not for use by several threads.

    A shard is cut after `max_seconds` (less at first, up to five times more in a long job, so that files stay few),
    `max_bytes` in memory, or `max_rows`. Rows that are not cut yet are lost with the process, and no others. Raises
    WinnowError when the disk is full; the rows of that shard are then gone, the earlier shards are intact.
    """

    def __init__(
        self,
        folder: Path,
        family: str,
        schema: pa.Schema,
        writer: str | None = None,
        *,
        max_rows: int | None = None,
        max_seconds: float = 5.0,
        max_bytes: int = 64 * 2**20,
    ) -> None:
        check_family(family)
        self.folder = folder
        self.family = family
        self.schema = schema
        self.writer = writer or new_writer(folder, family)
        self._max_rows = max_rows
        self._max_seconds = max_seconds
        self._max_bytes = max_bytes
        self._held: list[pa.RecordBatch] = []
        self._held_rows = 0
        self._held_bytes = 0
        self._held_since = 0.0
        self._count = 0

    def write(self, rows: pa.Table | pa.RecordBatch) -> None:
        """Take rows of the writer's schema (columns in any order), and cut a shard when one is due."""
        if rows.num_rows == 0:
            return
        if rows.schema.names != self.schema.names:
            rows = rows.select(self.schema.names)
        if not rows.schema.equals(self.schema):
            rows = rows.cast(self.schema)
        if not self._held:
            self._held_since = time.monotonic()
        batches = rows.to_batches() if isinstance(rows, pa.Table) else [rows]
        for batch in batches:
            self._held.append(batch)
            self._held_rows += batch.num_rows
            self._held_bytes += batch.nbytes
            if self._held_bytes >= self._max_bytes:
                self.flush()
        self.flush_if_due()

    def flush_if_due(self) -> None:
        """Cut a shard if one is due; for a stage whose rows come seldom."""
        if not self._held:
            return
        seconds = min(1.0, self._max_seconds) if self._count == 0 else self._seconds
        rows = _FIRST_ROWS if self._count == 0 else self._max_rows
        if time.monotonic() - self._held_since >= seconds or (rows is not None and self._held_rows >= rows):
            self.flush()

    @property
    def _seconds(self) -> float:
        return min(5 * self._max_seconds, self._max_seconds * (1 + self._count / 500))

    def flush(self) -> None:
        """Cut a shard of what is held, if anything."""
        if not self._held:
            return
        table = pa.Table.from_batches(self._held, self.schema)
        self._held, self._held_rows, self._held_bytes = [], 0, 0
        path = self.folder / f"{self.family}-{self.writer}-{self._count:06d}.parquet"
        with ShardFile(path, self.schema) as file:
            file.write(table)
        self._count += 1

    def close(self) -> None:
        """Cut the last shard."""
        self.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.close()


class ShardFile:
    """One shard while it is written; it gets its name when the block ends well, and is removed otherwise."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path = path
        self._schema = schema
        self._replacing = replacing(path)
        self._sink: Any = None
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> Self:
        self._temporary = self._replacing.__enter__()
        return self

    def write(self, table: pa.Table) -> None:
        """Append rows, in row groups small enough for a page of texts to be read without its neighbours."""
        if table.num_rows == 0:
            return
        if self._writer is None:
            self._sink = pa.OSFile(str(self._temporary), "wb")
            self._writer = _parquet_writer(self._sink, self._schema, table)
        rows = max(1, min(_ROW_GROUP_ROWS, table.num_rows * _ROW_GROUP_BYTES // max(1, table.nbytes)))
        self._writer.write_table(table, row_group_size=rows)

    @property
    def n_bytes(self) -> int:
        """Bytes on the disk so far."""
        return int(self._sink.tell()) if self._sink is not None else 0

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        try:
            if self._writer is not None and kind is None:
                self._writer.close()
                self._sink.close()
        except BaseException as failure:
            kind, error, trace = type(failure), failure, failure.__traceback__
            self._abandon()
            if not self._replacing.__exit__(kind, error, trace):
                raise
            return
        if kind is not None:
            self._abandon()
        self._replacing.__exit__(kind, error, trace)

    def _abandon(self) -> None:
        for part in (self._writer, self._sink):
            try:
                if part is not None:
                    part.close()
            except (OSError, pa.ArrowException):
                continue  # the first failure is the one to tell


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
    return [shards / name for name in sorted([*names, *manifest.files])]


def read_keys(job_folder: Path, family: str, columns: Sequence[str]) -> pa.Table:
    """Narrow columns of every live shard, in the order of the shards' names; with no shard, an empty table.

    Keys that were written twice come twice. Raises ShardError for a damaged shard.
    """
    while True:
        try:
            tables = [_read_columns(path, columns) for path in live_shards(job_folder, family)]
        except ShardGoneError:
            continue
        return pa.concat_tables(tables) if tables else pa.table({name: pa.nulls(0) for name in columns})


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


def _parquet_writer(sink: Any, schema: pa.Schema, table: pa.Table) -> pq.ParquetWriter:
    repetitive, brief = [], []
    for field in schema:
        if not (pa.types.is_string(field.type) or pa.types.is_large_string(field.type)):
            brief.append(field.name)
        elif table.column(field.name).nbytes < 128 * table.num_rows:
            repetitive.append(field.name)
            brief.append(field.name)
    return pq.ParquetWriter(
        sink,
        schema,
        compression="zstd",
        compression_level=1,
        use_dictionary=repetitive,  # a dictionary of long texts only costs time
        write_statistics=brief,
        write_page_checksum=True,
    )


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
