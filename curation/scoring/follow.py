"""The process that scores a sampling job's candidates while they are still being sampled.

Started by the sampling stage as `python -m curation.scoring.follow JOB_FOLDER`, in the same session. It reads commands
from its standard input ("end": nothing more will come) and writes counts to its standard output, a JSON object a line.
When the input closes without an "end", the sampler is dead, and so this ends too.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from curation.errors import WinnowError
from curation.jobs import ShardGoneError, ShardWriter, iter_batches, live_shards, open_job, read_keys
from curation.jobs.folder import Job
from curation.records import SCORE_SCHEMA
from curation.scoring.scorer import CANDIDATE_COLUMNS, Scorer, is_current, score_keys

BATCH_ROWS: Final = 512
POLL_S: Final = 0.2
FAILED: Final = 2
"""Exit status when scoring is impossible, as opposed to killed: trying again would not help."""


class Follower:
    """Scores what a sampling job's shards hold and its scores lack."""

    def __init__(self, job: Job, scorer: Scorer, writer: ShardWriter) -> None:
        self._job, self._scorer, self._writer = job, scorer, writer
        self._seen: set[str] = set()
        columns = ["candidate_id", "response_hash", "rule_version", "measures_version", "rule_verdict"]
        scored = is_current(read_keys(job.folder, "scores", columns, SCORE_SCHEMA))
        keys, first = np.unique(score_keys(scored), return_index=True)
        self._known = keys
        verdicts = scored["rule_verdict"].take(pa.array(first))
        self.verdicts: Counter[str] = Counter(verdicts.to_pylist())

    def catch_up(self) -> bool:
        """Score the shards that are new; whether there were any."""
        fresh = [path for path in live_shards(self._job.folder, "candidates") if path.name not in self._seen]
        for path in fresh:
            unscored = self._unscored(iter_batches([path], CANDIDATE_COLUMNS, BATCH_ROWS))
            try:
                for scores in self._scorer.score_all(unscored):
                    self._writer.write(scores)
                    self.verdicts.update(scores.column("rule_verdict").to_pylist())
            except ShardGoneError:  # compacted meanwhile; its rows are in a shard that the next listing shows
                continue
            self._seen.add(path.name)
        self._writer.flush_if_due()
        return bool(fresh)

    def _unscored(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            if len(self._known):
                batch = batch.filter(pa.array(~np.isin(score_keys(batch), self._known)))
            if batch.num_rows:
                yield batch


def main() -> None:
    """Score until told that nothing more will come, and all is scored."""
    # the threads that measure ask for the GIL after every batch; at Python's 5 ms they would stand in line for it
    sys.setswitchinterval(0.0005)
    job = open_job(Path(sys.argv[1]))
    ending = threading.Event()
    threading.Thread(target=_listen, args=(ending,), daemon=True).start()
    try:
        follow(job, ending)
    except WinnowError as error:
        _tell({"error": str(error)})
        sys.exit(FAILED)


def follow(job: Job, ending: threading.Event) -> None:
    """Score a job's candidates as they appear, until `ending` is set and none is left."""
    prompts = job.input()["prompt_id"].to_numpy()
    with Scorer(job.workspace, prompts) as scorer, ShardWriter(job.shards, "scores", SCORE_SCHEMA) as writer:
        follower = Follower(job, scorer, writer)
        told: dict[str, int] = {}
        while True:
            last = ending.is_set()  # asked before looking: what was written before the end is then seen
            found = follower.catch_up()
            if last and not found:
                break
            if told != follower.verdicts:
                told = dict(follower.verdicts)
                _tell({"verdicts": told})
            if not found and not last:
                ending.wait(POLL_S)
                time.sleep(0.01)
    _tell({"verdicts": dict(follower.verdicts)})


def _listen(ending: threading.Event) -> None:
    for line in sys.stdin:
        if line.strip() == "end":
            ending.set()
            return
    os._exit(1)  # the sampler is gone; what is in shards is kept, the rest is scored on resume


def _tell(message: dict[str, object]) -> None:
    try:
        print(json.dumps(message), flush=True)
    except BrokenPipeError:
        os._exit(1)


if __name__ == "__main__":
    main()
