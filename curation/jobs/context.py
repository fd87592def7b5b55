"""What a stage is given: its job, its workspace, whether it should stop, and where to report to."""

from __future__ import annotations

import json
import math
import os
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from curation.files import partial_path
from curation.jobs.folder import Job
from curation.jobs.pace import REPORT_EVERY_S, Pace
from curation.jobs.state import PROGRESS, read_progress, stopped_attempts
from curation.workspace import Workspace


class JobContext:
    """One attempt at a job, as its stage sees it."""

    def __init__(self, job: Job, attempt: str) -> None:
        self.job = job
        self.attempt = attempt
        self._stop = threading.Event()
        self._stop_looked = time.monotonic()
        self._lock = threading.Lock()
        self._pending: dict[str, Any] | None = None
        self._written = 0.0
        self._pace = Pace()
        self._last: tuple[int, int] | None = None
        self._said: dict[str, Any] | None = None  # the last report, of this attempt or of one before it
        self._known_total = 0
        self._worked_before: float | None = 0.0
        self._began = ""
        self._work_since = time.monotonic()
        self._has_appended = False

    @property
    def workspace(self) -> Workspace:
        """The workspace that the job belongs to."""
        return self.job.workspace

    @property
    def config(self) -> Mapping[str, Any]:
        """The job's whole configuration."""
        return self.job.config

    @property
    def folder(self) -> Path:
        """The job's folder."""
        return self.job.folder

    @property
    def stop_requested(self) -> bool:
        """Whether to finish what is in flight, save, and return. Cheap enough to be asked for each sample."""
        if not self._stop.is_set():
            now = time.monotonic()
            if now - self._stop_looked > 1.0:  # the file also reaches a worker on another host
                self._stop_looked = now
                if self.attempt in stopped_attempts(self.folder):
                    self._stop.set()
        return self._stop.is_set()

    def request_stop(self) -> None:
        """Make `stop_requested` true; the signal handler calls it."""
        self._stop.set()

    def input(self) -> pa.Table:
        """The table that the job was created with."""
        return self.job.input()

    def take_up(self) -> None:
        """Go on from what earlier attempts reported, and withdraw their pace, which would pass for this one's.

        For the worker that holds the job's lock, before it waits for its device.
        """
        earlier = read_progress(self.folder)
        if earlier is None:
            return
        self._pace, self._known_total = Pace(found=earlier.done), earlier.total
        self._worked_before, self._began = earlier.worked_s, earlier.began
        self._said = asdict(earlier.at_rest())
        _write(self.folder / PROGRESS, self._said)

    def begin_work(self) -> None:
        """From now on time counts as work: the device is there, and the stage begins."""
        self._work_since = time.monotonic()
        if self._worked_before is not None and not self._began:
            self._began = _now()
        self.write_last()

    def write_last(self) -> None:
        """Write the last report with the time that was worked until now, if anything was ever reported."""
        with self._lock:
            self._pending = self._pending or self._said
        self.write_pending()

    def report(
        self,
        done: int,
        total: int,
        *,
        rates: Mapping[str, float] | None = None,
        failures: int = 0,
        note: str = "",
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        """Say how far the stage is; call it as often as you like, it writes at most twice a second.

        The time that is left is estimated from the pace of the last minute of this attempt. A `total` of 0 says that
        it is not known yet; the one that an earlier attempt reported is shown meanwhile.
        """
        now = time.monotonic()
        with self._lock:
            self._last = (done, total)
            self._pace.add(now, done, total)
            self._pending = self._said = {
                "done": done,
                "total": total or self._known_total,
                "rates": dict(rates or {}),
                "eta_s": self._pace.seconds_left(now, done, total),
                "failures": failures,
                "note": note,
                "extra": dict(extra or {}),
            }
        self.write_pending(now)

    def write_pending(self, now: float | None = None) -> None:
        """Write the last report, unless one was written less than half a second before `now`."""
        with self._lock:
            if self._pending is None or (now is not None and now - self._written < REPORT_EVERY_S):
                return
            timed = {"updated": _now(), "worked_s": self._worked_s(), "began": self._began}
            _write(self.folder / PROGRESS, self._pending | timed)
            self._pending = None
            self._written = time.monotonic()

    def metrics(self, row: Mapping[str, float | int | str]) -> None:
        """Append one line to metrics.jsonl; what is not finite is written as null, since JSON has no word for it."""
        known = {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in row.items()}
        line = json.dumps(known, ensure_ascii=False, allow_nan=False) + "\n"
        with (self.folder / "metrics.jsonl").open("ab+") as file:
            if file.tell() and not self._has_appended:
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":  # a killed attempt left half a line
                    line = "\n" + line
            file.write(line.encode())
        self._has_appended = True

    @property
    def is_complete(self) -> bool:
        """Whether the last report said that everything is done."""
        return self._last is not None and 0 < self._last[1] <= self._last[0]

    def _worked_s(self) -> float | None:
        """Seconds of work of all attempts together; None where an earlier one, of an older Winnow, did not tell."""
        if self._worked_before is None:
            return None
        return round(self._worked_before + time.monotonic() - self._work_since, 3)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _write(path: Path, report: Mapping[str, Any]) -> None:
    try:
        _replace_unsynced(path, report)
    except OSError as error:
        # progress is no record; the shards will say that the disk is full
        print(f"progress could not be written: {error}", file=sys.stderr)


def _replace_unsynced(path: Path, value: object) -> None:
    # no fsync twice a second: after a power cut an old report, or none, is as good
    temporary = partial_path(path)
    try:
        temporary.write_text(json.dumps(value, ensure_ascii=False) + "\n", encoding="utf-8")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
