"""Starting, stopping and resuming jobs from any process: the app, the command line or a notebook."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import curation
from curation.errors import JobError
from curation.files import write_json, writing
from curation.jobs.folder import Job
from curation.jobs.process import ProcessIdentity, end_session, wait_for_end
from curation.jobs.state import (
    ATTEMPT_TIME,
    LAUNCHED,
    NOT_STARTED,
    OUTCOME,
    PROCESS,
    STOP,
    Attempt,
    JobState,
    Progress,
    State,
    live_attempts,
    stopped_attempts,
)

ATTEMPT_VARIABLE: Final = "WINNOW_ATTEMPT"
_CHECKOUT: Final = Path(curation.__file__).parents[1]


def launch(job: Job) -> None:
    """Start the job's process, detached: it outlives this one, and its output goes to the job's log.

    Does nothing when the job's process lives already. It runs in the checkout's folder, so paths in a job's
    configuration are absolute. Raises JobError when the process cannot be started.
    """
    if live_attempts(job.folder) and not job.state().has_ended:  # a worker lives on a moment after its outcome
        return
    sweep(job)
    attempt = new_attempt()
    environment = {**os.environ, ATTEMPT_VARIABLE: attempt, "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"}
    with writing(job.log_path), job.log_path.open("ab") as log:
        log.write(f"== attempt {attempt}\n".encode())
        log.flush()
        try:
            process = subprocess.Popen(
                [sys.executable, "-m", job.module, str(job.folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=_CHECKOUT,
                env=environment,
            )
        except OSError as error:
            raise JobError(f"job {job.id} cannot be started: {error}") from error
    identity = ProcessIdentity.of(process.pid)
    if identity is not None:
        write_json(job.folder / LAUNCHED, {"attempt": attempt, **asdict(identity)})
    # reaped here while this process lives, by init afterwards
    threading.Thread(target=process.wait, name=f"reaper of {job.id}", daemon=True).start()


def resume(job: Job) -> None:
    """Launch the job again: work whose key is in its shards is skipped. Does nothing when it is alive."""
    launch(job)


def request_stop(job: Job) -> None:
    """Ask the job to stop, and return at once; `stop` also waits, and escalates."""
    attempts = live_attempts(job.folder)
    names = {attempt.id for attempt in attempts}
    if not names and job.state() == NOT_STARTED:
        write_json(job.folder / OUTCOME, {"attempt": None, "state": State.STOPPED, "message": "before it started"})
        return
    if names - stopped_attempts(job.folder):
        write_json(job.folder / STOP, {"attempts": sorted(names)})
    for attempt in attempts:
        attempt.process.signal(signal.SIGTERM)


def stop(job: Job, grace_s: float = 20.0) -> JobState:
    """Ask the job to stop, wait `grace_s` seconds, then end whatever is left of its session. Returns its state.

    Stopping a job that has ended, or is lost, ends what it left running. Raises JobError when a process does not end.
    """
    attempts = live_attempts(job.folder)
    request_stop(job)
    if not wait_for_end([attempt.process for attempt in attempts], grace_s):
        for attempt in attempts:
            end_session(attempt.process)
    sweep(job)
    return job.state()


def sweep(job: Job) -> int:
    """End what a dead attempt left of its session (engines, workers). Returns how many processes that were.

    A living attempt is left alone. Raises JobError when a process does not end.
    """
    return sweep_folder(job.folder)


def sweep_folder(folder: Path) -> int:
    """`sweep` for the job in `folder`."""
    ended = 0
    for name in (PROCESS, LAUNCHED):
        attempt = Attempt.read(folder / name)
        if attempt is not None and not attempt.process.is_alive():
            ended += end_session(attempt.process)
    return ended


def wait(job: Job, timeout_s: float | None = None, on_progress: Callable[[Progress], None] | None = None) -> JobState:
    """Wait until the job has ended, and return its state; after `timeout_s` seconds, the state that it is in.

    `on_progress` hears each new progress report.
    """
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    told: Progress | None = None
    while True:
        state = job.state()
        if on_progress is not None and (progress := job.progress()) is not None and progress != told:
            on_progress(progress)
            told = progress
        if state.has_ended:  # its process is about to exit; a caller that looks for it should not find it
            wait_for_end([attempt.process for attempt in live_attempts(job.folder)], 5.0)
            return state
        if deadline is not None and time.monotonic() >= deadline:
            return state
        time.sleep(0.1)


def new_attempt() -> str:
    """A name for an attempt; later ones sort later."""
    return f"{datetime.now(UTC):{ATTEMPT_TIME}}-{secrets.token_hex(2)}"
