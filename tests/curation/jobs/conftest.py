"""Counting jobs for the tests of this folder, and no test leaves one running."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from curation import Workspace
from curation.jobs import Job, create_job, list_jobs, stop

COUNTING = "tests.curation.jobs.counting_stage"


@pytest.fixture
def counting(workspace: Workspace) -> Iterator[Callable[..., Job]]:
    """Creates jobs that count: `counting(n=10, pause_s=0.01, device=None, …)`; ends them after the test."""

    def create(n: int = 10, *, device: str | None = None, **config: Any) -> Job:
        return create_job(workspace, "count", COUNTING, {"n": n, **config}, device=device)

    yield create
    for job in list_jobs(workspace):
        stop(job, grace_s=0.0)
