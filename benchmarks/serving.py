"""A Streamlit app as a process of its own on the loopback interface: for benchmarks, browser tests and pictures."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Literal

CHECKOUT: Final = Path(__file__).resolve().parents[1]
PATIENCE_S: Final = 240.0
"""A machine may be busy with other things; nothing passes or fails by its speed."""


@dataclass(frozen=True, slots=True)
class Served:
    """Where the app answers, and its process."""

    url: str
    pid: int


@contextmanager
def serve(
    workspace: Path,
    *,
    script: Path = CHECKOUT / "app.py",
    log: IO[str] | None = None,
    ends: Literal["terminate", "kill"] = "terminate",
) -> Iterator[Served]:
    """Run a script on a free port with this checkout's configuration, and end it gently or by SIGKILL.

    What the app writes goes to `log`, else to the standard error. Raises RuntimeError if it ends before it answers.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(script), f"--server.port={port}", "--logger.level=warning"]
    environment = {**os.environ, "WINNOW_WORKSPACE": str(workspace.absolute()), "OMP_NUM_THREADS": "1"}
    written = log if log is not None else sys.stderr
    process = subprocess.Popen(command, cwd=CHECKOUT, env=environment, stdout=written, stderr=written)
    url = f"http://127.0.0.1:{port}"
    try:
        end = time.monotonic() + PATIENCE_S
        while not _answers(url):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{script.name} did not start; `streamlit run {script.name}` says why")
            time.sleep(0.1)
        yield Served(url, process.pid)
    finally:
        (process.kill if ends == "kill" else process.terminate)()
        process.wait(PATIENCE_S)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/_stcore/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
