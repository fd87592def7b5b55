"""The worker's side of a job: `run_stage` is what every stage module calls when it is run.

if __name__ == "__main__":
    run_stage(main)
"""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

from curation.errors import WinnowError
from curation.files import write_json
from curation.jobs.context import JobContext
from curation.jobs.folder import Job, open_job, remove_partial_files
from curation.jobs.launch import ATTEMPT_VARIABLE, new_attempt, sweep_folder
from curation.jobs.locks import FileLock, acquire_devices, job_lock
from curation.jobs.pace import REPORT_EVERY_S
from curation.jobs.process import ProcessIdentity, current_process, end_session
from curation.jobs.state import LAUNCHED, OUTCOME, PROCESS, Attempt, State, read_record

_EXIT_PATIENCE_S: Final = 15.0
_TAKE_OVER_PATIENCE_S: Final = 30.0
_RESERVE: Final = ".reserve"  # a few kilobytes that are given back so that a full disk can still be reported


def run_stage(main: Callable[[JobContext], None]) -> NoReturn:
    """Run `main` as the worker of the job whose folder is the first argument, and exit.

    Takes the job's lock (a second worker says so and exits with 0), waits for its device, and leaves the outcome in
    the folder: finished, stopped (`main` returned after a stop was asked for, with work left), or failed with a
    message. A WinnowError is a message; anything else is a bug, whose traceback goes to the log.
    """
    if len(sys.argv) != 2:
        print(f"usage: python -m {main.__module__} JOB_FOLDER", file=sys.stderr)
        sys.exit(2)
    try:
        job = open_job(Path(sys.argv[1]).absolute())
    except WinnowError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    context = JobContext(job, os.environ.get(ATTEMPT_VARIABLE) or new_attempt())
    _listen_for_signals(context)
    lock = job_lock(job.folder)
    if not _take_over(job, lock):
        print(f"job {job.id} is running already; nothing to do.")
        _forget_launch(job.folder, context.attempt)
        sys.exit(0)
    state, message = State.FAILED, ""
    try:
        context.take_up()
        _record_attempt(context, waits_for=job.device and f"device {job.device}")
        if acquire_devices(
            job.device,
            job.id,
            given_up=lambda: context.stop_requested,
            on_wait=lambda holder: _record_attempt(context, f"{holder} on {job.device}", holder),
        ):
            if job.device is not None:
                _record_attempt(context, waits_for=None)
            context.begin_work()
            with _flushing(context):
                main(context)
        state = _how_it_ended(context)
    except WinnowError as error:
        message = str(error)
        print(f"failed: {message}", file=sys.stderr)
    except SystemExit as error:
        if error.code in (None, 0):
            state = _how_it_ended(context)
        else:
            message = f"the stage exited with {error.code}"
    except BaseException as error:
        traceback.print_exc()
        message = _describe(error, job)
    _conclude(context, state, message)
    code = 0 if state != State.FAILED else 1
    _exit_soon(code)
    sys.exit(code)


class _flushing:  # noqa: N801 - reads as a verb
    """Writes the last report when a stage reports once and then works on in silence, and at the end."""

    def __init__(self, context: JobContext) -> None:
        self._context = context
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()
        self._context.write_last()

    def _run(self) -> None:
        while not self._end.wait(REPORT_EVERY_S):
            self._context.write_pending(time.monotonic())


def _listen_for_signals(context: JobContext) -> None:
    def on_signal(number: int, frame: FrameType | None) -> None:
        context.request_stop()
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a second Ctrl-C means it

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)


def _take_over(job: Job, lock: FileLock) -> bool:
    """Get the job's lock and end what a dead attempt left; False when a living attempt is at work."""
    deadline = time.monotonic() + _TAKE_OVER_PATIENCE_S
    while not lock.acquire(job.id):
        holder = Attempt.read(job.folder / PROCESS)
        outcome = read_record(job.folder / OUTCOME)
        leaving = holder is not None and outcome is not None and outcome.get("attempt") == holder.id
        dead = holder is not None and not holder.process.is_alive()
        if not (dead or leaving) or time.monotonic() > deadline:
            return False
        if dead:
            sweep_folder(job.folder)  # forked children of a dead worker still hold its lock
        time.sleep(0.1)
    sweep_folder(job.folder)
    remove_partial_files(job.folder)
    return True


def _record_attempt(context: JobContext, waits_for: str | None, holder: str | None = None) -> None:
    record = {"attempt": context.attempt, "waits_for": waits_for, "holder": holder, **asdict(current_process())}
    write_json(context.folder / PROCESS, record)
    if waits_for is None:
        (context.folder / _RESERVE).write_bytes(b"\0" * 16_384)
    _forget_launch(context.folder, None)


def _conclude(context: JobContext, state: State, message: str) -> None:
    """End what the stage left running, then write the outcome: after it, nothing of the job is alive."""
    own = current_process()
    if own.session_id is not None:
        try:
            end_session(own, spare=_is_spared)
        except WinnowError as error:
            print(error, file=sys.stderr)
    (context.folder / _RESERVE).unlink(missing_ok=True)
    ended = datetime.now(UTC).isoformat(timespec="milliseconds")
    outcome = {"attempt": context.attempt, "state": state, "message": message, "ended": ended}
    try:
        write_json(context.folder / OUTCOME, outcome)
    except WinnowError as error:
        print(f"{state}: {message}; and the outcome could not be written: {error}", file=sys.stderr)
        sys.exit(1)
    _forget_launch(context.folder, None)


def _how_it_ended(context: JobContext) -> State:
    return State.STOPPED if context.stop_requested and not context.is_complete else State.FINISHED


def _exit_soon(code: int) -> None:
    # an engine's thread that never ends must not keep the device, nor the job's lock, for ever
    timer = threading.Timer(_EXIT_PATIENCE_S, os._exit, (code,))
    timer.daemon = True
    timer.start()


def _is_spared(member: ProcessIdentity) -> bool:
    if member.pid == os.getpid():
        return True
    try:  # it cleans up shared memory once its parent is gone, and then ends by itself
        return b"resource_tracker" in Path(f"/proc/{member.pid}/cmdline").read_bytes()
    except OSError:
        return False


def _forget_launch(folder: Path, attempt: str | None) -> None:
    """Remove the launcher's record of `attempt`, or with None, of any attempt that is dead."""
    launched = Attempt.read(folder / LAUNCHED)
    if launched is not None and (launched.id == attempt or (attempt is None and not launched.process.is_alive())):
        (folder / LAUNCHED).unlink(missing_ok=True)


def _describe(error: BaseException, job: Job) -> str:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{job.folder}: no space left on the disk. Free some and resume the job; what was written is kept."
    if isinstance(error, KeyboardInterrupt):
        return "interrupted from the keyboard"
    return f"{type(error).__name__}: {error} (this is a bug in Winnow; the traceback is in the log)"
