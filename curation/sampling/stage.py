"""The sampling stage: prompts in, shards of candidates out, and their scores beside them.

Work whose key (prompt, sample) is in the shards is skipped, so a job that died goes on where its shards end.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from typing import Final

import numpy as np
import numpy.typing as npt

from curation.errors import InputError
from curation.jobs import JobContext, ShardWriter, compact, read_keys, run_stage
from curation.prompts import iter_prompts, prompt_ids
from curation.records import CANDIDATE_SCHEMA, messages_of
from curation.sampling.candidates import CandidateRows
from curation.sampling.config import SamplingConfig
from curation.sampling.engines import SamplingRequest, open_engine
from curation.sampling.pulse import STOP_PATIENCE_S, Pulse
from curation.sampling.randomness import request_seed
from curation.scoring.companion import ScoringCompanion
from curation.scoring.stage import SCORE_KEY

CANDIDATE_KEY: Final = ("prompt_id", "sample")


def main(context: JobContext) -> None:
    """Sample what is missing, score what is unscored, then compact."""
    config = SamplingConfig.from_json(context.config)
    work = MissingWork(context, config)
    companion = ScoringCompanion(context.folder) if config.enable_scores else None
    try:
        pulse = Pulse(context, work.total, work.done_before, companion)
        if work.missing and not context.stop_requested:
            pulse.report("loading the model")
            sample(context, config, work, pulse)
        if companion is not None:
            finish_scores(context, companion, pulse)
        if context.stop_requested:
            return
        pulse.report("merging the shards")
        compact(context.folder, "candidates", CANDIDATE_KEY)
        if companion is not None:
            compact(context.folder, "scores", SCORE_KEY)
        pulse.conclude()
    finally:
        if companion is not None:
            companion.close()


def sample(context: JobContext, config: SamplingConfig, work: MissingWork, pulse: Pulse) -> None:
    """Feed the engine until all is done, or a stop is asked for."""
    with (
        closing(open_engine(config.engine, config.model, config.adapter, config.parameters)) as engine,
        ShardWriter(context.job.shards, "candidates", CANDIDATE_SCHEMA) as writer,
    ):
        rows = CandidateRows(writer, context.job.id, engine.name, engine.model_revision)
        with closing(rows), pulse.beating(rows, engine):
            for completion in engine.generate(work.requests()):
                rows.add(completion)


def finish_scores(context: JobContext, companion: ScoringCompanion, pulse: Pulse) -> None:
    """Wait until all is scored; once a stop is asked for, only for a moment, since a resume scores the rest first."""
    stop_seen: float | None = None

    def wait_on() -> bool:
        nonlocal stop_seen
        pulse.report("scoring")
        if context.stop_requested and stop_seen is None:
            stop_seen = time.monotonic()
        return stop_seen is None or time.monotonic() - stop_seen < STOP_PATIENCE_S

    companion.finish(wait_on)


class MissingWork:
    """The requests of a job that its shards do not answer yet."""

    def __init__(self, context: JobContext, config: SamplingConfig) -> None:
        self._context, self._config = context, config
        self._ids: npt.NDArray[np.uint64] = np.sort(context.input()["prompt_id"].to_numpy())
        absent = ~np.isin(self._ids, prompt_ids(context.workspace))
        if absent.any():
            raise InputError(
                f"{context.workspace.prompts}: {int(absent.sum()):,} of the job's {len(absent):,} prompts are "
                "not there; import the file that they came from again."
            )
        self._is_done = np.zeros((len(self._ids), config.n), dtype=bool)
        keys = read_keys(context.folder, "candidates", CANDIDATE_KEY, CANDIDATE_SCHEMA)
        self._is_done[np.searchsorted(self._ids, keys["prompt_id"].to_numpy()), keys["sample"].to_numpy()] = True
        self.total = self._is_done.size
        self.done_before = int(self._is_done.sum())

    @property
    def missing(self) -> int:
        """Samples that were missing when the attempt began."""
        return self.total - self.done_before

    def requests(self) -> Iterator[SamplingRequest]:
        """What is missing, the samples of a prompt side by side; ends when a stop is asked for."""
        wanted = self._ids[~self._is_done.all(axis=1)]
        for table in iter_prompts(self._context.workspace, wanted, ["prompt_id", "messages"]):
            for chunk in table.to_batches(max_chunksize=1024):
                prompts = chunk.column("prompt_id").to_pylist()
                places = np.searchsorted(self._ids, chunk.column("prompt_id").to_numpy(zero_copy_only=False))
                for prompt, place, turns in zip(prompts, places, chunk.column("messages").to_pylist(), strict=True):
                    messages = messages_of(turns)
                    for number in np.flatnonzero(~self._is_done[place]).tolist():
                        if self._context.stop_requested:
                            return
                        seed = request_seed(self._config.seed, prompt, number)
                        yield SamplingRequest((prompt, number), messages, seed)


if __name__ == "__main__":
    run_stage(main)
