"""Promise: killed at any moment and resumed, a job ends with exactly its keys, none twice, and nothing left running."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import pytest

from curation.jobs import Job, State, launch, read_keys, resume, wait
from curation.jobs.process import ProcessIdentity
from tests.deaths import kill

Counting = Callable[..., Job]


def kill_and_resume(job: Job, kills: int, seed: int) -> None:
    moment = random.Random(seed)
    seen: list[ProcessIdentity] = []
    launch(job)
    for _ in range(kills):
        time.sleep(moment.uniform(0.0, 1.5))
        seen += kill(job)
        resume(job)
    assert wait(job, 300).name == State.FINISHED, job.log_tail()
    n = job.config["n"]
    keys = read_keys(job.folder, "keys", ["key", "text"])
    assert keys.column("key").to_pylist() == list(range(n))
    assert keys.column("text").to_pylist() == [f"text of {key} " * 50 for key in range(n)]
    assert [member for process in seen for member in process.session_members()] == []
    assert list(job.folder.rglob("*.partial")) == []
    assert list(job.folder.rglob(".scratch*")) == []


@pytest.mark.parametrize("seed", range(2))
def test_a_handful_of_kills(counting: Counting, seed: int) -> None:
    kill_and_resume(counting(n=250, pause_s=0.004, child=True), kills=4, seed=seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10, 30))
def test_many_kills(counting: Counting, seed: int) -> None:
    kill_and_resume(counting(n=1_000, pause_s=0.002, child=seed % 2 == 0), kills=8, seed=seed)
