"""Promise: a full disk fails the job with one clear message, leaves no partial file, keeps what was there, and the
job goes on once there is space."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from curation import Workspace
from curation.errors import WinnowError
from curation.external_sort import sort_batches
from curation.jobs import ShardWriter, State, compact, create_job, launch, live_shards, read_keys, resume, wait

SCHEMA = pa.schema([pa.field("key", pa.uint64(), nullable=False), pa.field("text", pa.string(), nullable=False)])


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of four megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if mounted.returncode != 0:
        if os.environ.get("CI") == "true":
            pytest.fail(f"a small disk cannot be mounted ({mounted.stderr.strip()}), and under CI that is a failure")
        pytest.skip("mounting is not permitted here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def random_rows(start: int, n: int) -> pa.Table:
    texts = [np.random.default_rng(key).bytes(4_000).hex() for key in range(start, start + n)]
    return pa.table({"key": range(start, start + n), "text": texts}, schema=SCHEMA)


def test_a_writer_keeps_earlier_shards_whole(small_disk: Path) -> None:
    shards = small_disk / "shards"
    shards.mkdir()
    writer = ShardWriter(shards, "keys", SCHEMA, max_rows=1)
    with pytest.raises(WinnowError, match="no space left on the disk"):
        for start in range(0, 10_000, 100):
            writer.write(random_rows(start, 100))
            writer.flush()
    keys = read_keys(small_disk, "keys", ["key"]).column("key").to_pylist()
    assert keys == list(range(len(keys))) and len(keys) >= 100
    assert set(shards.iterdir()) == set(live_shards(small_disk, "keys"))


def test_a_compaction_that_does_not_fit_changes_nothing(small_disk: Path) -> None:
    (small_disk / "shards").mkdir()
    with ShardWriter(small_disk / "shards", "keys", SCHEMA) as writer:
        for start in range(0, 600, 100):
            writer.write(random_rows(start, 100))
            writer.flush()
    before = live_shards(small_disk, "keys")
    for memory_bytes in (2**27, 500_000):
        with pytest.raises(WinnowError, match="no space left on the disk"):
            compact(small_disk, "keys", ["key"], memory_bytes=memory_bytes)
        assert set((small_disk / "shards").iterdir()) == set(before) == set(live_shards(small_disk, "keys"))


def test_a_sort_that_does_not_fit_leaves_no_scratch(small_disk: Path) -> None:
    tables = (random_rows(start, 100).to_batches()[0] for start in range(0, 5_000, 100))
    with pytest.raises(WinnowError, match="no space left on the disk"):
        list(sort_batches(tables, "key", scratch=small_disk, memory_bytes=200_000))
    assert list(small_disk.iterdir()) == []


def test_a_job_says_so_and_goes_on_when_there_is_space(small_disk: Path) -> None:
    workspace = Workspace.create(small_disk / "workspace")
    ballast = small_disk / "ballast"
    job = create_job(
        workspace, "count", "tests.curation.jobs.counting_stage", {"n": 400, "pause_s": 0.002, "noise": 1_000}
    )
    ballast.write_bytes(b"\0" * (4 * 2**20 - 150_000))
    launch(job)
    state = wait(job, 300)
    assert state.name == State.FAILED, job.log_tail()
    assert "no space left on the disk" in state.detail
    kept = read_keys(job.folder, "keys", ["key"]).num_rows
    assert kept < 400
    ballast.unlink()
    resume(job)
    assert wait(job, 300).name == State.FINISHED, job.log_tail()
    assert read_keys(job.folder, "keys", ["key"]).column("key").to_pylist() == list(range(400))
