"""What happens by the clock while an engine works, since with long responses minutes pass between two completions."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from curation.jobs import JobContext
from curation.sampling.candidates import CandidateRows
from curation.sampling.engines import Engine
from curation.scoring.companion import ScoringCompanion

STOP_PATIENCE_S: Final = 6.0
"""After a stop is asked for, what is in flight may go on for so long; `stop` escalates after 20 s."""
_BEAT_S: Final = 0.2
_RATE_WINDOW_S: Final = 30.0


class Pulse:
    """Reports progress, writes rows that wait, watches the scoring process, and ends the engine after a stop."""

    def __init__(self, context: JobContext, total: int, done_before: int, companion: ScoringCompanion | None) -> None:
        self._context, self._companion = context, companion
        self._total, self._done_before = total, done_before
        self._rows: CandidateRows | None = None
        self._pace: deque[tuple[float, int, int]] = deque()
        self._sampling_s = 0.0

    @contextmanager
    def beating(self, rows: CandidateRows, engine: Engine) -> Iterator[None]:
        """Beat in a thread while the block runs; what went wrong in it ends the engine and is raised here."""
        self._rows = rows
        end = threading.Event()
        errors: list[BaseException] = []

        def run() -> None:
            stop_seen: float | None = None
            try:
                while not end.wait(_BEAT_S):
                    self._beat(rows)
                    if self._context.stop_requested:
                        stop_seen = stop_seen or time.monotonic()
                        if time.monotonic() - stop_seen > STOP_PATIENCE_S:
                            engine.cancel()
            except BaseException as error:
                errors.append(error)
                engine.cancel()

        thread = threading.Thread(target=run, name="pulse", daemon=True)
        started = time.monotonic()
        thread.start()
        try:
            yield
        finally:
            self._sampling_s = time.monotonic() - started
            end.set()
            thread.join()
        if errors:
            raise errors[0]

    def report(self, note: str = "") -> None:
        """Say how far sampling and scoring are."""
        samples, tokens = (self._rows.samples, self._rows.tokens) if self._rows else (0, 0)
        now = time.monotonic()
        self._pace.append((now, samples, tokens))
        while len(self._pace) > 2 and now - self._pace[0][0] > _RATE_WINDOW_S:
            self._pace.popleft()
        since, samples_then, tokens_then = self._pace[0]
        elapsed = max(now - since, 1e-3)
        rates = {"samples_per_s": (samples - samples_then) / elapsed, "tokens_per_s": (tokens - tokens_then) / elapsed}
        # A last report of "all done" makes a job finished, stop or no stop, and it is not before it is merged.
        done = min(self._done_before + samples, self._total - 1 if note else self._total)
        self._context.report(done, self._total, rates=rates, note=note, extra=self._counts())

    def conclude(self) -> None:
        """The last report: requests that the engine had no response for are failures, not work that is left."""
        samples, tokens = (self._rows.samples, self._rows.tokens) if self._rows else (0, 0)
        unanswered = self._total - self._done_before - samples
        note = f"{unanswered:,} requests had no response" if unanswered else ""
        seconds = max(self._sampling_s, 1e-3)
        rates = {"samples_per_s": samples / seconds, "tokens_per_s": tokens / seconds}
        self._context.report(
            self._total, self._total, rates=rates, failures=unanswered, note=note, extra=self._counts()
        )

    def _beat(self, rows: CandidateRows) -> None:
        rows.write()
        if self._companion is not None:
            self._companion.watch()
        self.report("finishing what is in flight" if self._context.stop_requested else "")

    def _counts(self) -> dict[str, Any]:
        counts: dict[str, Any] = {}
        if self._rows is not None:
            stopped = self._rows.stopped
            counts["finish_reasons"] = {"stop": stopped, "length": self._rows.samples - stopped}
        if self._companion is not None:
            verdicts = self._companion.verdicts
            counts["scored"] = sum(verdicts.values())
            counts["correct"] = verdicts.get("correct", 0)
            counts["verdicts"] = dict(verdicts)
        return counts
