"""Locks that vanish with their process: one for each job, and one for each device of this host.

They are `flock`s on descriptors that are closed on exec, so children started with subprocess do not hold them.
Children of a bare fork (multiprocessing's "fork" method) would; stages use "spawn".
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Self

from curation.errors import JobError


class FileLock:
    """An exclusive lock on a file, held until `release` or the end of the process.

    The file's content says who holds it; it is only meaningful while the lock is held.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def acquire(self, holder: str = "", *, block: bool = False) -> bool:
        """Take the lock and note `holder` in it. False when somebody else has it and `block` is off."""
        while self._descriptor is None:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if block else fcntl.LOCK_NB))
            except BlockingIOError:
                os.close(descriptor)
                return False
            if _is_still_at(self.path, descriptor):  # otherwise a cleaner of old files unlinked it meanwhile
                self._descriptor = descriptor
            else:
                os.close(descriptor)
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, json.dumps({"holder": holder}).encode(), 0)
        return True

    def holder(self) -> str:
        """Who noted itself last."""
        try:
            return str(json.loads(self.path.read_bytes())["holder"])
        except (OSError, ValueError, KeyError, TypeError):
            return ""

    def release(self) -> None:
        """Give the lock back; does nothing when it is not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def job_lock(folder: Path) -> FileLock:
    """The lock that the worker of the job in `folder` holds."""
    return FileLock(folder / "lock")


def device_locks(device: str | None) -> list[FileLock]:
    """One lock for every device in a comma-separated list, in an order that is the same for every job."""
    if device is None:
        return []
    folder = _lock_folder()
    names = sorted({part.strip() for part in device.split(",") if part.strip()})
    return [FileLock(folder / f"device-{re.sub(r'[^A-Za-z0-9_.-]', '_', name)}.lock") for name in names]


def acquire_devices(
    device: str | None, job_id: str, *, given_up: Callable[[], bool], on_wait: Callable[[str], None]
) -> bool:
    """Take every lock of `device`, oldest waiter first; `on_wait` hears which job holds the one that is waited for.

    Returns False as soon as `given_up` says so. The locks stay held until this process ends.
    """
    for lock in device_locks(device):
        if lock.acquire(job_id):
            _held.append(lock)
            continue
        # the kernel queues those who block, so jobs get the device in the order in which they asked
        waiter = threading.Thread(target=lock.acquire, args=(job_id,), kwargs={"block": True}, daemon=True)
        waiter.start()
        told = None
        while waiter.is_alive():
            if given_up():
                return False
            if (holder := lock.holder()) not in ("", told, job_id):
                on_wait(holder)
                told = holder
            waiter.join(0.2)
        _held.append(lock)
    return not given_up()


_held: list[FileLock] = []


def _is_still_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _lock_folder() -> Path:
    # not XDG_RUNTIME_DIR: a job started from cron or a service would not see the same one
    folder = Path(tempfile.gettempdir()) / f"winnow-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise JobError(f"{folder} belongs to another user; remove it, or set TMPDIR to a folder of your own.")
    return folder
