"""What the files of a job folder say of its state; nothing here starts or stops anything."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from curation.jobs.process import ProcessIdentity

LAUNCHED: Final = "launched.json"
PROCESS: Final = "process.json"
OUTCOME: Final = "outcome.json"
STOP: Final = "stop.json"
PROGRESS: Final = "progress.json"
ATTEMPT_TIME: Final = "%Y%m%dT%H%M%S%f"


class State(StrEnum):
    """The states of a job."""

    QUEUED = "queued"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FINISHED = "finished"
    FAILED = "failed"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class JobState:
    """A state and, in a few words, why."""

    name: State
    detail: str = ""
    since: datetime | None = None  # while it is queued: when it was launched, as far as that is known
    holder: str | None = None  # while it waits for its device: the job that has it, maybe one of another workspace

    @property
    def has_ended(self) -> bool:
        """Nothing more will happen unless somebody resumes the job."""
        return self.name in (State.STOPPED, State.FINISHED, State.FAILED, State.LOST)


NOT_STARTED: Final = JobState(State.QUEUED, "not started yet")
STARTS: Final = "starts"
"""The detail of a queued job whose process has not said anything yet."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is; `done` and `total` count whatever the stage counts, `rates` are per second."""

    done: int
    total: int
    rates: Mapping[str, float] = field(default_factory=dict)
    eta_s: float | None = None  # seconds that are left, None while unknown
    failures: int = 0
    note: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    updated: str = ""  # ISO 8601, UTC; empty until the latest attempt begins to work
    worked_s: float | None = None  # seconds of work of all attempts together, None in jobs of an older Winnow
    began: str = ""  # when the first attempt began to work; ISO 8601, UTC, empty in jobs of an older Winnow

    @property
    def share(self) -> float:
        """Done / total, in [0, 1]; 0 where the total is unknown."""
        return min(1.0, self.done / self.total) if self.total > 0 else 0.0

    def at_rest(self) -> Progress:
        """What is left of it while nobody works on the job: no pace, and nothing that is just being done."""
        return replace(self, rates={}, eta_s=None, note="", updated="")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One launch of a job: who runs it, and since when. `waits_for` is set while it waits for its device."""

    id: str
    process: ProcessIdentity
    waits_for: str | None = None
    holder: str | None = None  # the job that has the device, where that is known

    @property
    def launched(self) -> datetime | None:
        """When it was launched, which its id says."""
        try:
            return datetime.strptime(self.id.partition("-")[0], ATTEMPT_TIME).replace(tzinfo=UTC)
        except ValueError:
            return None

    @classmethod
    def read(cls, path: Path) -> Attempt | None:
        """The attempt that a launcher or a worker recorded in `path`, if any."""
        record = read_record(path)
        if record is None:
            return None
        process = ProcessIdentity.from_json(record)
        if process is None:
            return None
        return cls(str(record.get("attempt", "")), process, record.get("waits_for"), record.get("holder"))


def read_record(path: Path) -> dict[str, Any] | None:
    """A small JSON object, or None where it is absent or was cut short by a power loss."""
    try:
        record = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) else None


def read_state(folder: Path) -> JobState:
    """The state of the job in `folder`."""
    # The launcher's record is read first: a worker that takes over in between is then seen in its own.
    launched = Attempt.read(folder / LAUNCHED)
    running = Attempt.read(folder / PROCESS)
    outcome = read_record(folder / OUTCOME)
    has_outcome = outcome is not None and outcome.get("attempt") == (running.id if running else None)
    asked = stopped_attempts(folder)

    if running and not has_outcome and running.process.is_alive():
        if running.id in asked:
            return JobState(State.STOPPING, "it was asked to stop")
        if running.waits_for is not None:
            return JobState(State.QUEUED, f"waits for {running.waits_for}", running.launched, running.holder)
        return JobState(State.RUNNING)
    latest = running
    if launched and (running is None or launched.id != running.id):
        if launched.process.is_alive():
            if launched.id in asked:
                return JobState(State.STOPPING, "it was asked to stop")
            return JobState(State.QUEUED, STARTS, launched.launched)
        # the worker may have taken over, or ended, between the two looks
        if Attempt.read(folder / PROCESS) != running or Attempt.read(folder / LAUNCHED) != launched:
            return read_state(folder)
        latest, has_outcome = launched, False
    if not has_outcome:  # it may have been written between the two looks
        outcome = read_record(folder / OUTCOME)
        has_outcome = outcome is not None and outcome.get("attempt") == (latest.id if latest else None)
    if outcome is not None and has_outcome:
        return JobState(State(outcome["state"]), str(outcome.get("message", "")))
    if latest is None:
        return NOT_STARTED
    if latest.id in asked:
        early = latest != running
        return JobState(State.STOPPED, "before it started" if early else "it did not stop when asked, and was killed")
    return JobState(State.LOST, _why_lost(latest.process))


def stopped_attempts(folder: Path) -> frozenset[str]:
    """The attempts that somebody asked to stop."""
    record = read_record(folder / STOP)
    return frozenset(map(str, record.get("attempts", ()))) if record else frozenset()


def live_attempts(folder: Path) -> list[Attempt]:
    """The attempts whose process lives: none or one, or two while a second resume is about to see the lock."""
    found = {attempt.id: attempt for name in (PROCESS, LAUNCHED) if (attempt := Attempt.read(folder / name))}
    return [attempt for attempt in found.values() if attempt.process.is_alive()]


def read_progress(folder: Path) -> Progress | None:
    """What the job last reported, or None before its first report.

    What an attempt before the latest one reported says nothing of the pace any more, and is given at rest.
    """
    record = read_record(folder / PROGRESS)
    if record is None:
        return None
    try:
        progress = Progress(
            done=int(record["done"]),
            total=int(record["total"]),
            rates=dict(record.get("rates") or {}),
            eta_s=_seconds(record.get("eta_s")),
            failures=int(record.get("failures") or 0),
            note=str(record.get("note") or ""),
            extra=dict(record.get("extra") or {}),
            updated=_moment(record.get("updated")),
            worked_s=_seconds(record.get("worked_s")),
            began=_moment(record.get("began")),
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    return progress.at_rest() if _is_of_an_earlier_attempt(folder) else progress


def _seconds(value: object) -> float | None:
    return value if isinstance(value, int | float) and math.isfinite(value) else None


def _moment(value: object) -> str:
    try:
        return str(value) if datetime.fromisoformat(str(value)).tzinfo else ""
    except ValueError:
        return ""


def _is_of_an_earlier_attempt(folder: Path) -> bool:
    """Whether an attempt was launched that has not taken over yet; its worker withdraws the pace when it does."""
    launched = Attempt.read(folder / LAUNCHED)
    if launched is None:
        return False
    running = Attempt.read(folder / PROCESS)
    return running is None or running.id < launched.id


def _why_lost(process: ProcessIdentity) -> str:
    if not process.is_of_this_boot:
        return f"it was started on {process.host}, and that machine was restarted since, or is not this one"
    return "its process ended without saying why (killed, or out of memory); the log may know more. It can be resumed"
