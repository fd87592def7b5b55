"""Which process is which: a pid alone is not a process, and ending a job means ending its whole session."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Self

import psutil

from curation.errors import JobError

_POLL_S: Final = 0.05
_HAS_PROC: Final = psutil.LINUX


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """Names one process so that neither a reused pid, a restart nor another machine can be taken for it."""

    host: str
    boot_id: str
    pid_namespace: str
    pid: int
    started: float  # kernel ticks since boot on Linux, elsewhere seconds since the epoch
    session_id: int | None  # None where the process shares a session that is not its own, such as a terminal's

    @classmethod
    def of(cls, pid: int) -> Self | None:
        """The identity of a process of this machine, dead-but-unreaped ones included; None where there is none."""
        seen = _look(pid)
        if seen is None:
            return None
        session = seen.session if seen.session == pid else None
        return cls(socket.gethostname(), boot_id(), _pid_namespace(), pid, seen.started, session)

    @classmethod
    def from_json(cls, value: Any) -> Self | None:
        """What was written by `dataclasses.asdict`, or None where it is not that."""
        try:
            return cls(
                host=str(value["host"]),
                boot_id=str(value["boot_id"]),
                pid_namespace=str(value["pid_namespace"]),
                pid=int(value["pid"]),
                started=float(value["started"]),
                session_id=None if value["session_id"] is None else int(value["session_id"]),
            )
        except (KeyError, TypeError, ValueError):
            return None

    @property
    def is_of_this_boot(self) -> bool:
        """Whether this machine, since its last start, is where the process lives or lived."""
        return (self.host, self.boot_id, self.pid_namespace) == (socket.gethostname(), boot_id(), _pid_namespace())

    def is_alive(self) -> bool:
        """True only if host, boot, pid and start time agree and the process is no zombie."""
        if not self.is_of_this_boot:
            return False
        seen = _look(self.pid)
        return seen is not None and not seen.is_zombie and seen.started == self.started

    def signal(self, number: signal.Signals) -> None:
        """Send a signal if the process is still that one."""
        if self.is_alive():
            _signal(self.pid, number)

    def session_members(self) -> list[ProcessIdentity]:
        """The living processes of this one's session; for one without a session of its own, it and its descendants."""
        if not self.is_of_this_boot:
            return []
        if self.session_id is None:
            return self._family()
        leader = _look(self.session_id)
        if leader is not None and self.session_id == self.pid and leader.started != self.started:
            return []  # the pid, and so the session id, belongs to somebody else by now
        members = []
        for pid in psutil.pids():
            seen = _look(pid)
            if seen and not seen.is_zombie and seen.session == self.session_id and seen.started >= self.started:
                members.append(self._sibling(pid, seen.started))
        return members

    def _family(self) -> list[ProcessIdentity]:
        if not self.is_alive():
            return []
        pids = [self.pid]
        try:
            pids += [child.pid for child in psutil.Process(self.pid).children(recursive=True)]
        except psutil.Error:
            return []
        found = [(pid, _look(pid)) for pid in pids]
        return [self._sibling(pid, seen.started) for pid, seen in found if seen and not seen.is_zombie]

    def _sibling(self, pid: int, started: float) -> ProcessIdentity:
        return ProcessIdentity(self.host, self.boot_id, self.pid_namespace, pid, started, self.session_id)


def current_process() -> ProcessIdentity:
    """The identity of the calling process."""
    identity = ProcessIdentity.of(os.getpid())
    if identity is None:  # pragma: no cover - a process always sees itself
        raise JobError("this process cannot see itself in the process table; is /proc mounted?")
    return identity


def end_session(
    identity: ProcessIdentity,
    *,
    spare: Callable[[ProcessIdentity], bool] = lambda member: False,
    terminate_s: float = 3.0,
    kill_s: float = 10.0,
) -> int:
    """End every process of a session: SIGTERM, after `terminate_s` seconds SIGKILL. Returns how many there were.

    Raises JobError when some are still there `kill_s` seconds after that.
    """
    ended: set[int] = set()

    def remaining() -> list[ProcessIdentity]:
        return [member for member in identity.session_members() if not spare(member)]

    for number, patience in ((signal.SIGTERM, terminate_s), (signal.SIGKILL, kill_s)):
        deadline = time.monotonic() + patience
        signalled: set[ProcessIdentity] = set()
        while members := remaining():
            for member in members:
                if member not in signalled:  # members may still be forking
                    signalled.add(member)
                    ended.add(member.pid)
                    member.signal(number)
            if time.monotonic() > deadline:
                break
            time.sleep(_POLL_S)
    if left := remaining():
        pids = ", ".join(str(member.pid) for member in left)
        raise JobError(f"processes {pids} do not end, even when killed; they probably wait for a disk or a device.")
    return len(ended)


def wait_for_end(identities: Collection[ProcessIdentity], timeout_s: float) -> bool:
    """Wait until none of the processes lives; False when `timeout_s` seconds were not enough."""
    deadline = time.monotonic() + timeout_s
    while any(identity.is_alive() for identity in identities):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True


@cache
def boot_id() -> str:
    """What tells one start of this machine from the next."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return f"{psutil.boot_time():.0f}"


@cache
def _pid_namespace() -> str:
    # two containers of one machine share host name and boot id, but not their pids
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""


@dataclass(frozen=True, slots=True)
class _Seen:
    is_zombie: bool
    session: int
    started: float


def _look(pid: int) -> _Seen | None:
    if _HAS_PROC:
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None
        fields = stat[stat.rindex(")") + 2 :].split()  # the name before may hold blanks and brackets
        return _Seen(fields[0] in "ZX", int(fields[3]), float(fields[19]))
    try:
        process = psutil.Process(pid)
        return _Seen(process.status() == psutil.STATUS_ZOMBIE, os.getsid(pid), process.create_time())
    except (psutil.Error, OSError):
        return None


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
    except PermissionError as error:
        raise JobError(f"process {pid} belongs to another user; only its owner can stop it.") from error
