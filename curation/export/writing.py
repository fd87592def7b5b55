"""The data files of an export: cut at a size, and byte for byte the same for the same samples."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from curation.export.config import FileType
from curation.export.forms import formed, sample_bytes
from curation.files import fsync_folder

# Row groups are cut by what the samples hold, never by how they happened to arrive, so that files are reproducible.
_GROUP_ROWS: Final = 4_096
_GROUP_BYTES: Final = 16 << 20
_REPETITIVE: Final = frozenset({"kind", "domain", "task", "language", "role", "from"})


@dataclass(frozen=True, slots=True)
class DataFile:
    """One finished data file; `name` is relative to the export's folder."""

    name: str
    rows: int
    bytes: int
    sha256: str


class DataFileWriter:
    """Writes samples (forms.SAMPLE_SCHEMA) to `<folder>/data/train-<i>-of-<n>`; the names are final after `close`."""

    def __init__(self, folder: Path, form: str, file_type: str, file_bytes: int) -> None:
        self._folder = folder / "data"
        self._folder.mkdir()
        self._form = form
        self._file_type = file_type
        self._file_bytes = file_bytes
        self._held: list[pa.Table] = []
        self._held_rows = 0
        self._held_bytes = 0
        self._sink: BinaryIO | None = None
        self._parquet: pq.ParquetWriter | None = None
        self._finished: list[tuple[Path, int]] = []
        self._rows = 0

    def write(self, samples: pa.Table) -> None:
        """Take more samples, in the order of the export. Raises OSError when the disk is full."""
        for part, n_bytes in self._parts(samples):
            self._held.append(part)
            self._held_rows += part.num_rows
            self._held_bytes += n_bytes
            if self._held_rows >= _GROUP_ROWS or self._held_bytes >= _GROUP_BYTES:
                self._write_group()

    def close(self) -> tuple[DataFile, ...]:
        """Write what is held, give every file its name, and make them last; returns them in order."""
        self._write_group()
        self._end_file()
        files = []
        for number, (path, rows) in enumerate(self._finished):
            name = f"train-{number:05d}-of-{len(self._finished):05d}.{self._file_type}"
            final = path.rename(path.with_name(name))
            with final.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            files.append(DataFile(f"data/{name}", rows, final.stat().st_size, digest))
        fsync_folder(self._folder)
        return tuple(files)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # what an error left open; the folder is thrown away, and the first failure is the one to tell
        with contextlib.suppress(OSError, ValueError, pa.ArrowException):
            if self._parquet is not None:
                self._parquet.close()
        with contextlib.suppress(OSError):
            if self._sink is not None:
                self._sink.close()

    def _parts(self, samples: pa.Table) -> Iterator[tuple[pa.Table, int]]:
        sizes = sample_bytes(samples)
        start = 0
        while start < len(sizes):
            room = np.cumsum(sizes[start : start + _GROUP_ROWS - self._held_rows])
            rows = min(len(room), int(np.searchsorted(room, _GROUP_BYTES - self._held_bytes)) + 1)
            yield samples.slice(start, rows), int(room[rows - 1])
            start += rows

    def _write_group(self) -> None:
        if not self._held:
            return
        rows = formed(pa.concat_tables(self._held), self._form).combine_chunks()
        self._held, self._held_rows, self._held_bytes = [], 0, 0
        if self._sink is None:
            self._sink = (self._folder / f"train-{len(self._finished):05d}.{self._file_type}").open("wb")
        if self._file_type == FileType.PARQUET:
            if self._parquet is None:
                self._parquet = _parquet_writer(self._sink, rows.schema)
            self._parquet.write_table(rows, row_group_size=max(1, rows.num_rows))
        else:
            for row in rows.to_pylist():
                self._sink.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
        self._rows += rows.num_rows
        if self._sink.tell() >= self._file_bytes:
            self._end_file()

    def _end_file(self) -> None:
        if self._sink is None:
            return
        if self._parquet is not None:
            self._parquet.close()
        self._sink.flush()
        os.fsync(self._sink.fileno())
        self._sink.close()
        self._finished.append((Path(self._sink.name), self._rows))
        self._sink, self._parquet, self._rows = None, None, 0


def _parquet_writer(sink: Any, schema: pa.Schema) -> pq.ParquetWriter:
    leaves = _leaf_paths(schema)
    repetitive = [path for path in leaves if path.rsplit(".", 1)[-1] in _REPETITIVE]
    return pq.ParquetWriter(
        sink,
        schema,
        compression="zstd",
        compression_level=3,
        use_dictionary=repetitive,
        write_statistics=[path for path in leaves if "." not in path],  # of long texts they are only weight
        write_page_checksum=True,
    )


def _leaf_paths(schema: pa.Schema) -> list[str]:
    paths = []
    for field in schema:
        if pa.types.is_list(field.type):
            paths += [f"{field.name}.list.element.{part.name}" for part in field.type.value_type]
        else:
            paths.append(field.name)
    return paths
