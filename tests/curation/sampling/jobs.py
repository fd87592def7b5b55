"""What the tests of sampling and scoring jobs share: prompts in a workspace, and exact key sets."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq

from curation import Workspace
from curation.jobs import Job, read_keys, wait
from curation.jobs.process import ProcessIdentity
from curation.jobs.state import PROCESS, Attempt, State
from curation.prompts import prompt_table
from curation.records import Message, Prompt


def add_prompts(workspace: Workspace, count: int) -> list[Prompt]:
    """Sums, every fourth of them in Chinese."""
    prompts = []
    for i in range(count):
        text = f"{i} + 1 = ?" if i % 4 else f"{i} 加 1 等于几？"
        language = "en" if i % 4 else "zh"
        prompts.append(Prompt((Message("user", text),), "math", "sum", str(i + 1), "math", language))
    pq.write_table(prompt_table(prompts), workspace.prompts / "sums.parquet")
    return prompts


def finish(job: Job, timeout_s: float = 900.0) -> None:
    """Wait for a job, and show its log if it did not finish."""
    state = wait(job, timeout_s)
    assert state.name == State.FINISHED, f"{state}\n{job.log_tail()}"


def candidate_keys(job: Job) -> list[tuple[int, int]]:
    table = read_keys(job.folder, "candidates", ["prompt_id", "sample"])
    return list(zip(table["prompt_id"].to_pylist(), table["sample"].to_pylist(), strict=True))


def score_keys(job: Job) -> list[int]:
    keys: list[int] = read_keys(job.folder, "scores", ["candidate_id"])["candidate_id"].to_pylist()
    return keys


def candidate_ids(job: Job) -> list[int]:
    keys: list[int] = read_keys(job.folder, "candidates", ["candidate_id"])["candidate_id"].to_pylist()
    return keys


def leader(job: Job) -> ProcessIdentity | None:
    """The job's worker process."""
    attempt = Attempt.read(job.folder / PROCESS)
    return attempt.process if attempt else None


def scoring_process(job: Job) -> int | None:
    """The pid of the process that scores along."""
    identity = leader(job)
    for member in identity.session_members() if identity else []:
        try:
            command = Path(f"/proc/{member.pid}/cmdline").read_bytes()
        except OSError:
            continue
        if b"curation.scoring.follow" in command:
            return member.pid
    return None


def until(condition: Callable[[], object], timeout_s: float = 600.0) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
