"""The Jobs page tells every state apart with a word, says what happened and what to do, and treats all text as text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from components.jobs.detail import readable_log
from components.jobs.seen import look
from curation import Workspace
from curation.jobs import State, create_job, wait
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
