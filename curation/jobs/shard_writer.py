"""Writing shards: rows are held in memory for moments, then become a file that is whole or absent."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Self

import pyarrow as pa
import pyarrow.parquet as pq

from curation.errors import WinnowError
from curation.files import replacing
from curation.jobs.shards import check_family, new_writer

_ROW_GROUP_BYTES: Final = 8 * 2**20
_ROW_GROUP_ROWS: Final = 65_536
_FIRST_ROWS: Final = 200  # the first shard is cut early, so that the funnel moves soon after the start


class ShardWriter:
    """Cuts rows into shards `<family>-<writer>-<number>.parquet`; not for use by several threads.

    A shard is cut after `max_seconds` (less at first, up to fifteen times more in a long job, so that files stay few),
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
        max_seconds: float = 2.0,
        max_bytes: int = 16 * 2**20,
    ) -> None:
        check_family(family)
        if writer is not None and not re.fullmatch(r"[A-Za-z0-9_]+", writer):
            raise ValueError(f"{writer!r} cannot name a writer of shards")
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
        return min(15 * self._max_seconds, self._max_seconds * (1 + self._count / 500))

    def flush(self) -> None:
        """Cut a shard of what is held, if anything."""
        if not self._held:
            return
        table = pa.Table.from_batches(self._held, self.schema)
        self._held, self._held_rows, self._held_bytes = [], 0, 0
        path = self.folder / f"{self.family}-{self.writer}-{self._count:06d}.parquet"
        with shard_file(path, self.schema) as file:
            file.write(table)
        self._count += 1

    def close(self) -> None:
        """Cut the last shard."""
        self.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
            return
        with suppress(WinnowError):  # what was produced is kept if it can be; the first error is the one to tell
            self.close()


class ShardFile:
    """One shard that is being written; made by `shard_file`."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._schema = schema
        self._sink = pa.OSFile(str(path), "wb")
        self._writer: pq.ParquetWriter | None = None

    def write(self, table: pa.Table) -> None:
        """Append rows, in row groups small enough for a page of texts to be read without its neighbours."""
        if self._writer is None:
            self._writer = _parquet_writer(self._sink, self._schema, table)
        rows = max(1, min(_ROW_GROUP_ROWS, table.num_rows * _ROW_GROUP_BYTES // max(1, table.nbytes)))
        self._writer.write_table(table, row_group_size=rows)

    @property
    def n_bytes(self) -> int:
        """Bytes on the disk so far."""
        return int(self._sink.tell())

    def close(self) -> None:
        """Write the footer; without it the file is no Parquet file."""
        if self._writer is None:
            self.write(self._schema.empty_table())
        if self._writer is not None:
            self._writer.close()
        self._sink.close()

    def abandon(self) -> None:
        """Let go of a file that is to be removed."""
        for part in (self._writer, self._sink):
            if part is not None:
                with suppress(OSError, pa.ArrowException):  # the first failure is the one to tell
                    part.close()


@contextmanager
def shard_file(path: Path, schema: pa.Schema) -> Iterator[ShardFile]:
    """A shard that gets its name `path` when the block ends well, and is removed otherwise.

    Raises WinnowError when the disk is full.
    """
    with replacing(path) as temporary:
        file = ShardFile(temporary, schema)
        try:
            yield file
            file.close()
        except BaseException:
            file.abandon()
            raise


def _parquet_writer(sink: pa.NativeFile, schema: pa.Schema, table: pa.Table) -> pq.ParquetWriter:
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
