"""The worker's side of a job: `run_stage` is what every stage module calls when it is run.

if __name__ == "__main__":
    run_stage(main)
"""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any, Final, NoReturn

import pyarrow as pa

from curation.errors import WinnowError
from curation.files import partial_path, write_json
from curation.jobs.folder import Job, open_job, remove_partial_files
from curation.jobs.launch import ATTEMPT_VARIABLE, new_attempt, sweep_folder
from curation.jobs.locks import FileLock, acquire_devices, job_lock
from curation.jobs.process import ProcessIdentity, current_process, end_session
from curation.jobs.state import LAUNCHED, OUTCOME, PROCESS, PROGRESS, Attempt, State, read_record, stopped_attempts
from curation.workspace import Workspace

_REPORT_EVERY_S: Final = 0.5
_RATE_WINDOW_S: Final = 60.0
_RESERVE: Final = ".reserve"  # a few kilobytes that are given back so that a full disk can still be reported


class JobContext:
    """What a stage knows: its job, its workspace, whether it should stop, and where to report to."""

    def __init__(self, job: Job, attempt: str) -> None:
        self.job = job
        self.attempt = attempt
        self._stop = threading.Event()
        self._stop_looked = time.monotonic()
        self._lock = threading.Lock()
        self._pending: dict[str, Any] | None = None
        self._written = 0.0
        self._pace: deque[tuple[float, int]] = deque()
        self._last: tuple[int, int] | None = None

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

        The time that is left is estimated from the pace of the last minute of this attempt.
        """
        now = time.monotonic()
        with self._lock:
            self._last = (done, total)
            self._pace.append((now, done))
            while len(self._pace) > 2 and now - self._pace[0][0] > _RATE_WINDOW_S:
                self._pace.popleft()
            self._pending = {
                "done": done,
                "total": total,
                "rates": dict(rates or {}),
                "eta_s": self._eta(done, total),
                "failures": failures,
                "note": note,
                "extra": dict(extra or {}),
            }
        self.write_pending(now)

    def write_pending(self, now: float | None = None) -> None:
        """Write the last report, unless one was written less than half a second before `now`."""
        with self._lock:
            if self._pending is None or (now is not None and now - self._written < _REPORT_EVERY_S):
                return
            self._pending["updated"] = datetime.now(UTC).isoformat(timespec="milliseconds")
            try:
                _replace_unsynced(self.folder / PROGRESS, self._pending)
            except OSError as error:
                # progress is no record; the shards will say that the disk is full
                print(f"progress could not be written: {error}", file=sys.stderr)
            self._pending = None
            self._written = time.monotonic()

    def metrics(self, row: Mapping[str, float | int | str]) -> None:
        """Append one line to metrics.jsonl."""
        line = json.dumps(dict(row), ensure_ascii=False) + "\n"
        descriptor = os.open(
            self.folder / "metrics.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644
        )
        try:
            os.write(descriptor, line.encode())
        finally:
            os.close(descriptor)

    @property
    def is_complete(self) -> bool:
        """Whether the last report said that everything is done."""
        return self._last is not None and self._last[0] >= self._last[1]

    def _eta(self, done: int, total: int) -> float | None:
        since, before = self._pace[0]
        elapsed = self._pace[-1][0] - since
        if done >= total:
            return 0.0
        if done <= before or elapsed <= 0:
            return None
        return (total - done) * elapsed / (done - before)


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
    _record_attempt(context, waits_for=job.device and f"device {job.device}")
    state, message = State.FAILED, ""
    try:
        if acquire_devices(
            job.device,
            job.id,
            given_up=lambda: context.stop_requested,
            on_wait=lambda holder: _record_attempt(context, waits_for=f"{holder} on {job.device}"),
        ):
            if job.device is not None:
                _record_attempt(context, waits_for=None)
            with _flushing(context):
                main(context)
        stopped = context.stop_requested and not context.is_complete
        state = State.STOPPED if stopped else State.FINISHED
    except WinnowError as error:
        message = str(error)
        print(f"failed: {message}", file=sys.stderr)
    except SystemExit as error:
        state = State.FINISHED if error.code in (None, 0) else State.FAILED
        message = "" if state == State.FINISHED else f"the stage exited with {error.code}"
    except BaseException as error:
        traceback.print_exc()
        message = _describe(error, job)
    _conclude(context, state, message)
    sys.exit(0 if state != State.FAILED else 1)


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
        self._context.write_pending()

    def _run(self) -> None:
        while not self._end.wait(_REPORT_EVERY_S):
            self._context.write_pending(time.monotonic())


def _listen_for_signals(context: JobContext) -> None:
    def on_signal(number: int, frame: FrameType | None) -> None:
        context.request_stop()
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a second Ctrl-C means it

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)


def _take_over(job: Job, lock: FileLock) -> bool:
    """Get the job's lock and end what a dead attempt left; False when a living attempt is at work."""
    deadline = time.monotonic() + 30.0
    while not lock.acquire(job.id):
        holder = Attempt.read(job.folder / PROCESS)
        outcome = read_record(job.folder / OUTCOME)
        leaving = holder is not None and outcome is not None and outcome.get("attempt") == holder.id
        if holder is not None and not holder.process.is_alive():
            sweep_folder(job.folder)  # forked children of a dead worker still hold its lock
        elif not leaving or time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    sweep_folder(job.folder)
    remove_partial_files(job.folder)
    return True


def _record_attempt(context: JobContext, waits_for: str | None) -> None:
    record = {"attempt": context.attempt, "waits_for": waits_for, **asdict(current_process())}
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


def _replace_unsynced(path: Path, value: object) -> None:
    # no fsync twice a second: after a power cut an old report, or none, is as good
    temporary = partial_path(path)
    try:
        temporary.write_text(json.dumps(value, ensure_ascii=False) + "\n", encoding="utf-8")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
