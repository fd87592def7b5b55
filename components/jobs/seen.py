"""Jobs as a page sees them: one look at each, how many run and wait, and the words for a job's pace and times."""

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
    def is_queued(self) -> bool:
        """Whether it was launched and waits."""
        return self.state.name == State.QUEUED and not self.is_unstarted

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


def running_and_queued(seen: Iterable[SeenJob]) -> tuple[int, int]:
    """How many of them are at work, and how many wait."""
    active = [each for each in seen if each.is_active]
    queued = sum(each.is_queued for each in active)
    return len(active) - queued, queued


def activity(seen: Iterable[SeenJob]) -> str:
    """The same in words, as Markdown: "**1** running, **1** queued"."""
    running, queued = running_and_queued(seen)
    if not queued:
        return _("**{n}** running now").format(n=running) if running else _("none running now")
    if not running:
        return _("**{n}** queued").format(n=queued)
    return _("**{running}** running, **{queued}** queued").format(running=running, queued=queued)


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
    """When it began to work, or was queued, and how long it has worked."""
    created = datetime.fromisoformat(seen.job.created)
    if seen.is_unstarted:
        return _("Created {when}").format(when=clock(created, zone))
    if seen.is_queued:
        return _("Queued {when}").format(when=clock(seen.state.since or created, zone))
    began = (_moment(seen.progress.began) if seen.progress else None) or created
    text = _("Started {when}").format(when=clock(began, zone))
    took = taken_s(seen)
    return text if took is None else f"{text} · {_('took') if not seen.is_active else _('for')} {duration(took)}"


def taken_s(seen: SeenJob) -> float | None:
    """Seconds that its attempts worked, without the time between them; None while it waits, and before it reports.

    Jobs of an older Winnow did not count them: for those, the time from their creation to now or their last report.
    """
    progress = seen.progress
    if progress is None or seen.state.name == State.QUEUED:
        return None
    if progress.worked_s is None:
        return _since_creation_s(seen.job, progress, seen.is_active)
    since = _moment(progress.updated) if seen.is_active else None
    return progress.worked_s + (_seconds_between(since, datetime.now(UTC)) if since else 0.0)


def _since_creation_s(job: Job, progress: Progress, is_active: bool) -> float | None:
    end = datetime.now(UTC) if is_active else _moment(progress.updated)
    return None if end is None else _seconds_between(datetime.fromisoformat(job.created), end)


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _seconds_between(start: datetime, end: datetime) -> float:
    return max(0.0, (end - start).total_seconds())
