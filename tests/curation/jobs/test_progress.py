"""Promise: the time left is told from what this attempt did itself, and the time worked is that of all attempts."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from curation import Workspace
from curation.jobs import Job, JobContext, Progress, State, create_job, launch, resume, stop, wait
from curation.jobs.locks import device_locks
from curation.jobs.pace import Pace
from curation.jobs.state import PROGRESS
from tests.deaths import kill

Counting = Callable[..., Job]
OLD_FIELDS = {"done", "total", "rates", "eta_s", "failures", "note", "extra", "updated"}


def until(holds: Callable[[], bool], job: Job) -> None:
    deadline = time.monotonic() + 180
    while not holds():
        assert time.monotonic() < deadline, (job.state(), job.progress(), job.log_tail())
        time.sleep(0.02)


def progress_of(job: Job) -> Progress:
    progress = job.progress()
    assert progress is not None
    return progress


@pytest.mark.parametrize("first", [[(0, 0)], [(0, 0), (0, 192)], [(0, 192)], [(42, 0)], [(42, 192)], []])
@pytest.mark.parametrize("found", [42, 50])
def test_what_an_attempt_found_is_no_work_of_it(first: list[tuple[int, int]], found: int) -> None:
    pace = Pace(found)
    for second, (done, total) in enumerate(first):
        pace.add(float(second), done, total)
    begun = 42 if (42, 192) not in first else 43
    for step in range(begun, 52):
        pace.add(step - 38.0, step, 192)
    left = pace.seconds_left(51 - 38.0, 51, 192)
    assert left is not None and 140 <= left <= 141 * 13 / 9  # at one step a second; what loading took may count


def test_the_first_rise_of_a_first_attempt_is_its_work() -> None:
    pace = Pace()
    pace.add(0.0, 0, 100)
    assert pace.seconds_left(0.0, 0, 100) is None
    pace.add(10.0, 10, 100)
    assert pace.seconds_left(10.0, 10, 100) == pytest.approx(90.0)
    assert pace.seconds_left(10.0, 100, 100) == 0.0


def test_a_stage_that_begins_anew_has_a_new_pace() -> None:
    pace = Pace()
    for second in range(10):
        pace.add(second, 10 * second, 1_000)
    pace.add(10.0, 0, 1_000)
    assert pace.seconds_left(10.0, 0, 1_000) is None
    pace.add(20.0, 10, 1_000)
    assert pace.seconds_left(20.0, 10, 1_000) == pytest.approx(990.0)


def test_no_time_is_left_to_tell_where_the_total_is_unknown() -> None:
    pace = Pace()
    pace.add(0.0, 5, 0)
    assert pace.seconds_left(1.0, 5, 0) is None


def test_the_next_attempt_withdraws_the_pace_and_adds_to_the_time(workspace: Workspace) -> None:
    job = create_job(workspace, "count", "m", {})
    first = JobContext(job, "a")
    first.begin_work()
    first.report(0, 9)
    time.sleep(0.6)
    first.report(4, 9, rates={"keys": 8.0}, note="counting", failures=1, extra={"even": 2})
    before = progress_of(job)
    assert before.eta_s and before.rates and before.worked_s is not None and 0.6 <= before.worked_s < 60
    time.sleep(0.2)  # nobody works

    second = JobContext(job, "b")
    second.take_up()
    taken = progress_of(job)
    assert (taken.done, taken.total, taken.failures, taken.extra) == (4, 9, 1, {"even": 2})
    assert (taken.rates, taken.eta_s, taken.note, taken.updated) == ({}, None, "", "")
    assert (taken.worked_s, taken.began) == (before.worked_s, before.began)
    time.sleep(0.3)  # it waits for its device
    second.begin_work()
    begun = progress_of(job)
    assert begun.updated and begun.worked_s == pytest.approx(before.worked_s, abs=0.2)

    second.report(4, 0, note="loading")
    second.write_pending()
    assert (progress_of(job).total, progress_of(job).eta_s, second.is_complete) == (9, None, False)
    time.sleep(0.4)
    second.write_last()
    worked_s = progress_of(job).worked_s
    assert worked_s is not None and before.worked_s + 0.4 <= worked_s < before.worked_s + 60
    assert OLD_FIELDS | {"worked_s", "began"} == set(json.loads((job.folder / PROGRESS).read_text()))


def test_the_reports_of_an_older_version_are_read_and_gone_on_from(workspace: Workspace) -> None:
    job = create_job(workspace, "count", "m", {})
    moment = datetime.now(UTC).isoformat(timespec="milliseconds")
    older = {"done": 3, "total": 9, "rates": {"keys": 1.0}, "eta_s": 6.0, "failures": 0, "note": "", "extra": {}}
    (job.folder / PROGRESS).write_text(json.dumps({**older, "updated": moment}))
    assert (progress_of(job).updated, progress_of(job).worked_s, progress_of(job).began) == (moment, None, "")
    context = JobContext(job, "b")
    context.take_up()
    context.begin_work()
    context.report(4, 9)
    context.write_last()
    assert (progress_of(job).done, progress_of(job).worked_s) == (4, None)  # what came before is not known


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"done": 3, "total": 9}, Progress(3, 9)),
        ({"done": 3, "total": 9, "updated": "soon", "began": 5, "worked_s": "long", "eta_s": []}, Progress(3, 9)),
        ({"done": 3, "total": 9, "worked_s": float("nan"), "rates": None, "new": 1}, Progress(3, 9)),
        ({"done": 3}, None),
        ({"done": float("inf"), "total": 9}, None),
    ],
)
def test_missing_and_damaged_fields_are_no_trouble(
    workspace: Workspace, record: dict[str, object], expected: Progress | None
) -> None:
    job = create_job(workspace, "count", "m", {})
    (job.folder / PROGRESS).write_text(json.dumps(record))
    assert job.progress() == expected


def test_a_resumed_job_tells_no_pace_until_it_works_and_no_time_that_it_waited(counting: Counting) -> None:
    device = f"test-{time.time_ns()}"
    job = counting(n=200, pause_s=0.05, device=device)
    launch(job)
    until(lambda: (seen := job.progress()) is not None and seen.done > 50 and bool(seen.eta_s), job)
    assert stop(job).name == State.STOPPED
    stopped = progress_of(job)
    assert stopped.worked_s is not None and stopped.rates

    (lock,) = device_locks(device)
    assert lock.acquire("20200101-000000-000-sft-0a1b")
    asked = datetime.now(UTC)
    resume(job)
    since = time.monotonic()
    pace: list[tuple[object, object]] = []

    def waits() -> bool:
        seen = progress_of(job)
        pace.append((seen.rates, seen.eta_s))
        return job.state().holder is not None

    until(waits, job)
    time.sleep(1.0)
    assert waits() and all(each == ({}, None) for each in pace)
    waiting, state = progress_of(job), job.state()
    assert (waiting.done, waiting.worked_s) == (stopped.done, stopped.worked_s)
    assert (state.name, state.holder) == (State.QUEUED, "20200101-000000-000-sft-0a1b")
    assert state.since is not None and asked - timedelta(seconds=1) <= state.since <= datetime.now(UTC)

    waited = time.monotonic() - since
    lock.release()
    heard: list[Progress] = []
    assert wait(job, 180, heard.append).name == State.FINISHED, job.log_tail()
    took = time.monotonic() - since
    ended = progress_of(job)
    assert ended.worked_s is not None and ended.began == stopped.began
    assert stopped.worked_s < ended.worked_s < stopped.worked_s + took - waited + 0.5
    estimates = [each for each in heard if each.eta_s and each.done < 190]
    # 50 ms a key at the least: those that the first attempt wrote make it no faster
    assert estimates and all(each.eta_s > 0.04 * (200 - each.done) for each in estimates if each.eta_s)


def test_a_killed_attempt_keeps_what_it_last_reported(counting: Counting) -> None:
    job = counting(n=10_000, pause_s=0.02)
    launch(job)
    until(lambda: (seen := job.progress()) is not None and (seen.worked_s or 0) > 1.0, job)
    kill(job)
    killed = progress_of(job).worked_s
    assert job.state().name == State.LOST and killed is not None and killed > 1.0
    resume(job)
    until(lambda: job.state().name == State.RUNNING and bool(progress_of(job).rates), job)
    assert stop(job).name == State.STOPPED
    assert (progress_of(job).worked_s or 0) > killed


def test_a_launch_that_has_not_taken_over_hides_the_pace_of_the_one_before(counting: Counting) -> None:
    job = counting(n=10_000, pause_s=0.02)
    launch(job)
    until(lambda: (seen := job.progress()) is not None and bool(seen.eta_s), job)
    stop(job)
    content = (job.folder / "process.json").read_text()
    attempt = json.loads(content)["attempt"]
    later = content.replace(attempt, f"29991231T000000000000{attempt[-5:]}")
    (job.folder / "launched.json").write_text(later)
    assert (progress_of(job).rates, progress_of(job).eta_s) == ({}, None)
