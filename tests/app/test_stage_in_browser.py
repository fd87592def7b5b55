"""Promise: the whole stage runs by clicks in a real browser, on the demo's models; jobs outlive browsers and apps."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from benchmarks.serving import PATIENCE_S
from curation import Workspace
from curation.export import list_exports
from curation.jobs import State, list_jobs, wait
from curation.thresholds import load_thresholds
from tests.app.conftest import Visit, end_jobs, serve
from tests.app.filled_workspace import running
from training.progress import read_metrics

pytestmark = pytest.mark.browser
expect.set_options(timeout=PATIENCE_S * 1000)
OpenPage = Callable[..., Visit]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Workspace]:
    workspace = Workspace.create(tmp_path / "desk")
    yield workspace
    end_jobs(workspace)


def keyed(page: Page, key: str) -> Locator:
    """The element that a page's code gave this key."""
    return page.locator(f".st-key-{key}")


def fill(page: Page, key: str, value: str) -> None:
    """Type into a field and leave it."""
    field = keyed(page, key).locator("input").first
    field.fill(value)
    field.press("Enter")


def go(page: Page, name: str) -> None:
    """Follow the navigation."""
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", name=name, level=1, exact=True)).to_be_visible()


def in_state(page: Page, word: str) -> Locator:
    """The badge of a job's state: an icon and the word."""
    return page.get_by_text(re.compile(rf"\b{word}$")).first


def bring_in_prompts(page: Page) -> None:
    """Import the demo's prompts by their path."""
    go(page, "Prompts")
    fill(page, "prompts-import-path", "data/prompts.jsonl")
    page.get_by_role("button", name=re.compile(r"Import [\d,]+ prompts")).click()
    expect(page.get_by_text(re.compile("prompts imported as"))).to_be_visible()


def sample(page: Page) -> None:
    """Sample the demo's policy on 48 prompts."""
    go(page, "Sampling")
    fill(page, "sampling-limit", "48")
    fill(page, "sampling-max_new_tokens", "200")
    expect(page.get_by_text(re.compile("48.*prompts × .*4.* = .*192"))).to_be_visible()
    keyed(page, "sampling-start").get_by_role("button").click()
    expect(page).to_have_url(re.compile("job="))
    expect(page.get_by_text("192 of 192 · 100 %").first).to_be_visible()
    expect(in_state(page, "Finished")).to_be_visible()


def forbid_long_paragraphs(page: Page) -> None:
    """Put the bound of the long paragraphs so low that the funnel has to narrow, and save it."""
    go(page, "Filters")
    sentence = (
        page.get_by_test_id("stMarkdown").filter(has_text=re.compile("scored candidates accepted|accepted")).first
    )
    expect(sentence).to_contain_text(re.compile(r"\d"))
    before = sentence.inner_text()
    field = page.locator("[class*=st-key-filters]").filter(has_text="Characters of the longest paragraph")
    field.last.locator("input[type=number]").first.fill("20")
    field.last.locator("input[type=number]").first.press("Enter")
    expect(sentence).not_to_have_text(before)
    keyed(page, "filters-save").get_by_role("button").click()
    expect(keyed(page, "filters-save").get_by_role("button")).to_be_disabled()


def test_the_whole_stage_by_clicks(desk: Workspace, visit: OpenPage) -> None:
    with serve(desk.folder) as app:
        visited = visit(app.url)
        page = visited.page
        bring_in_prompts(page)
        sample(page)
        (sampling,) = list_jobs(desk, "sample")
        assert wait(sampling, timeout_s=PATIENCE_S).name == State.FINISHED, sampling.log_tail()

        forbid_long_paragraphs(page)
        (rule,) = [rule for rule in load_thresholds(desk).rules if rule.measure == "longest_paragraph"]
        assert rule.max == 20

        go(page, "Mix and export")
        button = keyed(page, "mix-export").get_by_role("button")
        expect(button).to_be_enabled()
        button.click()
        expect(page).to_have_url(re.compile("export="))
        (export,) = list_exports(desk)

        page.goto(f"{app.url}/training?export={export.name}")
        start = keyed(page, "training-start").get_by_role("button")
        expect(start).to_be_enabled()
        start.click()
        expect(page).to_have_url(re.compile("run="))
        (training,) = list_jobs(desk, "sft")
        expect(page.get_by_text(re.compile(r"^\d+ of \d+ · \d+ %$")).first).to_be_visible()
        expect(page.get_by_test_id("stMetricValue").first).to_have_text(re.compile(r"^\d"))  # the loss so far
        address = page.url
        assert visited.complaints == [] and visited.strangers == []
        page.context.close()  # in the midst of it

        again = visit(address)
        expect(in_state(again.page, "(Running|Finished)")).to_be_visible()
        assert wait(training, timeout_s=PATIENCE_S).name == State.FINISHED, training.log_tail()
        expect(in_state(again.page, "Finished")).to_be_visible()
        steps = [row.step for row in read_metrics(training.folder) if row.loss is not None]
        assert len(steps) > 2
        expect(again.page.get_by_text(f"{steps[-1]} of {steps[-1]} · 100 %").first).to_be_visible()
        assert again.complaints == [] and again.strangers == []


def test_two_browsers_see_the_same_desk(filled: Workspace, visit: OpenPage) -> None:
    with serve(filled.folder) as app:
        first, second = visit(app.url), visit(app.url, scheme="dark")
        sentence = second.page.get_by_text(re.compile("accepted of")).first
        expect(sentence).to_be_visible()
        before = sentence.inner_text()
        forbid_long_paragraphs(first.page)
        second.page.reload()
        expect(sentence).to_be_visible()
        expect(sentence).not_to_have_text(before)
        job = running(filled)
        for visited in (first, second):
            go(visited.page, "Jobs")
            expect(in_state(visited.page, "Running")).to_be_visible()
        first.page.get_by_role("button", name="Stop", exact=True).click()
        first.page.get_by_role("button", name="Stop it").click()
        assert wait(job, timeout_s=PATIENCE_S).name == State.STOPPED
        expect(in_state(second.page, "Stopped")).to_be_visible()
        assert first.complaints == [] and second.complaints == []


def test_jobs_outlive_an_app_that_is_killed(filled: Workspace, visit: OpenPage) -> None:
    job = running(filled)
    with serve(filled.folder, ends="kill") as app:
        page = visit(f"{app.url}/jobs?job={job.id}").page
        expect(in_state(page, "Running")).to_be_visible()
        page.context.close()
    assert job.state().name == State.RUNNING
    with serve(filled.folder) as app:
        page = visit(f"{app.url}/jobs?job={job.id}").page
        expect(in_state(page, "Running")).to_be_visible()
        page.get_by_role("button", name="Stop", exact=True).click()
        page.get_by_role("button", name="Stop it").click()
        assert wait(job, timeout_s=PATIENCE_S).name == State.STOPPED
        expect(page.get_by_role("button", name="Resume")).to_be_visible()
