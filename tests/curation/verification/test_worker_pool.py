"""Promise: a pair that hangs or crashes costs its own verdict only, and no worker outlives its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from curation.verification import RuleVerifier
from curation.verification.worker_pool import MathPool

HANGS = r"9^{9^{9^{9}}}"


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def wait_until_gone(pid: int, limit_s: float) -> bool:
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        if gone(pid):
            return True
        time.sleep(0.1)
    return gone(pid)


def test_a_pair_that_hangs_is_an_error_and_the_next_is_decided() -> None:
    with MathPool(timeout_s=1.0) as pool:
        verdicts = pool.compare([("x+1", "1+x"), ("5", HANGS), ("x+2", "2+x")])
    assert [verdict.verdict for verdict in verdicts] == ["correct", "error", "correct"]
    assert verdicts[1].detail == "timed out after 1 s"


def test_a_worker_that_is_killed_is_an_error_and_is_replaced() -> None:
    with MathPool(workers=1, timeout_s=60.0) as pool:
        assert pool.compare([("x+1", "1+x")])[0].verdict == "correct"
        worker = pool._workers[0].process
        killer = subprocess.Popen(
            [sys.executable, "-c", f"import os,time; time.sleep(1); os.kill({worker.pid}, {signal.SIGKILL})"]
        )
        verdicts = pool.compare([("5", HANGS), ("x+2", "2+x")])
        killer.wait()
    assert [verdict.verdict for verdict in verdicts] == ["error", "correct"]
    assert "exit status -9" in verdicts[0].detail


def test_workers_start_only_when_needed_and_end_with_the_verifier() -> None:
    with RuleVerifier(workers=2, timeout_s=30.0) as rules:
        rules.check(["math", "choice"], ["1", "B"], ["2", "B"])
        assert not rules._pool._workers
        rules.check(["math"] * 2, ["x+1", "x+2"], ["$1+x$", "$2+x$"])
        pids = [worker.process.pid for worker in rules._pool._workers]
        assert 1 <= len(pids) <= 2
    assert all(gone(pid) for pid in pids)


def test_equal_pairs_are_checked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with RuleVerifier(timeout_s=30.0) as rules:
        asked: list[int] = []
        compare = rules._pool.compare
        monkeypatch.setattr(rules._pool, "compare", lambda pairs: asked.append(len(pairs)) or compare(pairs))
        first = rules.check(["math"] * 3, ["x+1"] * 3, ["$1+x$", r"so \boxed{1+x}", "$2+x$"])
        again = rules.check(["math"], ["x+1"], ["$1+x$"])
    assert asked == [2, 0]
    assert first[0] == first[1] == again[0]


PARENT = """
import os, sys
from curation.verification.worker_pool import MathPool
pool = MathPool(timeout_s=60.0)
pool.compare([("x+1", "1+x")])
print(pool._workers[0].process.pid, flush=True)
if sys.argv[1] == "busy":
    pool.compare([("5", sys.argv[2])])
else:
    os.read(0, 1)
"""


@pytest.mark.parametrize("state", ["idle", "busy"])
def test_workers_die_with_a_parent_that_is_killed(state: str) -> None:
    expression = r"\sum_{n=1}^{10000000} \frac{1}{n^3+n+1}"  # sympy's loops: minutes of Python
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, state, expression], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ
    )
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    time.sleep(1.0)
    assert not gone(worker)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert wait_until_gone(worker, 60.0)


def test_nothing_a_model_wrote_is_executed(tmp_path: object) -> None:
    mark = f"{tmp_path}/executed"
    attack = f"__import__('os').system('touch {mark}')"
    with MathPool(timeout_s=30.0) as pool:
        pool.compare(
            [("5", attack), ("5", rf"\text{{{attack}}}"), (attack, "5"), ("5", rf"\operatorname{{{attack}}}(2)")]
        )
    assert not os.path.exists(mark)  # noqa: PTH110 - the path is text inside the attack as well
