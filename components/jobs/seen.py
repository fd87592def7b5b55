"""Jobs as a page sees them: one look at each, with the words for its pace and its times."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Final

from components.format import clock, duration, number, rate, share
from components.text import _, plural
from curation.jobs import Job, JobState, Progress, State, list_jobs
from curation.jobs.state import NOT_STARTED
from curation.workspace import Workspace

ACTIVE: Final = (State.QUEUED, State.RUNNING, State.STOPPING)
RESUMABLE: Final = (State.STOPPED, State.FAILED, State.LOST)
REFRESH_S: Final = 2.0
"""How often a live part of a page looks again, in seconds."""

IDLE_S: Final = 5.0
"""How often a page at rest looks whether a job was started elsewhere, in seconds."""


@dataclass(frozen=True, slots=True)
class SeenJob:
    """A job with its state and progress at one moment."""

    job: Job
    state: JobState
    progress: Progress | None

    @property
    def is_active(self) -> bool:
        """Whether it runs, or will without anybody doing anything."""
        return self.state.name in ACTIVE and not self.is_unstarted

    @property
    def is_unstarted(self) -> bool:
        """Created, and never launched: it stays queued until somebody starts it."""
        return self.state == NOT_STARTED

    @property
    def can_resume(self) -> bool:
        """Whether launching it again would do something."""
        return self.state.name in RESUMABLE or self.is_unstarted


def look(job: Job) -> SeenJob:
    """Read a job's state and progress now."""
    state = job.state()
    return SeenJob(job, state, job.progress())


def look_at_all(workspace: Workspace) -> list[SeenJob]:
    """Every job of the workspace, newest first."""
    return [look(job) for job in reversed(list_jobs(workspace))]


def fingerprint(seen: Iterable[SeenJob]) -> tuple[tuple[str, str], ...]:
    """What must change before a page that is not live has to be drawn anew."""
    return tuple((each.job.id, each.state.name) for each in seen)


def amount_line(progress: Progress | None) -> str:
    """How much is done: "1,234 of 4,800 · 26 %"."""
    if progress is None:
        return _("Nothing reported yet")
    if progress.total <= 0:
        return _("{done} done").format(done=number(progress.done))
    text = _("{done} of {total}").format(done=number(progress.done), total=number(progress.total))
    return f"{text} · {share(progress.done, progress.total)}"


def pace_line(seen: SeenJob) -> str:
    """Rates, the time that is left and failures: "263 samples/s · 3 min left · 2 failures"."""
    progress = seen.progress
    if progress is None:
        return ""
    parts = []
    if seen.is_active:
        parts += [rate(name, value) for name, value in progress.rates.items()]
        if progress.eta_s is not None and progress.done < progress.total:
            parts.append(_("{time} left").format(time=duration(progress.eta_s)))
    if progress.failures:
        failures = plural("{n} failure", "{n} failures", progress.failures)
        parts.append(failures.format(n=number(progress.failures)))
    return " · ".join(parts)


def started_line(seen: SeenJob, zone: tzinfo) -> str:
    """When it was created and how long it took, or has been going."""
    created = datetime.fromisoformat(seen.job.created)
    text = _("Started {when}").format(when=clock(created, zone))
    took = taken_s(seen)
    return text if took is None else f"{text} · {_('took') if not seen.is_active else _('for')} {duration(took)}"


def taken_s(seen: SeenJob) -> float | None:
    """Seconds from its creation to now, or to its last report once it has ended; None before its first report."""
    created = datetime.fromisoformat(seen.job.created)
    if seen.is_active:
        return max(0.0, (datetime.now(UTC) - created).total_seconds())
    if seen.progress is None or not seen.progress.updated:
        return None
    return max(0.0, (datetime.fromisoformat(seen.progress.updated) - created).total_seconds())
