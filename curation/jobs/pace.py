"""The pace of one attempt at a job: only what it did itself counts, not what it found."""

from __future__ import annotations

from collections import deque
from typing import Final

REPORT_EVERY_S: Final = 0.5
_WINDOW_S: Final = 60.0


class Pace:
    """Estimates the time that is left from what was done in the last minute.

    `found` is what earlier attempts had reported as done. Where it is not zero and the stage begins at zero all the
    same, the first rise is what the stage found of it, not its work.
    """

    def __init__(self, found: int = 0) -> None:
        self._points: deque[tuple[float, int]] = deque()
        self._may_find = found > 0

    def add(self, now: float, done: int, total: int) -> None:
        """Take note of a report at `now` (monotonic seconds); one without a total tells nothing of the pace yet."""
        if total <= 0:
            return
        if self._points and self._is_no_work(done):
            self._points.clear()
        if not self._points or now - self._points[-1][0] >= REPORT_EVERY_S:
            self._points.append((now, done))
            while len(self._points) > 2 and now - self._points[0][0] > _WINDOW_S:
                self._points.popleft()

    def seconds_left(self, now: float, done: int, total: int) -> float | None:
        """What the rest takes at this pace; None while that is unknown."""
        if total <= 0:
            return None
        if done >= total:
            return 0.0
        since, before = self._points[0]
        if done <= before or now <= since:
            return None
        return (total - done) * (now - since) / (done - before)

    def _is_no_work(self, done: int) -> bool:
        """Whether the stage begins anew, or has just found what is there."""
        before = self._points[0][1]
        if done <= before:
            return done < self._points[-1][1]
        is_found = self._may_find and before == 0
        self._may_find = False
        return is_found
