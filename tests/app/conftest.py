"""Workspaces, the app under AppTest, and the real app behind a real browser; nothing is left running."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright
from playwright.sync_api import Error as PlaywrightError
from streamlit.testing.v1 import AppTest

from benchmarks import serving
from benchmarks.serving import CHECKOUT, PATIENCE_S, Served
from components.live_index import live_index
from curation import Workspace
from curation.errors import WinnowError
from curation.jobs import list_jobs, stop
from tests.app.filled_workspace import fill


@pytest.fixture(scope="session")
def filled_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    workspace = Workspace.create(tmp_path_factory.mktemp("app") / "filled", name="Filled & <b>bold</b>")
    fill(workspace)
    return workspace.folder


@pytest.fixture
def filled(filled_once: Path, tmp_path: Path) -> Iterator[Workspace]:
    """A copy of the filled workspace of this test's own."""
    workspace = Workspace.open(shutil.copytree(filled_once, tmp_path / "filled"))
    yield workspace
    end_jobs(workspace)


@pytest.fixture
def empty(workspace: Workspace) -> Iterator[Workspace]:
    yield workspace
    end_jobs(workspace)


def end_jobs(workspace: Workspace) -> None:
    """Stop every job; the demo comes first, since it launches the others."""
    for job in list_jobs(workspace):
        stop(job, grace_s=0.0)
    for job in list_jobs(workspace):
        stop(job, grace_s=0.0)


@pytest.fixture
def open_app(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], AppTest]:
    """Runs the app on a folder whose index has been taken in."""

    def run(folder: Path) -> AppTest:
        monkeypatch.setenv("WINNOW_WORKSPACE", str(folder))
        with suppress(WinnowError):  # a broken workspace is what the page has to tell
            live_index(Workspace.open(folder)).view(PATIENCE_S)
        # one run only: a second one would run the page alone, without app.py and its sidebar
        return AppTest.from_file(str(CHECKOUT / "app.py"), default_timeout=PATIENCE_S).run()

    return run


@contextmanager
def serve(folder: Path, ends: Literal["terminate", "kill"] = "terminate") -> Iterator[Served]:
    """The app on a workspace; it has written no warning and no error when it is ended."""
    with tempfile.TemporaryFile("w+") as log:
        try:
            with serving.serve(folder, log=log, ends=ends) as served:
                yield served
        finally:
            log.seek(0)
            written = log.read()
            print(written)  # explains a failure
    assert not re.search("warning|error|exception|traceback", written, re.IGNORECASE), written


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    executable = shutil.which("chromium")
    if executable is None:
        if os.environ.get("CI") == "true":
            pytest.fail("chromium is missing, and under CI that is a failure")
        pytest.skip("chromium is missing: apt-get install chromium")
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=executable, args=arguments, timeout=PATIENCE_S * 1000)
        yield started
        started.close()


class Visit:
    """A page in the browser, with everything it complained of and every address outside loopback that it asked for."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.strangers: list[str] = []
        page.set_default_timeout(PATIENCE_S * 1000)
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self._note(request.url))
        page.on("websocket", lambda socket: self._note(socket.url))

    def words(self) -> str:
        """What can be read on the page, as far as the browser still answers."""
        try:
            return self.page.inner_text("body", timeout=5000)[:2000]
        except PlaywrightError as error:
            return f"unknown: {error}"

    def _hear(self, message: ConsoleMessage) -> None:
        # Opened by the address of a page, Streamlit first asks for itself below that address and gets a 404.
        probes = "404" in message.text and "/_stcore/" in message.location.get("url", "")
        if message.type in ("error", "warning") and not probes:
            self.complaints.append(f"{message.text} ({message.location.get('url', '')})")

    def _note(self, url: str) -> None:
        if not url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:")):
            self.strangers.append(url)


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visit]]:
    """Opens pages: `visit(url, scheme="dark", width=1920)`."""
    contexts = []
    visits: list[Visit] = []

    def go(url: str, *, scheme: str = "light", width: int = 1280) -> Visit:
        context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 1000})  # type: ignore[arg-type]
        contexts.append(context)
        visited = Visit(context.new_page())
        visits.append(visited)
        visited.page.goto(url, wait_until="commit")
        return visited

    yield go
    for visited in visits:  # shown where the test failed
        print(visited.page.url, visited.complaints, visited.words(), sep="\n")
    for context in contexts:
        context.close()
