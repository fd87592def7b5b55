"""Sorting more rows than fit in memory: rows are dealt into partitions by key, then each partition is sorted alone.

Compaction sorts candidates by id with it, and exports sort texts by their position in the mix.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc

from curation.files import PARTIAL_SUFFIX, writing

MEMORY_BYTES: Final = 128 * 2**20
"""Default for the bytes of rows that are held at a time; the peak is about three times that."""

_MAX_PARTITIONS: Final = 512
_OPTIONS: Final = pa.ipc.IpcWriteOptions(compression="lz4")

Keys = npt.NDArray[Any]


def sort_batches(
    batches: Iterable[pa.RecordBatch],
    key: str | Sequence[str],
    *,
    scratch: Path,
    bounds: Sequence[int] | None = None,
    memory_bytes: int = MEMORY_BYTES,
) -> Iterator[pa.Table]:
    """Yield the rows of `batches` as tables in ascending order of `key`, each within `memory_bytes` or so.

    `key` is one column or several; the first must be an integer column without nulls, and rows that share it come in
    one table. Equal keys keep their order of arrival. `bounds` are the ascending first keys of all partitions but the
    first (`quantile_bounds`, `even_bounds`); without them they are guessed from the first rows. Rows that do not fit
    are kept in the folder `scratch` (made if absent), in files that are removed as they are read. The input is
    consumed before the first table is yielded. Raises WinnowError when the disk is full.
    """
    keys = [key] if isinstance(key, str) else list(key)
    held: list[pa.RecordBatch] = []
    held_bytes = 0
    source = iter(batches)
    for batch in source:
        held.append(batch)
        held_bytes += batch.nbytes
        if held_bytes >= memory_bytes:
            break
    else:
        if held:
            yield _sorted(pa.Table.from_batches(held), keys)
        return
    if bounds is None:
        sample = np.concatenate([_integers(batch, keys[0]) for batch in held])
        bounds = quantile_bounds(sample, 64)
    first, held = held, []
    with _Partitions(scratch, keys[0], bounds, memory_bytes // 2) as partitions:
        for batch in first:
            partitions.add(batch)
        del first
        for batch in source:
            partitions.add(batch)
        partitions.flush()
        for path in partitions.paths():
            yield from _sorted_partition(path, keys, scratch, memory_bytes)


def quantile_bounds(keys: Keys, partitions: int) -> list[int]:
    """Bounds that give `partitions` partitions about as many of `keys` ((n,) integers) each."""
    partitions = max(1, min(partitions, _MAX_PARTITIONS))
    if partitions == 1 or len(keys) == 0:
        return []
    ranks = (np.arange(1, partitions) * len(keys)) // partitions
    values = np.partition(keys, ranks)[ranks]
    return [int(value) for value in np.unique(values)]


def even_bounds(low: int, high: int, partitions: int) -> list[int]:
    """Bounds that split [low, high) into `partitions` equal ranges; for keys that are spread evenly."""
    partitions = max(1, min(partitions, _MAX_PARTITIONS, high - low))
    return [low + (high - low) * index // partitions for index in range(1, partitions)]


def partitions_for(n_bytes: int, memory_bytes: int = MEMORY_BYTES) -> int:
    """How many partitions keep each well within `memory_bytes` when all rows take `n_bytes`."""
    return max(1, -(-2 * n_bytes // memory_bytes))


class _Partitions:
    """Deals rows into one scratch file a partition; a file is a row of Arrow streams."""

    def __init__(self, scratch: Path, key: str, bounds: Sequence[int], buffer_bytes: int) -> None:
        self._key = key
        self._bounds = bounds
        self._buffer_bytes = buffer_bytes
        self._buffer: list[pa.RecordBatch] = []
        self._buffered = 0
        scratch.mkdir(parents=True, exist_ok=True)
        # the name is this object's own, so that sorts within sorts can share the folder
        self._prefix = scratch / f".sort-{os.getpid()}-{id(self):x}"

    def __enter__(self) -> _Partitions:
        return self

    def __exit__(self, *_: object) -> None:
        for index in range(len(self._bounds) + 1):
            self._path(index).unlink(missing_ok=True)

    def add(self, batch: pa.RecordBatch) -> None:
        self._buffer.append(batch)
        self._buffered += batch.nbytes
        if self._buffered >= self._buffer_bytes:
            self.flush()

    def flush(self) -> None:
        """Append what is held to the partitions' files."""
        if not self._buffer:
            return
        table = pa.Table.from_batches(self._buffer)
        self._buffer, self._buffered = [], 0
        keys = _integers(table, self._key)
        where = np.searchsorted(np.asarray(self._bounds, dtype=keys.dtype), keys, side="right")
        order = np.argsort(where, kind="stable")
        edges = np.searchsorted(where[order], np.arange(len(self._bounds) + 2))
        dealt = table.take(pa.array(order))
        for index in np.flatnonzero(np.diff(edges)).tolist():
            path = self._path(index)
            with writing(path), path.open("ab") as file, pa.ipc.new_stream(file, dealt.schema, options=_OPTIONS) as out:
                out.write_table(dealt.slice(edges[index], edges[index + 1] - edges[index]))

    def paths(self) -> Iterator[Path]:
        """The files of the partitions that have rows, in the order of their keys; each is removed afterwards."""
        for index in range(len(self._bounds) + 1):
            path = self._path(index)
            if path.exists():
                yield path
                path.unlink(missing_ok=True)

    def _path(self, index: int) -> Path:
        return self._prefix.with_name(f"{self._prefix.name}-{index:04d}{PARTIAL_SUFFIX}")


def _sorted_partition(path: Path, keys: list[str], scratch: Path, memory_bytes: int) -> Iterator[pa.Table]:
    held, n_bytes = [], 0
    for batch in _read_streams(path):
        held.append(batch)
        n_bytes += batch.nbytes
        if n_bytes > 2 * memory_bytes and (bounds := _finer_bounds(path, keys[0], memory_bytes)):
            del held, batch
            again = _read_streams(path)
            yield from sort_batches(again, keys, scratch=scratch, bounds=bounds, memory_bytes=memory_bytes)
            return
    yield _sorted(pa.Table.from_batches(held), keys)


def _finer_bounds(path: Path, key: str, memory_bytes: int) -> list[int]:
    """Bounds that deal a partition's rows once more; none where all have one key."""
    n_bytes, parts = 0, []
    for batch in _read_streams(path):
        n_bytes += batch.nbytes
        parts.append(_integers(batch, key))
    column = np.concatenate(parts)
    least = int(column.min())
    if least == int(column.max()):
        return []
    bounds = quantile_bounds(column, partitions_for(n_bytes, memory_bytes))
    # with a bound at the least key, and no other, everything would go into one partition again
    return [bound for bound in bounds if bound > least] or [least + 1]


def _read_streams(path: Path) -> Iterator[pa.RecordBatch]:
    with pa.OSFile(str(path)) as file:
        size = file.size()
        while file.tell() < size:
            yield from pa.ipc.open_stream(file)


def _sorted(table: pa.Table, keys: list[str]) -> pa.Table:
    narrow = table.select(keys)
    return table.take(pc.sort_indices(narrow, sort_keys=[(name, "ascending") for name in keys]))


def _integers(rows: pa.Table | pa.RecordBatch, name: str) -> Keys:
    column = rows.column(name)
    return np.asarray(
        column.to_numpy() if isinstance(column, pa.ChunkedArray) else column.to_numpy(zero_copy_only=False)
    )
