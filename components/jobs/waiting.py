"""What a queued job waits for, in a reader's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from components.jobs.seen import SeenJob
from components.palette import kind_name
from components.text import _
from curation.errors import JobError
from curation.jobs import Job, State, open_job
from curation.jobs.folder import kind_of
from curation.jobs.state import STARTS


def model_name(config: Mapping[str, Any]) -> str:
    """The model that a job samples, with its adapter: "policy + tuned"."""
    name = Path(str(config.get("model") or "")).name
    adapter = config.get("adapter")
    return f"{name} + {Path(str(adapter)).name}" if name and adapter else name


def job_name(job: Job) -> str:
    """What a reader calls the job: its kind, with its model or its own name: "Sampling “policy”"."""
    name = _NAMES[job.kind](job.config) if job.kind in _NAMES else ""
    kind = kind_name(job.kind)
    return _("{kind} “{name}”").format(kind=kind, name=name) if name else kind


def waiting_line(seen: SeenJob) -> str:
    """What the job waits for, as plain text; empty unless it is queued."""
    if not seen.is_queued:
        return ""
    if seen.state.detail == STARTS:
        return _("Its process is starting")
    device, holder = seen.job.device or "", seen.state.holder
    kind = kind_of(holder) if holder else None
    if holder is None or kind is None:
        return _("Waits for {device}").format(device=device)
    try:
        name = job_name(open_job(seen.job.workspace.jobs / holder))
    except JobError:
        words = _("Waits until a job of another workspace ({kind}) is done with {device}")
        return words.format(kind=kind_name(kind), device=device)
    return _("Waits until {job} is done with {device}").format(job=name, device=device)


def what_it_does(seen: SeenJob) -> str:
    """What to know of its state in a line: what it waits for, what it is doing, or why it ended."""
    if seen.state.name == State.RUNNING:
        return seen.progress.note if seen.progress else ""
    return waiting_line(seen) or seen.state.detail


def _evaluated(config: Mapping[str, Any]) -> str:
    models = config.get("models")
    named = models if isinstance(models, list | tuple) else ()
    return ", ".join(str(each.get("name", "")) for each in named if isinstance(each, Mapping))


_NAMES: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "sample": model_name,
    "export": lambda config: str(config.get("name") or ""),
    "sft": lambda config: str(config.get("output") or ""),
    "evaluate": _evaluated,
}
