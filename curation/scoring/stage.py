"""The scoring stage: scores what sampling jobs hold and no current score covers.

Needed when rules or measures changed, or when candidates were sampled without scoring them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.jobs import (
    JobContext,
    ShardGoneError,
    ShardWriter,
    compact,
    find_job,
    iter_batches,
    list_jobs,
    live_shards,
    read_keys,
    run_stage,
)
from curation.records import SCORE_SCHEMA
from curation.scoring.config import ScoringConfig
from curation.scoring.scorer import CANDIDATE_COLUMNS, Scorer, is_current, score_keys

BATCH_ROWS: Final = 512
SCORE_KEY: Final = ("candidate_id", "response_hash", "rule_version", "measures_version")
"""A score is the same score when these agree."""


def main(context: JobContext) -> None:
    """Score every candidate that needs it."""
    config = ScoringConfig.from_json(context.config)
    folders = [find_job(context.workspace, job).folder for job in config.jobs]
    known = known_scores(context, [] if config.rescore_all else folders, every=not config.rescore_all)
    verdicts: Counter[str] = Counter()
    total = done = 0
    for folder in folders:
        keys = score_keys(read_keys(folder, "candidates", ["candidate_id", "response_hash"], _KEYS))
        fresh = ~np.isin(keys, known)
        total += len(keys)
        done += len(keys) - int(fresh.sum())
    context.report(done, total)
    with (
        Scorer(context.workspace, workers=config.workers) as scorer,
        ShardWriter(context.job.shards, "scores", SCORE_SCHEMA) as writer,
    ):
        for scores in scorer.score_all(unscored(folders, known)):
            writer.write(scores)
            verdicts.update(scores.column("rule_verdict").to_pylist())
            done += scores.num_rows
            context.report(min(done, total), total, extra={"verdicts": dict(verdicts)})
            if context.stop_requested:
                return
    compact(context.folder, "scores", SCORE_KEY)
    context.report(total, total, extra={"verdicts": dict(verdicts)})


def known_scores(context: JobContext, folders: list[Path], *, every: bool) -> npt.NDArray[np.uint64]:
    """Sorted keys of the scores that need not be computed: this job's own, and with `every`, those of all jobs."""
    places = [context.folder, *folders]
    if every:
        places += [job.folder for job in list_jobs(context.workspace, "score") if job.id != context.job.id]
    found = [np.empty(0, dtype=np.uint64)]
    for place in places:
        scores = read_keys(place, "scores", list(SCORE_KEY), SCORE_SCHEMA)
        found.append(score_keys(is_current(scores)))
    return np.unique(np.concatenate(found))


def unscored(folders: list[Path], known: npt.NDArray[np.uint64]) -> Iterator[pa.RecordBatch]:
    """The candidates of sampling jobs whose keys are not among `known` (n,), which is sorted."""
    for folder in folders:
        for batch in candidates(folder):
            batch = batch.filter(pa.array(~np.isin(score_keys(batch), known)))
            if batch.num_rows:
                yield batch


def candidates(folder: Path) -> Iterator[pa.RecordBatch]:
    """A sampling job's candidates, shard after shard, also while a compaction replaces them."""
    seen: set[str] = set()
    while True:
        fresh = [path for path in live_shards(folder, "candidates") if path.name not in seen]
        try:
            for path in fresh:
                yield from iter_batches([path], CANDIDATE_COLUMNS, BATCH_ROWS)
                seen.add(path.name)
            return
        except ShardGoneError:  # its rows are in a compacted file now; what is scored twice counts once
            continue


_KEYS: Final = pa.schema([pa.field("candidate_id", pa.uint64()), pa.field("response_hash", pa.uint64())])


if __name__ == "__main__":
    run_stage(main)
