"""A sampling job whose processes are up before the clock starts, run inside the benchmark's own process."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

import psutil

from curation import Workspace
from curation.jobs import Job, JobContext, ShardWriter
from curation.records import CANDIDATE_SCHEMA
from curation.sampling import SamplingConfig
from curation.sampling.candidates import CandidateRows
from curation.sampling.engines import open_engine
from curation.sampling.launching import create_sampling
from curation.sampling.pulse import Pulse
from curation.sampling.stage import MissingWork
from curation.scoring.companion import ScoringCompanion


@dataclass(frozen=True, slots=True)
class WarmSampling:
    """The sampling stage with its first samples done: model loaded, scoring process started and at work.

    `run` samples the rest, writes it, and waits until all of it is scored; it calls what it is given from time to time
    while it waits, and goes on for as long as that says True.
    """

    job: Job
    total: int
    scorer: psutil.Process
    run: Callable[[Callable[[], bool]], None]


@contextlib.contextmanager
def warm_sampling(workspace: Workspace, config: SamplingConfig, warm_up: int) -> Iterator[WarmSampling]:
    """A job of `config` in `workspace` with `warm_up` samples done and scored."""
    context = JobContext(create_sampling(workspace, config), "benchmark")
    work = MissingWork(context, config)
    others = set(psutil.Process().children())
    companion = ScoringCompanion(context.folder)
    [scorer] = set(psutil.Process().children()) - others
    requests = work.requests()
    with contextlib.ExitStack() as stack:
        stack.callback(companion.close)
        engine = stack.enter_context(
            contextlib.closing(open_engine(config.engine, config.model, config.adapter, config.parameters))
        )
        writer = stack.enter_context(ShardWriter(context.job.shards, "candidates", CANDIDATE_SCHEMA))
        rows = CandidateRows(writer, context.job.id, engine.name, engine.model_revision)
        beating = stack.enter_context(contextlib.ExitStack())
        beating.enter_context(contextlib.closing(rows))
        beating.enter_context(Pulse(context, work.total, 0, companion).beating(rows, engine))
        for completion in engine.generate(islice(requests, warm_up)):
            rows.add(completion)
        while sum(companion.verdicts.values()) < warm_up:
            time.sleep(0.05)

        def run(while_waiting: Callable[[], bool]) -> None:
            for completion in engine.generate(requests):
                rows.add(completion)
            beating.close()
            companion.finish(while_waiting)

        yield WarmSampling(context.job, work.total, scorer, run)
