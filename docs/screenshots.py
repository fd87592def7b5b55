"""Takes the pictures of the tour: every page of a finished demo, light and dark, at two widths.

    python docs/screenshots.py [--workspace demo-workspace] [--output docs/images] [--page NAME …]

Needs Debian's chromium. `make screenshots` runs the demo first where there is none.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.serving import CHECKOUT, PATIENCE_S, serve

PAGES: Final = {
    "overview": "",
    "prompts": "prompts?domain=math",
    "sampling": "sampling",
    "filters": "filters",
    "rejects": "rejects?reason=mixed_language",
    "mix": "mix?mix=all",
    "training": "training",
    "evaluation": "evaluation",
    "jobs": "jobs",
}
"""Picture → address of the page in it."""

SCHEMES: Final = ("light", "dark")
WIDTHS: Final = (1280, 1920)
TALLEST_PX: Final = 1500


def take(page: Page, address: str, target: Path) -> None:
    """Open a page, wait until it is drawn, and write its picture, as tall as the page up to a bound."""
    width = page.viewport_size["width"] if page.viewport_size else WIDTHS[0]
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(address)
    page.get_by_test_id("stHeading").first.wait_for()
    _settle(page)
    height = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
    page.set_viewport_size({"width": width, "height": max(800, min(int(height), TALLEST_PX))})
    _settle(page)
    page.screenshot(path=target)


def _settle(page: Page) -> None:
    time.sleep(1.0)
    page.wait_for_function(
        "!document.querySelector('[data-testid=stApp][data-test-script-state=running]')", timeout=PATIENCE_S * 1000
    )
    time.sleep(1.0)  # charts draw after the script has ended


def take_all(browser: Browser, url: str, output: Path, pages: list[str]) -> None:
    """Every page in every scheme and width."""
    output.mkdir(parents=True, exist_ok=True)
    for scheme in SCHEMES:
        for width in WIDTHS:
            context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900}, locale="en-GB")
            page = context.new_page()
            for name in pages:
                target = output / f"{name}-{scheme}-{width}.png"
                take(page, f"{url}/{PAGES[name]}", target)
                print(target, flush=True)
            context.close()


def main() -> None:
    """Serve the workspace and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workspace", type=Path, default=CHECKOUT / "demo-workspace")
    parser.add_argument("--output", type=Path, default=CHECKOUT / "docs" / "images")
    parser.add_argument("--page", action="append", choices=list(PAGES), help="only this page (repeatable)")
    chosen = parser.parse_args()
    executable = shutil.which("chromium")
    if executable is None:
        sys.exit("chromium is missing: apt-get install chromium")
    if not (chosen.workspace / "workspace.toml").exists():
        sys.exit(f"{chosen.workspace} is no workspace; make one with `winnow demo --workspace {chosen.workspace}`.")
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--hide-scrollbars"]
    with serve(chosen.workspace) as app, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable, args=arguments)
        take_all(browser, app.url, chosen.output, chosen.page or list(PAGES))
        browser.close()


if __name__ == "__main__":
    main()
