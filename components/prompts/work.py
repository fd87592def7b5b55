"""Reading a big file without holding the page: the check and the import of a file run in a thread of their own.

The page asks again until they are done. A check that nobody wants any more ends within a thousand rows; an import goes
on to its end even when the browser is closed, since it writes all or nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYetError
from typing import Final, Generic, TypeVar

import streamlit as st

PATIENCE_S: Final = 0.4
POLL_S: Final = 0.5

Result = TypeVar("Result")


class NotWantedError(Exception):
    """Ends work whose result nobody waits for."""


class Work(Generic[Result]):
    """Something that runs in a thread: how many rows it has read, and its result once it is there."""

    def __init__(self, task: Callable[[Callable[[int], None]], Result]) -> None:
        self.rows = 0
        self._is_wanted = True
        self._future: Future[Result] = _threads().submit(task, self._report)

    def drop(self) -> None:
        """Nobody wants the result any more."""
        self._is_wanted = False
        self._future.cancel()

    def wait(self, patience_s: float = PATIENCE_S) -> bool:
        """Whether it is done, after waiting no longer than `patience_s` seconds."""
        try:
            self._future.exception(patience_s)
        except NotYetError:
            return False
        return True

    def result(self) -> Result:
        """What it found; raises what it raised. Ask only once `wait` has said that it is done."""
        return self._future.result(0)

    def _report(self, rows: int) -> None:
        if not self._is_wanted:
            raise NotWantedError
        self.rows = rows


@st.cache_resource(show_spinner=False, on_release=lambda threads: threads.shutdown(wait=False, cancel_futures=True))
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=4, thread_name_prefix="import")
