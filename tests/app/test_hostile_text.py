"""Promise: whatever prompts, responses, names and logs hold, no page runs it, follows it or asks others for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from benchmarks.serving import PATIENCE_S
from curation import Workspace
from curation.index import Index
from tests.app.conftest import Visit, end_jobs, serve
from tests.app.hostile import KINDS, fill_hostile

pytestmark = pytest.mark.browser
expect.set_options(timeout=PATIENCE_S * 1000)

# What markup from a text would have left behind, anywhere, shadow roots included.
TRACES = """() => {
    const found = [];
    const look = (root) => {
        for (const each of root.querySelectorAll("*")) {
            for (const name of ["href", "src", "data", "action", "srcset", "poster", "style"]) {
                const value = each.getAttribute(name) || "";
                if (/stranger|javascript:|onerror|pwned/i.test(value)) found.push(each.outerHTML.slice(0, 300));
            }
            for (const {name} of each.attributes) {
                if (/^on/.test(name) && each.closest("svg") === null) found.push(each.outerHTML.slice(0, 300));
            }
            if (["SCRIPT", "STYLE"].includes(each.tagName) && /pwned|stranger/.test(each.textContent)) {
                found.push(each.outerHTML.slice(0, 300));
            }
            if (each.classList.contains("katex")) found.push("math: " + each.textContent.slice(0, 100));
            if (each.shadowRoot) look(each.shadowRoot);
        }
    };
    look(document);
    if (window.pwned) found.push("a script ran");
    return found;
}"""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workspace, list[str]]]:
    workspace = Workspace.create(tmp_path_factory.mktemp("hostile") / "ws", name=f"{KINDS[1]} {KINDS[21]}")
    jobs = fill_hostile(workspace)
    yield workspace, addresses(workspace, {kind: job.id for kind, job in jobs.items()})
    end_jobs(workspace)


def addresses(workspace: Workspace, jobs: dict[str, str]) -> list[str]:
    """Every page, and every view of one thing, for all candidates of which each shows another kind of text."""
    with Index.open(workspace) as index:
        index.refresh()
        found = index.query("SELECT candidate_id, prompt_id FROM scores ORDER BY candidate_id").to_pylist()
    plain = ["", "prompts", "sampling", "filters", "rejects", "mix", "training", "evaluation", "jobs"]
    details = [
        f"sampling?job={jobs['sample']}",
        f"training?run={jobs['sft']}",
        f"jobs?job={jobs['export']}",
        f"jobs?job={jobs['sft']}",
        f"evaluation?evaluation={jobs['evaluate']}",
        f"evaluation?evaluation={jobs['evaluate']}&prompt={found[0]['prompt_id']:016x}",
        *(f"rejects?status=all&candidate={row['candidate_id']:016x}" for row in found[::2]),
        *(f"prompts?prompt={row['prompt_id']:016x}" for row in found[::7]),
        *(
            f"{page}?{name}={KINDS[1]}"
            for page, name in (("prompts", "prompt"), ("rejects", "reason"), ("jobs", "job"))
        ),
    ]
    return [*plain, *details]


def settle(page: Page) -> None:
    """Wait until the page is drawn."""
    expect(page.get_by_test_id("stHeading").first).to_be_visible()
    expect(page.locator("[data-testid=stApp][data-test-script-state=running]")).to_have_count(0)
    time.sleep(0.3)  # components of their own draw after the script


def test_there_are_enough_kinds() -> None:
    assert len(set(KINDS)) >= 30


def test_hostile_text_is_inert_everywhere(hostile: tuple[Workspace, list[str]], visit: Callable[..., Visit]) -> None:
    workspace, places = hostile
    with serve(workspace.folder) as app:
        visited = visit(app.url)
        visited.page.on("dialog", lambda dialog: visited.complaints.append(f"dialog: {dialog.message}"))
        for place in places:
            visited.page.goto(f"{app.url}/{place}", wait_until="commit")
            settle(visited.page)
            assert visited.page.evaluate(TRACES) == [], place
            assert visited.strangers == [], place
            assert visited.complaints == [], place
            assert visited.page.get_by_test_id("stException").count() == 0, place
            assert visited.page.url.startswith(app.url), place


def test_the_app_log_stays_clean(hostile: tuple[Workspace, list[str]], tmp_path: Path) -> None:
    """The same pages without a browser: nothing raises, and no text is taken for Markdown."""
    from streamlit.testing.v1 import AppTest

    from benchmarks.serving import CHECKOUT

    workspace, _places = hostile
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WINNOW_WORKSPACE", str(workspace.folder))
        app = AppTest.from_file(str(CHECKOUT / "app.py"), default_timeout=PATIENCE_S).run()
        for page in ("prompts", "sampling", "filters", "rejects", "mix", "training", "evaluation", "jobs"):
            app.switch_page(f"pages/{page}.py").run()
            assert not app.exception, page
