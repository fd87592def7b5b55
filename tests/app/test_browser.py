"""The app in a real browser: both pages in light and dark, nothing asked of any other machine, no complaint on the
console, and the buttons do what they say."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from benchmarks.serving import PATIENCE_S
from curation import Workspace
from curation.jobs import create_job, list_jobs, stop, wait
from tests.app.conftest import Visit, end_jobs, serve
from tests.app.filled_workspace import HOSTILE, STAGE, ended, running
from tests.app.test_palette import contrast

pytestmark = pytest.mark.browser
expect.set_options(timeout=PATIENCE_S * 1000)
OpenPage = Callable[..., Visit]
CHARTS = 6
"""Of an Overview with candidates and an evaluation."""


def hexadecimal(rgb: str) -> str:
    return "#" + "".join(f"{int(part):02X}" for part in re.findall(r"\d+", rgb)[:3])


def colour(element: Locator, of: str) -> str:
    return hexadecimal(element.evaluate(f"element => getComputedStyle(element).{of}"))


def test_pages_open_in_light_and_dark_and_ask_nobody_else(filled: Workspace, visit: OpenPage) -> None:
    ended(create_job(filled, "sft", STAGE, {"says": HOSTILE}))
    with serve(filled.folder) as app:
        for scheme, background in (("light", "#FFFFFF"), ("dark", "#12161C")):
            visited = visit(app.url, scheme=scheme, width=1920)
            page = visited.page
            expect(page.get_by_role("heading", name="Models compared")).to_be_visible()
            assert colour(page.get_by_test_id("stApp"), "backgroundColor") == background
            for name in ("Accepted", "Math", "tuned"):
                label = page.locator(".js-plotly-plot text", has_text=name).first
                expect(label).to_be_visible()
                assert contrast(colour(label, "fill"), background) > 4.5
            page.get_by_role("link", name="Jobs").click()
            expect(page.get_by_role("heading", name="Jobs")).to_be_visible()
            expect(page.get_by_text("<script>alert('from a log')</script>").first).to_be_visible()
            expect(page.get_by_text("Filled & <b>bold</b>").first).to_be_visible()
            assert visited.strangers == []
            assert visited.complaints == []
        maps = Path(f"/proc/{app.pid}/maps")
        if maps.exists():
            assert "libtorch" not in maps.read_text()


def test_the_address_of_a_page_can_be_opened_first(filled: Workspace, visit: OpenPage) -> None:
    (job,) = list_jobs(filled, "evaluate")
    with serve(filled.folder) as app:
        visited = visit(f"{app.url}/jobs?job={job.id}")
        expect(visited.page.get_by_role("heading", name="Jobs")).to_be_visible()
        expect(visited.page.get_by_role("heading", name="Evaluation")).to_be_visible()
        visited.page.get_by_role("link", name="Overview").click()
        expect(visited.page.get_by_role("heading", name="Funnel")).to_be_visible()
        assert visited.strangers == []


def test_a_new_workspace_is_made_and_the_demo_started_by_two_buttons(tmp_path: Path, visit: OpenPage) -> None:
    folder = tmp_path / "new"
    with serve(folder) as app:
        page = visit(app.url).page
        page.get_by_role("button", name="Make a workspace here").click()
        page.get_by_role("button", name="Run the demo").click()
        expect(page.get_by_text("Demo: the whole stage on small models")).to_be_visible()
        assert list_jobs(Workspace.open(folder))[0].kind == "demo"
        end_jobs(Workspace.open(folder))
        maps = Path(f"/proc/{app.pid}/maps")
        if maps.exists():
            assert "libtorch" not in maps.read_text()


def test_a_job_is_stopped_from_its_page_after_a_question(empty: Workspace, visit: OpenPage) -> None:
    job = running(empty)
    with serve(empty.folder) as app:
        page = visit(f"{app.url}/jobs?job={job.id}").page
        page.get_by_role("button", name="Stop", exact=True).click()
        question = page.get_by_role("button", name="Stop it")
        expect(question).to_be_visible()
        time.sleep(5)  # the question stays while the page refreshes under it
        expect(question).to_be_visible()
        question.click()
        assert wait(job, timeout_s=PATIENCE_S).name == "stopped"
        expect(page.get_by_text("Stopped").first).to_be_visible()
        expect(page.get_by_role("button", name="Resume")).to_be_visible()
        assert page.url.endswith(job.id)


def test_live_charts_are_neither_rebuilt_nor_moved(filled: Workspace, visit: OpenPage) -> None:
    job = running(filled)
    with serve(filled.folder) as app:
        page = visit(app.url).page
        charts = page.locator(".js-plotly-plot")
        expect(charts).to_have_count(CHARTS)
        expect(charts.last.locator("text").first).to_be_visible()
        page.evaluate("document.querySelectorAll('.js-plotly-plot').forEach(chart => chart.dataset.seen = 'yes')")
        before = [charts.nth(number).bounding_box() for number in range(CHARTS)]
        time.sleep(8)
        assert [charts.nth(number).get_attribute("data-seen") for number in range(CHARTS)] == ["yes"] * CHARTS
        assert [charts.nth(number).bounding_box() for number in range(CHARTS)] == before
        stop(job, grace_s=0.0)
        expect(page.get_by_text("Next").first).to_be_visible()  # at rest the page says what to do
