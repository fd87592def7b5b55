"""Math-Verify in processes of their own, which are killed when a pair takes too long and replaced when they die."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

import psutil

from curation.errors import WinnowError

START_LIMIT_S: Final = 120.0
"""A worker that has not imported Math-Verify by then counts as dead; a busy machine may need half a minute."""
WAITING_FACTOR: Final = 12.0
"""A pair's time limit counts processor time, so that a busy machine decides as an idle one does; at this many times the
limit by the clock it ends all the same."""


@dataclass(frozen=True, slots=True)
class MathVerdict:
    """What became of one pair: a records.Verdict value and why, in a few words."""

    verdict: str
    detail: str


@dataclass(slots=True)
class _Worker:
    process: subprocess.Popen[bytes]
    deadline: float
    patience: float = 0.0
    processor_s: float = 0.0
    pair: int | None = None
    ready: bool = False
    buffer: bytearray = field(default_factory=bytearray)


class MathPool:
    """Up to `workers` processes, started when first needed; a context manager that ends them."""

    def __init__(self, workers: int = 1, timeout_s: float = 5.0) -> None:
        self._limit = max(workers, 1)
        self._timeout_s = timeout_s
        self._workers: list[_Worker] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def compare(self, pairs: Sequence[tuple[str, str]]) -> list[MathVerdict]:
        """(reference, prediction) pairs → their verdicts, in order.

        A pair that takes longer than the time limit, or takes its worker down, is `error`; the others are not touched
        by it. Raises WinnowError when no worker can be started.
        """
        verdicts: list[MathVerdict | None] = [None] * len(pairs)
        waiting = list(range(len(pairs)))[::-1]
        failures = 0
        while waiting or any(worker.pair is not None for worker in self._workers):
            while len(self._workers) < min(self._limit, len(waiting) + self._busy()):
                self._workers.append(self._start())
            for worker in self._workers:
                if waiting and worker.ready and worker.pair is None:
                    self._send(worker, waiting.pop(), pairs)
            for worker in self._next_events():
                reply = self._receive(worker)
                if reply is None and worker.process.poll() is None and not self._overdue(worker):
                    continue
                if reply is not None and "ready" in reply:
                    worker.ready = True
                    failures = 0
                    continue
                if reply is not None and "verdict" in reply and worker.pair is not None:
                    verdicts[worker.pair] = MathVerdict(reply["verdict"], reply["detail"])
                    worker.pair = None
                    continue
                late = worker.process.poll() is None
                self._end(worker)
                if worker.pair is not None:
                    verdicts[worker.pair] = self._failure(worker, late)
                elif not worker.ready:
                    failures += 1
                    if failures >= 3:
                        raise WinnowError(
                            "the worker for mathematical answers does not start: "
                            f"{(reply or {}).get('failed', 'it ended before it was ready')}. "
                            "Check that `python -c 'import math_verify'` works in this environment."
                        )
        return [verdict for verdict in verdicts if verdict is not None]

    def close(self) -> None:
        """End every worker; the pool can be used again."""
        for worker in list(self._workers):
            self._end(worker)

    def _overdue(self, worker: _Worker) -> bool:
        now = time.monotonic()
        if now < worker.deadline:
            return False
        if worker.pair is None or now >= worker.patience:
            return True
        left = self._timeout_s - (_processor_time(worker.process.pid) - worker.processor_s)
        worker.deadline = min(now + max(left, 0.05), worker.patience)
        return left <= 0

    def _busy(self) -> int:
        return sum(worker.pair is not None for worker in self._workers)

    def _start(self) -> _Worker:
        # -P: the current folder must not shadow a library; the package is found as this process found it
        root = str(Path(__file__).resolve().parents[2])
        path = os.pathsep.join(part for part in (root, os.environ.get("PYTHONPATH", "")) if part)
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "curation.verification.math_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
            bufsize=0,
        )
        return _Worker(process, time.monotonic() + START_LIMIT_S)

    def _send(self, worker: _Worker, pair: int, pairs: Sequence[tuple[str, str]]) -> None:
        reference, prediction = pairs[pair]
        line = json.dumps({"reference": reference, "prediction": prediction, "timeout_s": self._timeout_s})
        worker.pair = pair
        worker.deadline = time.monotonic() + self._timeout_s
        worker.patience = time.monotonic() + WAITING_FACTOR * self._timeout_s
        worker.processor_s = _processor_time(worker.process.pid)
        assert worker.process.stdin is not None
        try:
            view = memoryview(line.encode("ascii") + b"\n")
            while view:
                view = view[worker.process.stdin.write(view) or 0 :]
        except BrokenPipeError:
            pass  # its end is seen, and reported for this pair, at the next look

    def _next_events(self) -> list[_Worker]:
        """Workers with something to read, or past their deadline; waits for the first."""
        active = [worker for worker in self._workers if worker.pair is not None or not worker.ready]
        with_reply = [worker for worker in active if b"\n" in worker.buffer]
        if with_reply or not active:
            return with_reply
        wait = min(worker.deadline for worker in active) - time.monotonic()
        by_pipe: dict[Any, _Worker] = {worker.process.stdout: worker for worker in active}
        readable, _, _ = select.select(list(by_pipe), [], [], max(wait, 0.0))
        now = time.monotonic()
        return [worker for pipe, worker in by_pipe.items() if pipe in readable or worker.deadline <= now]

    def _receive(self, worker: _Worker) -> dict[str, Any] | None:
        """The worker's next reply, if a whole line is there."""
        assert worker.process.stdout is not None
        if b"\n" not in worker.buffer and select.select([worker.process.stdout], [], [], 0)[0]:
            piece = os.read(worker.process.stdout.fileno(), 65536)
            if not piece:
                worker.process.wait()
            worker.buffer += piece
        line, newline, rest = worker.buffer.partition(b"\n")
        if not newline:
            return None
        worker.buffer = rest
        reply: dict[str, Any] = json.loads(line)
        return reply

    def _failure(self, worker: _Worker, late: bool) -> MathVerdict:
        if late:
            return MathVerdict("error", f"timed out after {self._timeout_s:g} s")
        return MathVerdict("error", f"the checking process ended (exit status {worker.process.returncode})")

    def _end(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        worker.process.kill()
        worker.process.wait()
        for pipe in (worker.process.stdin, worker.process.stdout):
            if pipe is not None:
                pipe.close()


def _processor_time(pid: int) -> float:
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)
