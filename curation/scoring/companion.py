"""The sampler's side of the scoring process that rides along: started, watched, restarted, and ended with it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Final

from curation.errors import JobError
from curation.scoring.follow import FAILED

MAX_STARTS: Final = 4
_TICK_S: Final = 0.1


class ScoringCompanion:
    """A `curation.scoring.follow` process for the job in `folder`. Not for use by several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._starts = 0
        self._ending = False
        self._error = ""
        self._verdicts: Mapping[str, int] = {}
        self._process = self._start()

    @property
    def verdicts(self) -> Mapping[str, int]:
        """How many candidates of this job have which verdict so far."""
        return self._verdicts

    def watch(self) -> bool:
        """Whether it still has work; one that died is started again. Raises JobError when that does not help."""
        status = self._process.poll()
        if status is None:
            return True
        self._reader.join(5.0)
        if status == 0 and self._ending:
            return False
        if status == FAILED or self._starts >= MAX_STARTS:
            reason = self._error or f"its process ended {self._starts} times, the last time with status {status}"
            raise JobError(
                f"scoring failed: {reason}. What was sampled is kept; see the job's log, then resume the job, or run "
                "`winnow score`."
            )
        print(f"the scoring process ended with status {status}; starting it again.", file=sys.stderr, flush=True)
        self._process = self._start()
        return True

    def finish(self, wait_on: Callable[[], bool]) -> bool:
        """Tell it that nothing more will come, and wait until all is scored, or until `wait_on` says False.

        Returns whether all is scored. Raises JobError when it fails.
        """
        self._ending = True
        self._say_end()
        while self.watch():
            if not wait_on():
                return False
            time.sleep(_TICK_S)
        return True

    def close(self) -> None:
        """End the process now."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()

    def _start(self) -> subprocess.Popen[str]:
        self._starts += 1
        process = subprocess.Popen(
            [sys.executable, "-m", "curation.scoring.follow", str(self._folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self._process = process
        assert process.stdout is not None
        self._reader = threading.Thread(target=self._read, args=(process.stdout,), daemon=True)
        self._reader.start()
        if self._ending:
            self._say_end()
        return process

    def _say_end(self) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write("end\n")
            self._process.stdin.flush()
        except OSError:  # it died; `watch` starts another and tells that one
            return

    def _read(self, lines: IO[str]) -> None:
        for line in lines:
            try:
                message = json.loads(line)
            except ValueError:
                print(line, end="", file=sys.stderr)  # a library's own words: to the log
                continue
            self._error = message.get("error", "")
            self._verdicts = message.get("verdicts", self._verdicts)
        lines.close()
