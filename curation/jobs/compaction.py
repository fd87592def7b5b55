"""Compaction: many small shards become a few large ones sorted by key, without a moment in which a row counts twice."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.external_sort import MEMORY_BYTES, partitions_for, quantile_bounds, sort_batches
from curation.files import fsync_folder, write_json
from curation.jobs.locks import FileLock
from curation.jobs.shard_writer import shard_file
from curation.jobs.shards import (
    MANIFEST,
    FamilyManifest,
    compacted_writer,
    is_compacted,
    iter_batches,
    live_shards,
    open_shard,
    read_keys,
    read_manifest,
    reading,
)

TARGET_BYTES: Final = 256 * 2**20
"""About how large a compacted file is, in bytes on the disk."""


def compact(
    job_folder: Path,
    family: str,
    key: Sequence[str],
    target_bytes: int = TARGET_BYTES,
    memory_bytes: int = MEMORY_BYTES,
) -> None:
    """Rewrite a family's shards as files of about `target_bytes`, sorted by `key`, each key once.

    Of rows that share a key the one in the first shard by name is kept. The first column of `key` is an integer. The
    new files are published by replacing the manifest, so that a crash leaves the old shards or the new ones; what a
    crashed compaction left is removed by the next one. For the worker that holds the job's lock, once it has stopped
    writing the family. Raises ShardError for a damaged shard, WinnowError when the disk is full.
    """
    shards = job_folder / "shards"
    _clean(shards, family)
    sources = live_shards(job_folder, family)
    if all(is_compacted(path.name) for path in sources):
        return
    writer = compacted_writer(shards, family)
    scratch = shards / f".scratch-{family}"
    try:
        files = _write_sorted(job_folder, family, list(key), sources, writer, scratch, target_bytes, memory_bytes)
    except BaseException:
        for path in shards.glob(f"{family}-{writer}-*.parquet"):
            path.unlink(missing_ok=True)
        raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    _publish(shards, family, FamilyManifest(tuple(files), tuple(path.name for path in sources)))
    _clean(shards, family)


def _write_sorted(
    job_folder: Path,
    family: str,
    key: list[str],
    sources: list[Path],
    writer: str,
    scratch: Path,
    target_bytes: int,
    memory_bytes: int,
) -> list[str]:
    n_bytes, schema = 0, None
    for path in sources:
        with reading(path), open_shard(path) as file:
            schema = schema or file.schema_arrow
            # what a row group takes unpacked is what it takes in memory, or a little less
            n_bytes += sum(file.metadata.row_group(i).total_byte_size for i in range(file.metadata.num_row_groups))
    if schema is None:
        return []
    bounds = None
    if n_bytes > memory_bytes // 2:
        keys = read_keys(job_folder, family, key[:1]).column(0).to_numpy()
        bounds = quantile_bounds(keys, partitions_for(n_bytes, memory_bytes))
        del keys
    rows_per_batch = 1_024  # 20 MB of long responses
    batches = iter_batches(sources, schema.names, rows_per_batch)
    tables = (
        _first_of_each(table, key)
        for table in sort_batches(batches, key, scratch=scratch, bounds=bounds, memory_bytes=memory_bytes)
    )
    return _write_files(tables, schema, job_folder / "shards", f"{family}-{writer}", target_bytes)


def _write_files(
    tables: Iterator[pa.Table], schema: pa.Schema, shards: Path, prefix: str, target_bytes: int
) -> list[str]:
    files: list[str] = []
    table = next(tables, None)
    while table is not None:
        name = f"{prefix}-{len(files):06d}.parquet"
        with shard_file(shards / name, schema) as file:
            while table is not None and file.n_bytes < target_bytes:
                # in steps, so that a table larger than a file is cut as well
                step = max(1, table.num_rows * (target_bytes // 4) // max(1, table.nbytes))
                file.write(table.slice(0, step))
                table = table.slice(step) if step < table.num_rows else next(tables, None)
        files.append(name)
    return files


def _first_of_each(table: pa.Table, key: list[str]) -> pa.Table:
    """Of sorted rows that share a key, the first."""
    if table.num_rows < 2:
        return table
    differs: npt.NDArray[np.bool_] = np.zeros(table.num_rows - 1, dtype=bool)
    for name in key:
        column = table.column(name).to_numpy()
        differs |= column[1:] != column[:-1]
    if differs.all():
        return table
    return table.filter(pa.array(np.concatenate([[True], differs])))


def _publish(shards: Path, family: str, entry: FamilyManifest) -> None:
    with FileLock(shards / ".manifest.lock") as lock:  # another process may be publishing another family
        lock.acquire(block=True)
        content: dict[str, Any] = {name: asdict(known) for name, known in read_manifest(shards).items()}
        content[family] = asdict(entry)
        write_json(shards / MANIFEST, content)


def _clean(shards: Path, family: str) -> None:
    """Remove the shards that compacted files replace, and files that no manifest names."""
    entry = read_manifest(shards).get(family, FamilyManifest())
    for name in entry.merged:
        (shards / name).unlink(missing_ok=True)
    for name in os.listdir(shards):  # noqa: PTH208 - names only
        if name.startswith(f"{family}-") and is_compacted(name) and name not in entry.files:
            (shards / name).unlink(missing_ok=True)
    fsync_folder(shards)
    if entry.merged:
        _publish(shards, family, FamilyManifest(entry.files))
