"""How fast pages open and answer a click, in a real headless browser: python benchmarks/pages.py [--quick]

The app is served as a process of its own on `--workspace` (the demo's; where there is none, a filled temporary one) and
driven with Debian's chromium. Beside it a bare Streamlit app is served: two pages with a title, a toggle and a line of
text. Both are measured in turns, and medians are compared.

A page is open when its title is visible and its script at rest; one click is answered when everything that it is to
change reads differently. The browser keeps the time: from the release of the mouse button to the first frame in which
that holds. Before the rounds every page is opened once, since the server imports its parts then; the slowest of those
visits is told on the standard error, as is a click that a workspace has nothing for. The Overview has no click.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.report import report
from benchmarks.serving import CHECKOUT, PATIENCE_S, serve
from curation import Workspace
from tests.app.filled_workspace import fill

GOAL_OPEN_S: Final = 1.0
GOAL_CLICK_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Click:
    """Where to press, and what has to read differently afterwards; all are CSS selectors.

    One of `changes` may end in " >> words", which its elements must hold; the URL's `parameter` has to change too.
    """

    press: str
    changes: tuple[str, ...]
    parameter: str = ""


CLICKS: Final = {
    "prompts": Click(
        ".st-key-prompts-on button", (".st-key-prompts-pager", "[class*=st-key-prompts-table] td"), "from"
    ),
    "sampling": Click(".st-key-sampling-domains [role=toolbar] button >> nth=0", ("p >> prompts ×",)),
    "filters": Click(
        "[class*=st-key-filters-default-mixed_language-on-] label",
        ("[data-testid=stMain] p >> scored candidates", ".st-key-filters-funnel svg text"),
    ),
    "rejects": Click(
        ".st-key-rejects-next button", (".st-key-rejects-pane [data-testid=stBidiComponentIsolated]",), "candidate"
    ),
    "mix": Click(
        ".st-key-mix-tab [role=tab][aria-selected=false]", (":is(.st-key-mix-quotas, .st-key-mix-lengths) svg text",)
    ),
    "training": Click(".st-key-url-axis [aria-checked=false] >> nth=0", (".st-key-training-curves canvas",), "axis"),
    "evaluation": Click(
        ".st-key-url-domain [aria-checked=false] >> nth=0", (".st-key-evaluation-habits svg text",), "domain"
    ),
    "jobs": Click("[class*=st-key-choose-] button >> nth=1", ("[data-testid=stMain] h3",), "job"),
}
"""Page → a click that its readers do often."""

NAMES: Final = ("overview", "prompts", "sampling", "filters", "rejects", "mix", "training", "evaluation", "jobs")
TITLES: Final = {name: name.title() for name in NAMES} | {"mix": "Mix and export"}

BARE: Final = """
import streamlit as st

def draw(name):
    st.title(name, anchor=False)
    st.text(f"This is {st.toggle('Turn')}.")

