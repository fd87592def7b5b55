"""The process in which Math-Verify runs, so that it can be killed: reads pairs as JSON lines, writes verdicts.

Run by `curation.verification.worker_pool` as `python -m curation.verification.math_worker`; it ends with its parent.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import re
import resource
import select
import signal
import sys
import threading
from typing import Any, Final

MEMORY_LIMIT: Final = 4 * 2**30
CPU_GRACE_S: Final = 10
"""Seconds of processor time after the time limit at which the kernel ends a worker whose parent is gone."""
APART: Final = "both are closed forms, and they evaluate apart"

_PLAIN_ROOT = re.compile(r"(?<![\\A-Za-z])sqrt\s*\(([^()]*)\)")
_LATEX_ROOT = re.compile(r"\\sqrt\s*(?:\(([^()]*)\)|(\d+|[A-Za-z](?![A-Za-z])))")
_WORD = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{2,}|[^\x00-\x7f]")
_DECIMAL = re.compile(r"\s*-?\d*\.(\d{2,})\s*")
_PLAIN_NAME = re.compile(r"(?<![\\A-Za-z])(pi|sin|cos|tan|log|ln|infinity|oo)(?![A-Za-z])")


def main() -> None:
    """Answer pairs until the parent closes the pipe or is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    parent = os.getppid()
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints must not end up among the replies
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, resource.getrlimit(resource.RLIMIT_AS)[1]))
    pairs: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_read_pairs, args=(parent, pairs), daemon=True).start()
    logging.disable(logging.CRITICAL)
    try:
        compare(r"\frac{1}{2}", r"\sqrt{2}")  # seconds of imports and first parses, before any pair's clock starts
    except ImportError as error:
        _reply(replies, {"failed": f"math-verify cannot be imported: {error}"})
        return
    _reply(replies, {"ready": True})
    while True:
        pair = json.loads(pairs.get())
        _limit_processor_time(pair["timeout_s"])
        try:
            verdict, detail = compare(pair["reference"], pair["prediction"])
        except (Exception, RecursionError, MemoryError) as error:
            verdict, detail = "undecided", f"math-verify failed: {type(error).__name__}"
        _reply(replies, {"verdict": verdict, "detail": detail})


def compare(reference: str, prediction: str) -> tuple[str, str]:
    """(verdict, why) of one pair of mathematical texts, by Math-Verify and then by value.

    `incorrect` only where both are closed forms that evaluate apart; everything else without a match is `undecided`.
    """
    from math_verify import LatexExtractionConfig, parse, verify

    # LaTeX only: the extraction of plain expressions evaluates Python that is made of the text
    targets = [LatexExtractionConfig(boxed_match_priority=0)]
    texts = [_latex(reference), _latex(prediction)]
    parsed = [parse(rf"\boxed{{{text}}}", targets, fallback_mode="no_fallback", parsing_timeout=0) for text in texts]
    if not parsed[0] or not parsed[1]:
        return "undecided", f"the {'prediction' if parsed[0] else 'reference'} could not be read as mathematics"
    size = apart = 0.0
    if not any(_WORD.search(text) for text in texts):  # the parser drops units, so a difference would show nothing
        expected, found = (_closed_form(expressions[0]) for expressions in parsed)
        if expected is not None and found is not None:
            size, apart = max(abs(expected), abs(found)), abs(expected - found)
    if verify(parsed[0], parsed[1], allow_set_relation_comp=True, timeout_seconds=0):
        # it compares decimals at six places, which makes all very small numbers equal
        if size < 1e-3 and apart > 1e-4 * size:
            return "incorrect", APART
        return "correct", "equal by Math-Verify"
    if apart <= 1e-6 * size:
        return "undecided", "Math-Verify could not match them"
    for text in texts:
        decimal = _DECIMAL.fullmatch(text)
        if decimal and apart <= 0.5001 * 10.0 ** -len(decimal[1]):
            return "undecided", "one may be the other, rounded"
    return "incorrect", APART


def _latex(text: str) -> str:
    """Plain notation as LaTeX: sqrt(2), pi, ** and *."""
    text = text.replace("**", "^").replace("$", "")
    text = _PLAIN_ROOT.sub(r"\\sqrt{\1}", text)
    text = _LATEX_ROOT.sub(lambda match: rf"\sqrt{{{match[1] or match[2]}}}", text)
    text = _PLAIN_NAME.sub(lambda match: {"infinity": r"\infty", "oo": r"\infty"}.get(match[1], "\\" + match[1]), text)
    return text.replace("*", r"\cdot ")


def _closed_form(expression: Any) -> complex | None:
    """The value of an expression without free symbols, or of what "x = …" assigns; None for anything else."""
    import sympy

    if isinstance(expression, sympy.Eq) and isinstance(expression.lhs, sympy.Symbol):
        expression = expression.rhs
    if (
        not isinstance(expression, sympy.Expr)
        or expression.free_symbols
        or expression.has(sympy.nan, sympy.zoo, sympy.oo)
    ):
        return None
    value = complex(expression.doit().evalf(30))
    return value if abs(value) < 1e300 else None


def _read_pairs(parent: int, pairs: queue.SimpleQueue[str]) -> None:
    """Hand on lines from the parent; end the process at once when it closes the pipe or is gone, busy or not."""
    buffer = b""
    while True:
        readable, _, _ = select.select([0], [], [], 1.0)
        if os.getppid() != parent:
            os._exit(1)
        if not readable:
            continue
        piece = os.read(0, 65536)
        if not piece:
            os._exit(0)
        *lines, buffer = (buffer + piece).split(b"\n")
        for line in lines:
            pairs.put(line.decode("ascii"))


def _limit_processor_time(timeout_s: float) -> None:
    # a long step inside C starves the reader thread; the kernel's limit ends an orphan even then
    usage = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(usage.ru_utime + usage.ru_stime + timeout_s) + CPU_GRACE_S
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds if hard == resource.RLIM_INFINITY else min(seconds, hard), hard))


def _reply(replies: Any, value: dict[str, object]) -> None:
    try:
        replies.write(json.dumps(value) + "\n")
        replies.flush()
    except BrokenPipeError:
        sys.exit(0)


if __name__ == "__main__":
    main()
