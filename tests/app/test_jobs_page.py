"""The Jobs page tells every state apart with a word, says what happened and what to do, and treats all text as text."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from components.jobs.detail import readable_log
from components.jobs.seen import SeenJob, activity, look, started_line, taken_s
from components.jobs.waiting import job_name
from curation import Workspace
from curation.jobs import Job, JobState, Progress, State, create_job, launch, resume, stop, wait
from curation.jobs.locks import device_locks
from curation.jobs.state import NOT_STARTED
from tests.app.filled_workspace import STAGE, add_ended_jobs, ended, running
from tests.app.words import shown

OpenApp = Callable[[Path], AppTest]


@pytest.fixture
def jobs_page(open_app: OpenApp) -> Callable[..., AppTest]:
    def go(workspace: Workspace, **parameters: str) -> AppTest:
        app = open_app(workspace.folder)
        for name, value in parameters.items():
            app.query_params[name] = value
        return app.switch_page("pages/jobs.py").run()

    return go


def test_without_jobs_the_page_says_what_it_will_show(empty: Workspace, jobs_page: Callable[..., AppTest]) -> None:
    app = jobs_page(empty)
    assert not app.exception
    assert "No jobs yet" in shown(app)


def test_every_state_has_its_word_and_its_advice(empty: Workspace, jobs_page: Callable[..., AppTest]) -> None:
    jobs = add_ended_jobs(empty)
    for name, word, advice in (
        ("finished", "Finished", ""),
        ("failed", "Failed", "the base is missing; give --base"),
        ("lost", "Lost", "Resume it"),
        ("unstarted", "Not started", "nobody has started it yet"),
    ):
        app = jobs_page(empty, job=jobs[name].id)
        assert not app.exception
        words = shown(app)
        assert word in words and advice in words
        assert jobs[name].id in words
        resumes = [button.label for button in app.button if button.key == f"resume-{jobs[name].id}"]
        assert bool(resumes) == look(jobs[name]).can_resume


def test_what_a_log_holds_is_shown_as_it_is(empty: Workspace, jobs_page: Callable[..., AppTest]) -> None:
    job = add_ended_jobs(empty)["failed"]
    app = jobs_page(empty, job=job.id)
    logs = [code.value for code in app.code if code.value.startswith("== attempt")]
    assert len(logs) == 1 and "<script>" in logs[0]
    assert "**bold?** $x$ :red[tint] red" in logs[0]
    assert not any("<script>" in element.value for element in (*app.markdown, *app.caption))
    assert not app.html


def test_a_job_in_the_address_is_the_one_that_is_shown(empty: Workspace, jobs_page: Callable[..., AppTest]) -> None:
    first = ended(create_job(empty, "export", STAGE, {}))
    second = ended(create_job(empty, "score", STAGE, {}))
    app = jobs_page(empty, job=first.id)
    assert first.id in shown(app) and second.id not in shown(app)
    app.button(key=f"choose-{second.id}").click().run()
    assert app.query_params["job"] == second.id
    assert second.id in shown(app) and first.id not in shown(app)


def test_an_unknown_job_in_the_address_is_no_error(empty: Workspace, jobs_page: Callable[..., AppTest]) -> None:
    job = ended(create_job(empty, "export", STAGE, {}))
    app = jobs_page(empty, job="20200101-000000-000-sample-<b>")
    assert not app.exception
    assert "not in this workspace" in shown(app)
    assert job.id in shown(app)


def test_stop_asks_first_and_then_stops(empty: Workspace, jobs_page: Callable[..., AppTest]) -> None:
    job = running(empty)
    app = jobs_page(empty, job=job.id)
    assert "263 samples/s" in shown(app)
    assert look(job).state.name == State.RUNNING  # looking at the question stops nothing
    app.button(key=f"stop-now-{job.id}").click().run()
    assert not app.exception
    assert wait(job, timeout_s=240).name == State.STOPPED
    app.run()
    assert "Stopped" in shown(app)


def test_resume_starts_it_again(empty: Workspace, jobs_page: Callable[..., AppTest]) -> None:
    job = create_job(empty, "export", STAGE, {})
    app = jobs_page(empty, job=job.id)
    app.button(key=f"resume-{job.id}").click().run()
    assert not app.exception
    assert wait(job, timeout_s=240).name == State.FINISHED


def test_queued_jobs_are_counted_apart_and_say_what_they_wait_for(
    empty: Workspace, jobs_page: Callable[..., AppTest]
) -> None:
    device = f"test-{time.time_ns()}"
    holder = _launched(empty, {"model": "/models/<b>policy", "lasts_s": 600.0, "done": 1, "total": 9}, device)
    _until(lambda: holder.state().name == State.RUNNING)
    waiting = _launched(empty, {"model": "/models/other", "done": 1, "total": 9}, device)
    _until(lambda: waiting.state().holder == holder.id)
    app = jobs_page(empty, job=waiting.id)
    assert not app.exception
    words = shown(app)
    assert "**2** jobs, **1** running, **1** queued." in words
    assert f"Waits until Sampling “<b>policy” is done with {device}" in [text.value for text in app.text]
    assert "\nQueued " in words and "Started" not in words and " · for " not in words
    assert app.button(key=f"stop-now-{waiting.id}")
    stop(holder)
    app.run()
    assert wait(waiting, timeout_s=240).name == State.FINISHED
    app.run()
    assert "**2** jobs, none running now." in shown(app) and "\nStarted " in shown(app)


def test_a_device_may_be_held_from_another_workspace(empty: Workspace, jobs_page: Callable[..., AppTest]) -> None:
    device = f"test-{time.time_ns()}"
    with _held(device, "20200101-000000-000-sft-0a1b"):
        job = _launched(empty, {"model": "/models/policy"}, device)
        _until(lambda: job.state().holder is not None)
        app = jobs_page(empty, job=job.id)
        assert not app.exception
        assert f"Waits until a job of another workspace (Training) is done with {device}" in shown(app)
        assert "**1** job, **1** queued." in shown(app)


def test_a_resumed_job_shows_no_earlier_pace_while_it_waits(
    empty: Workspace, jobs_page: Callable[..., AppTest]
) -> None:
    device = f"test-{time.time_ns()}"
    job = _launched(empty, {"lasts_s": 600.0, "done": 1200, "total": 4800, "note": "math"}, device)
    _until(lambda: bool((seen := job.progress()) and seen.rates))
    assert stop(job).name == State.STOPPED
    took = taken_s(look(job))
    assert took is not None and took < 60
    with _held(device, "20200101-000000-000-sft-0a1b"):
        resume(job)
        _until(lambda: job.state().holder is not None)
        app = jobs_page(empty, job=job.id)
        words = shown(app)
        assert "1,200 of 4,800" in words and "Queued " in words
        assert "samples/s" not in words and " left" not in words
        assert "math" not in [caption.value for caption in app.caption]
        assert taken_s(look(job)) is None
    _until(lambda: job.state().name == State.RUNNING and bool((seen := job.progress()) and seen.rates))
    assert "263 samples/s" in shown(app.run())


def test_the_time_worked_is_shown_and_for_older_jobs_the_time_since_their_creation(empty: Workspace) -> None:
    job = create_job(empty, "sample", STAGE, {})
    created = datetime.fromisoformat(job.created)
    updated = (created + timedelta(seconds=500)).isoformat()
    stopped, worked = JobState(State.STOPPED), Progress(1, 9, updated=updated, worked_s=60.0)
    assert started_line(SeenJob(job, stopped, worked), UTC).endswith(" · took 1 min")
    assert started_line(SeenJob(job, stopped, Progress(1, 9, updated=updated)), UTC).endswith(" · took 8 min 20 s")
    at_work = Progress(1, 9, updated=datetime.now(UTC).isoformat(), worked_s=60.0, began=job.created)
    assert 60 <= (taken_s(SeenJob(job, JobState(State.RUNNING), at_work)) or 0) < 90
    assert taken_s(SeenJob(job, JobState(State.RUNNING), Progress(1, 9, worked_s=60.0))) == 60.0
    assert taken_s(SeenJob(job, JobState(State.RUNNING), None)) is None
    for state, word in ((JobState(State.QUEUED, "starts"), "Queued "), (NOT_STARTED, "Created ")):
        line = started_line(SeenJob(job, state, worked), UTC)
        assert line.startswith(word) and " · " not in line
    queued_at = JobState(State.QUEUED, "starts", since=created - timedelta(hours=1))
    assert started_line(SeenJob(job, queued_at, None), UTC) != started_line(SeenJob(job, stopped, None), UTC)


def test_running_and_queued_jobs_in_words(empty: Workspace) -> None:
    job = create_job(empty, "sample", STAGE, {})
    runs, waits, stops, unstarted, ended_ = (
        SeenJob(job, state, None)
        for state in (
            JobState(State.RUNNING),
            JobState(State.QUEUED, "starts"),
            JobState(State.STOPPING),
            NOT_STARTED,
            JobState(State.FINISHED),
        )
    )
    assert activity([]) == activity([unstarted, ended_]) == "none running now"
    assert activity([runs, stops, ended_]) == "**2** running now"
    assert activity([waits, unstarted]) == "**1** queued"
    assert activity([runs, waits, waits]) == "**1** running, **2** queued"


@pytest.mark.parametrize(
    ("kind", "config", "name"),
    [
        ("sample", {"model": "/m/policy", "adapter": "/m/tuned"}, "Sampling “policy + tuned”"),
        ("sft", {"output": "mine"}, "Training “mine”"),
        ("export", {"name": "first"}, "Export “first”"),
        ("evaluate", {"models": [{"name": "base"}, {"name": "tuned"}]}, "Evaluation “base, tuned”"),
        ("evaluate", {"models": "damaged"}, "Evaluation"),
        ("score", {}, "Scoring"),
        ("demo", {}, "Demo"),
    ],
)
def test_jobs_have_names(empty: Workspace, kind: str, config: dict[str, object], name: str) -> None:
    assert job_name(create_job(empty, kind, STAGE, config)) == name


def test_many_jobs_are_listed_page_by_page(empty: Workspace, jobs_page: Callable[..., AppTest]) -> None:
    jobs = [create_job(empty, "export", STAGE, {}) for _number in range(19)]
    app = jobs_page(empty)
    assert _listed(app) == [job.id for job in jobs[:10:-1]]
    app.button(key="older").click().run()
    assert not app.exception
    assert _listed(app) == [job.id for job in jobs[10:2:-1]]
    assert app.query_params["page"] == "2"


def test_a_redrawn_line_of_a_log_is_shown_once() -> None:
    assert readable_log("a\r\n 1%\r 50%\r100%\nb\x1b[1;31mred\x1b[0m\r\n") == "a\n100%\nbred\n"


def _listed(app: AppTest) -> list[str]:
    return [str(button.key).removeprefix("choose-") for button in app.button if str(button.key).startswith("choose-")]


def _launched(workspace: Workspace, config: dict[str, object], device: str) -> Job:
    job = create_job(workspace, "sample", STAGE, config, device=device)
    launch(job)
    return job


def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 240
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


@contextmanager
def _held(device: str, holder: str) -> Iterator[None]:
    """The device in the hands of a job that is not there."""
    (lock,) = device_locks(device)
    with lock:
        assert lock.acquire(holder)
        yield