one = st.Page(lambda: draw("one"), title="one", default=True)
st.navigation([one, st.Page(lambda: draw("two"), title="two", url_path="two")]).run()
"""
BARE_CLICK: Final = Click("[data-testid=stMain] label", ("[data-testid=stMain] [data-testid=stText]",))

WATCH: Final = """
({title, changes, parameter}) => {
    const text = element => {
        if (element.tagName !== 'CANVAS') return (element.shadowRoot || element).textContent;
        const {width, height} = element, foot = Math.min(height, 100);  // the axis and its name; nothing moves there
        const pixels = element.getContext('2d').getImageData(0, height - foot, width, foot).data;
        return String(pixels.reduce((sum, value, index) => (sum + value * (index % 9973)) % 1e12, 0));
    };
    const shown = element => element.closest('canvas td') || element.getClientRects().length;
    const read = change => {
        const [selector, words] = change.split(' >> ');
        const elements = [...document.querySelectorAll(selector)].filter(shown).map(text);
        return elements.filter(each => !words || each.includes(words)).join('|');
    };
    const chosen = () => parameter && new URL(location).searchParams.get(parameter);
    const before = changes.map(read), chosenBefore = chosen();
    const holds = () => {
        if (!title) {
            const isNew = (change, index) => { const now = read(change); return now && now !== before[index]; };
            return changes.every(isNew) && (!parameter || chosen() !== chosenBefore);
        }
        const heading = document.querySelector('[data-testid=stMain] h1');
        const state = document.querySelector('[data-testid=stApp]').dataset.testScriptState;
        return heading && shown(heading) && heading.textContent === title && state !== 'running';
    };
    const bench = window.bench = {started: 0, ended: 0};
    addEventListener('pointerup', () => { bench.started = performance.now(); }, {capture: true, once: true});
    const look = () => {
        if (bench.started && holds()) bench.ended = performance.now();
        else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
}
"""
"""Starts to watch for a title, or for changes and a parameter of the URL; `window.bench` holds when that came."""


class Reader:
    """A reader with the app open in a window of its own, who rests a little before each click."""

    def __init__(self, browser: Browser, url: str, rest_s: float) -> None:
        self._page: Page = browser.new_context(viewport={"width": 1280, "height": 1000}, locale="en-GB").new_page()
        self._page.set_default_timeout(PATIENCE_S * 1000)
        self._rest_s = rest_s
        self._page.goto(url)
        self._page.locator("h1").wait_for()
        self._page.wait_for_function("!document.body.textContent.includes('Taking in the workspace')")

    def open(self, address: str, title: str) -> float:
        """Seconds from following a link of the navigation to the page."""
        self._rest()
        return self._time(f"[data-testid=stSidebarNavLink][href$='/{address}']", title, (), "")

    def click(self, click: Click) -> float | None:
        """Seconds from the click to its effect; None where there is nothing to click."""
        self._rest()
        if not self._page.locator(click.press).count():
            return None
        return self._time(click.press, "", click.changes, click.parameter)

    def _rest(self) -> None:
        self._page.wait_for_timeout(self._rest_s * 1000)  # charts draw after the script has ended
        self._page.wait_for_function("!document.querySelector('[data-test-script-state=running]')")

    def _time(self, press: str, title: str, changes: tuple[str, ...], parameter: str) -> float:
        target = self._page.locator(press)
        target.scroll_into_view_if_needed()
        self._page.evaluate(WATCH, {"title": title, "changes": list(changes), "parameter": parameter})
        target.click()
        self._page.wait_for_function("window.bench.ended")
        return float(self._page.evaluate("window.bench.ended - window.bench.started")) / 1000


def measure(ours: Reader, bare: Reader, rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Metric → our seconds and those of the bare page beside it, a pair a round."""
    pairs: dict[str, list[tuple[float, float]]] = defaultdict(list)
    addresses = {name: "" if name == "overview" else name for name in TITLES}
    first = max(ours.open(addresses[name], TITLES[name]) for name in [*list(TITLES)[1:], "overview", "jobs"])
    print(f"the slowest first visit: {first:.2f} s", file=sys.stderr)
    bare.open("two", "two")
    for turn in range(rounds):
        for number, name in enumerate(TITLES):
            beside = bare.open("", "one") if (number + turn) % 2 == 0 else bare.open("two", "two")
            pairs[f"open_{name}_s"].append((ours.open(addresses[name], TITLES[name]), beside))
            if name in CLICKS and (taken := ours.click(CLICKS[name])) is not None:
                pairs[f"click_{name}_s"].append((taken, bare.click(BARE_CLICK) or 0.0))
            elif name in CLICKS:
                print(f"nothing to click in this workspace: {name}", file=sys.stderr)
    return pairs


def main() -> None:
    """Print one JSON object a metric."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workspace", type=Path, default=CHECKOUT / "demo-workspace")
    parser.add_argument("--quick", action="store_true", help="three rounds, under a minute")
    chosen = parser.parse_args()
    executable = shutil.which("chromium")
    if executable is None:
        sys.exit("chromium is missing: apt-get install chromium")
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack:
        folder = chosen.workspace
        if not (folder / "workspace.toml").exists():
            folder = Path(scratch) / "filled"
            fill(Workspace.create(folder, name="Filled"), prompts=1200, samples=4)
        bare_script = Path(scratch) / "bare.py"
        bare_script.write_text(BARE)
        urls = [stack.enter_context(serve(folder, script=script)).url for script in (CHECKOUT / "app.py", bare_script)]
        driver = stack.enter_context(sync_playwright())
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = driver.chromium.launch(executable_path=executable, args=arguments)
        ours, bare = (Reader(browser, url, 0.1 if chosen.quick else 0.5) for url in urls)
        pairs = measure(ours, bare, 3 if chosen.quick else 5)
        browser.close()
    for metric, each in pairs.items():
        seconds, beside = (statistics.median(column) for column in zip(*each, strict=True))
        goal, what = (GOAL_OPEN_S, "title") if metric.startswith("open") else (GOAL_CLICK_S, "toggle")
        named = f"{beside:.2f} s: a bare page with a {what}; ours takes {seconds / beside:.1f} times as long"
        report(metric, seconds, "s", named, goal, seconds <= goal)


if __name__ == "__main__":
    main()
