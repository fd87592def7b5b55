"""Promise: a job's folder appears whole, its id sorts by creation, and what is no job is no trouble."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pytest

from curation import Workspace
from curation.errors import JobError
from curation.jobs import create_job, find_job, list_jobs


def test_a_job_is_what_it_was_created_with(workspace: Workspace) -> None:
    table = pa.table({"prompt_id": pa.array([2**64 - 1, 3], pa.uint64())})
    job = create_job(workspace, "sample", "a.module", {"n": 4, "名": ["x"]}, input=table, device="cuda:0")
    assert re.fullmatch(r"\d{8}-\d{6}-\d{3}-sample-[0-9a-f]{4}", job.id)
    (read,) = list_jobs(workspace)
    assert read == job
    assert (read.kind, read.module, read.device, read.config) == ("sample", "a.module", "cuda:0", {"n": 4, "名": ["x"]})
    assert read.input().equals(table)
    assert read.workspace == workspace
    assert read.versions is not None and "pyarrow" in read.versions
    assert (read.progress(), read.log_tail(), read.metrics()) == (None, "", [])


def test_ids_sort_by_creation_even_after_the_clock_was_set_back(workspace: Workspace) -> None:
    created = [create_job(workspace, kind, "m", {}).id for kind in ("z", "a", "z", "b", "a")]
    assert created == sorted(created)
    future = workspace.jobs / created[-1]
    future.rename(workspace.jobs / "29991231-235959-999-a-0000")
    later = create_job(workspace, "a", "m", {})
    assert [job.id for job in list_jobs(workspace)][-1] == later.id
    assert later.id.startswith("30000101-000000-000")
    assert [job.kind for job in list_jobs(workspace, "z")] == ["z", "z"]


def test_folders_that_are_no_jobs_are_left_out(workspace: Workspace) -> None:
    job = create_job(workspace, "count", "m", {})
    (workspace.jobs / ".count-1-abcd.partial" / "shards").mkdir(parents=True)
    (workspace.jobs / "20260101-000000-000-count-0000").mkdir()
    (workspace.jobs / "notes.txt").write_text("hello")
    assert [found.id for found in list_jobs(workspace)] == [job.id]


def test_a_configuration_that_is_no_json_leaves_nothing(workspace: Workspace) -> None:
    with pytest.raises(JobError, match="configuration of a count job"):
        create_job(workspace, "count", "m", {"folder": Path("x")})
    with pytest.raises(JobError, match="lower-case"):
        create_job(workspace, "../count", "m", {})
    assert list(workspace.jobs.iterdir()) == []


def test_finding_a_job(workspace: Workspace) -> None:
    first, second = (create_job(workspace, "count", "m", {}) for _ in range(2))
    assert find_job(workspace, first.id) == first
    assert find_job(workspace, second.id[:-3]) == second
    assert find_job(workspace, second.id[10:]) == second
    with pytest.raises(JobError, match="could be 2 jobs"):
        find_job(workspace, first.id[:8])
    for nothing in ("", "sample", "../x"):
        with pytest.raises(JobError, match="no job"):
            find_job(workspace, nothing)


def test_the_log_tail_is_whole_lines(workspace: Workspace) -> None:
    job = create_job(workspace, "count", "m", {})
    job.log_path.write_text("".join(f"第 {line} 行\n" for line in range(1_000)), encoding="utf-8")
    tail = job.log_tail(100)
    assert tail.endswith("第 999 行\n") and tail.startswith("第 ") and len(tail.encode()) <= 100
    assert len(job.log_tail().splitlines()) == 1_000
