"""The counts that pages draw, kept up to date by one thread a workspace, so that a page never waits for a big intake.

The index itself, with its file lock, is opened once a process and shared by every browser tab.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYetError
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeVar

import streamlit as st

from curation.breakdowns import DifficultyBand, LengthBin, by_difficulty, by_length
from curation.errors import WinnowError
from curation.funnel import Funnel, funnel
from curation.index import Index
from curation.thresholds import ThresholdSet, load_thresholds
from curation.workspace import Workspace

FRESH_S: Final = 1.0
PATIENCE_S: Final = 0.4
_GENERAL: Final = "SELECT count(*) AS samples FROM general"


Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Counted:
    """What the workspace held when it was last looked at. `left_out` names the files that could not be read."""

    funnel: Funnel
    thresholds: ThresholdSet
    general: int  # ready general samples
    difficulty: tuple[DifficultyBand, ...] = ()
    lengths: tuple[LengthBin, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class View:
    """The latest counts, None before the first; `is_behind` while newer files are being taken in."""

    counted: Counted | None
    is_behind: bool


class LiveIndex:
    """One workspace's index with the counts drawn from it; one instance serves many threads."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="index")
        self._lock = threading.Lock()
        self._index: Index | None = None
        self._running: tuple[Future[Counted], int] | None = None  # a look, and the wishes that it knows of
        self._wishes = 0  # how often somebody asked to look anew
        self._counted: Counted | None = None
        self._looked = float("-inf")
        self._is_counted = False  # whether `_counted` is what the index holds

    def view(self, patience_s: float = PATIENCE_S) -> View:
        """The counts, brought up to date if that takes no longer than `patience_s` seconds.

        Raises WinnowError when the last attempt to look failed, and looks again at the next call.
        """
        end = time.monotonic() + patience_s
        while True:
            with self._lock:
                wishes = self._wishes
                if self._running is None:
                    if self._counted is not None and time.monotonic() - self._looked < FRESH_S:
                        return View(self._counted, is_behind=False)
                    self._running = (self._worker.submit(self._run, wishes), wishes)
                running, known = self._running
            try:
                counted = running.result(max(0.0, end - time.monotonic()))
            except NotYetError:
                return View(self._counted, is_behind=True)
            if known == wishes:
                return View(counted, is_behind=False)

    def glance(self) -> View:
        """`view`, or nothing known where files cannot be read: for how a page is laid out, before a part tells why."""
        try:
            return self.view()
        except WinnowError:
            return View(None, is_behind=False)

    def ask(self, question: Callable[[Index], Answer]) -> Answer | None:
        """What `question` finds in the index as it is; None before the workspace was first taken in.

        It runs in the calling thread, beside an intake that goes on, and must read through `Index.reading` or `query`.
        """
        return None if self._index is None or self._counted is None else question(self._index)

    def forget(self) -> None:
        """Look again at the next call, however fresh the counts are."""
        with self._lock:
            self._wishes += 1
            self._looked = float("-inf")

    def close(self) -> None:
        """Give the index back; the cache calls it when the app ends or the workspace leaves the cache."""
        self._worker.shutdown(wait=True, cancel_futures=True)
        if self._index is not None:
            self._index.close()

    def _run(self, wishes: int) -> Counted:
        """A look, whose result is kept even where nobody waits for it any more."""
        try:
            counted = self._look()
        except BaseException:
            with self._lock:
                self._running = None
            raise
        with self._lock:
            self._running = None
            self._counted = counted
            self._looked = time.monotonic() if wishes == self._wishes else float("-inf")
        return counted

    def _look(self) -> Counted:
        if self._index is None:
            self._index = Index.open(self._workspace)
        report = self._index.refresh(on_corrupt="skip")
        self._is_counted &= not report.changed
        thresholds = load_thresholds(self._workspace)
        before = self._counted
        if before is not None and self._is_counted and before.thresholds == thresholds:
            return replace(before, left_out=report.corrupt)  # counting costs seconds where there are millions
        general = self._index.query(_GENERAL)["samples"][0].as_py()
        counted = Counted(
            funnel(self._index, thresholds),
            thresholds,
            int(general),
            by_difficulty(self._index, thresholds),
            by_length(self._index, thresholds),
            report.corrupt,
        )
        self._is_counted = True
        return counted


@st.cache_resource(max_entries=4, show_spinner=False, on_release=LiveIndex.close)
def _live_index(folder: Path, identity: tuple[int, int]) -> LiveIndex:
    return LiveIndex(Workspace(folder))


def live_index(workspace: Workspace) -> LiveIndex:
    """The shared index of a workspace; a folder that was deleted and made again gets a new one."""
    stat = workspace.folder.stat()
    return _live_index(workspace.folder, (stat.st_dev, stat.st_ino))
