"""Promise: a job runs detached, says how far it is, ends with an outcome, and can be stopped at any moment."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from curation import Workspace
from curation.jobs import Job, JobContext, Progress, State, create_job, launch, list_jobs, read_keys, resume, stop, wait
from curation.jobs.process import ProcessIdentity
from curation.jobs.state import PROCESS, Attempt

Counting = Callable[..., Job]


def keys_of(job: Job) -> list[int]:
    return sorted(read_keys(job.folder, "keys", ["key"]).column("key").to_pylist())


def until(job: Job, name: State, timeout_s: float = 180.0) -> None:
    deadline = time.monotonic() + timeout_s
    while job.state().name != name:
        assert time.monotonic() < deadline, (job.state(), job.log_tail())
        time.sleep(0.02)


def process_of(job: Job) -> ProcessIdentity:
    attempt = Attempt.read(job.folder / PROCESS)
    assert attempt is not None
    return attempt.process


def test_a_job_finishes(counting: Counting) -> None:
    job = counting(n=40, pause_s=0.03)
    assert job.state().name == State.QUEUED and job.state().detail == "not started yet"
    launch(job)
    heard: list[Progress] = []
    assert wait(job, 180, heard.append).name == State.FINISHED, job.log_tail()
    assert keys_of(job) == list(range(40))
    assert [progress.done for progress in heard] == sorted(progress.done for progress in heard)
    assert (heard[-1].done, heard[-1].total, heard[-1].eta_s, heard[-1].share) == (40, 40, 0.0, 1.0)
    assert len(heard) < 40  # throttled
    assert any(progress.eta_s for progress in heard)


def test_resuming_a_finished_job_does_nothing_twice(counting: Counting) -> None:
    job = counting(n=10)
    for _ in range(3):
        resume(job)
        assert wait(job, 180).name == State.FINISHED
        assert keys_of(job) == list(range(10))
    assert job.log_tail().count("== attempt") == 3


@pytest.mark.parametrize(
    ("fail", "message", "traceback"),
    [
        ("message", "the keys ran out; buy new ones", False),
        ("bug", "ZeroDivisionError: a bug (this is a bug in Winnow; the traceback is in the log)", True),
        ("exit", "the stage exited with 3", False),
    ],
)
def test_a_failure_says_why(counting: Counting, fail: str, message: str, traceback: bool) -> None:
    job = counting(n=5, fail=fail)
    launch(job)
    state = wait(job, 180)
    assert (state.name, state.detail) == (State.FAILED, message)
    assert ("Traceback" in job.log_tail()) == traceback
    assert keys_of(job) == list(range(5))  # what was produced is kept


def test_a_launch_that_dies_at_once_is_lost(workspace: Workspace) -> None:
    job = create_job(workspace, "count", "tests.curation.jobs.no_such_stage", {})
    launch(job)
    state = wait(job, 180)
    assert state.name == State.LOST
    assert "No module named" in job.log_tail()


def test_a_job_outlives_its_launcher_and_its_launcher_leaves_no_zombie(counting: Counting) -> None:
    job = counting(n=60, pause_s=0.02)
    script = "import sys, pathlib, curation.jobs as jobs; jobs.launch(jobs.open_job(pathlib.Path(sys.argv[1])))"
    subprocess.run([sys.executable, "-c", script, str(job.folder)], check=True)
    assert wait(job, 180).name == State.FINISHED
    here = counting(n=3)
    launch(here)
    assert wait(here, 180).name == State.FINISHED
    deadline = time.monotonic() + 180
    while [child for child in psutil.Process().children() if child.status() == psutil.STATUS_ZOMBIE]:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_zombie_does_not_run(counting: Counting, workspace: Workspace) -> None:
    job = counting(n=10_000, pause_s=0.05)
    process = subprocess.Popen(
        [sys.executable, "-m", job.module, str(job.folder)], start_new_session=True, cwd=Path(__file__).parents[3]
    )
    until(job, State.RUNNING)
    process.kill()
    deadline = time.monotonic() + 180
    while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert job.state().name == State.LOST
    process.wait()
    assert job.state().name == State.LOST


def test_stopping_asks_first(counting: Counting) -> None:
    job = counting(n=10_000, pause_s=0.02)
    launch(job)
    deadline = time.monotonic() + 180
    while (progress := job.progress()) is None or progress.done == 0:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert stop(job).name == State.STOPPED
    done = keys_of(job)
    assert done == list(range(len(done))) and 0 < len(done) < 10_000
    assert job.state().detail == ""  # it ended by itself
    assert stop(job).name == State.STOPPED


def test_stopping_escalates_and_takes_the_whole_session(counting: Counting) -> None:
    job = counting(n=10_000, pause_s=0.02, deaf=True, child=True)
    launch(job)
    until(job, State.RUNNING)
    deadline = time.monotonic() + 180
    while len(process_of(job).session_members()) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    time.sleep(1.0)  # both ignore the signal by now
    leader = process_of(job)
    stopper = threading.Thread(target=stop, args=(job,), kwargs={"grace_s": 1.0})
    stopper.start()
    until(job, State.STOPPING)
    stopper.join()
    assert job.state().name == State.STOPPED
    assert leader.session_members() == []


def test_what_a_killed_leader_leaves_is_swept_by_stop_and_by_resume(counting: Counting) -> None:
    for act in (stop, resume):
        job = counting(n=150, pause_s=0.02, child=True)
        launch(job)
        until(job, State.RUNNING)
        leader = process_of(job)
        deadline = time.monotonic() + 180
        while len(leader.session_members()) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        leader.signal(signal.SIGKILL)
        until(job, State.LOST)
        assert len(leader.session_members()) == 1
        act(job)
        assert leader.session_members() == []
    assert wait(job, 180).name == State.FINISHED
    assert process_of(job).session_members() == []
    assert keys_of(job) == list(range(150))


def test_a_job_that_never_started_can_be_stopped_and_then_resumed(counting: Counting) -> None:
    job = counting(n=5)
    assert stop(job).name == State.STOPPED
    resume(job)
    assert wait(job, 180).name == State.FINISHED


def test_two_resumes_are_one(counting: Counting) -> None:
    job = counting(n=200, pause_s=0.01)
    launch(job)
    until(job, State.RUNNING)
    leader = process_of(job)
    resume(job)  # sees that it runs
    second = subprocess.run(  # does not look, and meets the lock
        [sys.executable, "-m", job.module, str(job.folder)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    assert second.returncode == 0 and "running already" in second.stdout
    assert process_of(job) == leader and job.state().name == State.RUNNING
    assert wait(job, 180).name == State.FINISHED
    assert keys_of(job) == list(range(200))
    assert job.log_tail().count("== attempt") == 1


def test_many_launches_at_once_are_one(counting: Counting) -> None:
    job = counting(n=100, pause_s=0.01)
    threads = [threading.Thread(target=launch, args=(job,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wait(job, 180).name == State.FINISHED
    assert keys_of(job) == list(range(100))
    assert len(list(job.shards.glob("keys-*.parquet"))) == 1


def test_jobs_for_one_device_take_turns(counting: Counting) -> None:
    device = f"test-{time.time_ns()}"
    first, second, third = (counting(n=10_000, pause_s=0.02, device=device) for _ in range(3))
    launch(first)
    until(first, State.RUNNING)
    launch(second)
    launch(third)
    deadline = time.monotonic() + 180
    while second.state().detail != f"waits for {first.id} on {device}":
        assert time.monotonic() < deadline, second.state()
        time.sleep(0.05)
    assert (second.state().name, second.progress()) == (State.QUEUED, None)
    other = counting(n=3, device=f"{device}-other")
    launch(other)
    assert wait(other, 180).name == State.FINISHED
    assert stop(third).name == State.STOPPED  # while it waits
    process_of(first).signal(signal.SIGKILL)  # the lock goes with its holder
    until(second, State.RUNNING)
    stop(second)
    assert [job.state().name for job in (first, second, third)] == [State.LOST, State.STOPPED, State.STOPPED]


def test_reports_and_metrics_survive_a_torn_line(workspace: Workspace) -> None:
    job = create_job(workspace, "count", "m", {})
    JobContext(job, "a").metrics({"step": 1, "loss": 0.5})
    with (job.folder / "metrics.jsonl").open("a") as file:
        file.write('{"step": 2, "lo')
    context = JobContext(job, "b")
    context.metrics({"step": 2, "loss": 0.25})
    context.metrics({"step": 3, "loss": 0.125})
    assert [row["step"] for row in job.metrics()] == [1, 2, 3]
    (job.folder / "progress.json").write_text('{"done": 3, "to')
    assert job.progress() is None
    assert [found.id for found in list_jobs(workspace)] == [job.id]
