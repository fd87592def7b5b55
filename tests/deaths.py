"""Kills a job's process the way an out-of-memory killer does, at whatever moment of its life it is."""

from __future__ import annotations

import signal

from curation.jobs import Job
from curation.jobs.process import ProcessIdentity, wait_for_end
from curation.jobs.state import LAUNCHED, PROCESS, Attempt


def kill(job: Job) -> list[ProcessIdentity]:
    """Kill the processes that the job is recorded to run in, just started or at work; returns those it was told of.

    They are gone when this returns: a signal takes effect only when the process next gets the processor, and a resume
    before that sees a living job and does nothing.
    """
    recorded = [Attempt.read(job.folder / name) for name in (PROCESS, LAUNCHED)]
    processes = [attempt.process for attempt in recorded if attempt is not None]
    for process in processes:
        process.signal(signal.SIGKILL)
    assert wait_for_end(processes, 60.0)
    return processes
