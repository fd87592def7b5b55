"""The stage of an evaluation: samples models on held-out prompts, and scores them as the funnel does."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from curation.errors import WinnowError
from curation.jobs import JobContext, ShardWriter, compact, read_keys
from curation.measures import MEASURES_VERSION, measure
from curation.prompts import read_prompts
from curation.records import Message, Verdict, messages_of
from curation.responses import split_response
from curation.sampling.engines import Completion, Engine, SamplingParameters, SamplingRequest, open_engine
from curation.verification import RULE_VERSION, RuleVerifier
from training.devices import restrict_devices
from training.evaluation.config import EvaluatedModel, EvaluationConfig, evaluation_config
from training.evaluation.records import EVALUATION_SCHEMA, FAMILY
from training.evaluation.results import write_results

_CHUNK: Final = 64  # completions scored together
_CHUNK_SECONDS: Final = 2.0


def evaluate(context: JobContext) -> None:
    """The stage: samples what is not sampled yet, model by model, then writes `results.json`."""
    config = evaluation_config(context.job)
    restrict_devices(config.device)
    prompts = _Prompts(context)
    done = _Done(context, config)
    total = len(config.models) * len(prompts.ids) * config.n
    with ShardWriter(context.folder / "shards", FAMILY, EVALUATION_SCHEMA) as writer, RuleVerifier() as verifier:
        for each in config.models:
            wanted = [
                key for key in itertools.product(prompts.ids, range(config.n)) if (each.name, *key) not in done.keys
            ]
            if not wanted or context.stop_requested:
                continue
            done.report(context, total, each.name)
            engine = _open(config, each)
            try:
                with _cancelled_by_stop(engine, context):
                    for batch in _chunks(engine.generate(_requests(wanted, prompts, config))):
                        rows = _score(batch, each.name, engine.model_revision, prompts, verifier)
                        writer.write(rows)
                        done.add(each.name, rows)
                        done.report(context, total, each.name)
            finally:
                engine.close()
    done.report(context, total, "")
    if done.count < total:
        if context.stop_requested:
            return
        raise WinnowError(f"the engine gave {done.count:,} of {total:,} samples; resume the job to ask for the rest.")
    compact(context.folder, FAMILY, ["prompt_id", "model", "sample"])
    write_results(context.job)


class _Prompts:
    """The prompts of the job, by id."""

    def __init__(self, context: JobContext) -> None:
        table = read_prompts(context.workspace, context.input()["prompt_id"].to_numpy())
        self.ids: list[int] = table["prompt_id"].to_pylist()
        self.rows: dict[int, dict[str, Any]] = dict(zip(self.ids, table.to_pylist(), strict=True))

    def messages(self, prompt: int) -> tuple[Message, ...]:
        """What to ask."""
        return messages_of(self.rows[prompt]["messages"])

    def column(self, prompts: list[int], name: str) -> list[Any]:
        """One field of many prompts."""
        return [self.rows[prompt][name] for prompt in prompts]


class _Done:
    """Which samples are in the shards, and how many of each model are right so far."""

    def __init__(self, context: JobContext, config: EvaluationConfig) -> None:
        columns = ["model", "prompt_id", "sample", "rule_verdict"]
        table = read_keys(context.folder, FAMILY, columns, EVALUATION_SCHEMA)
        self.keys: set[tuple[str, int, int]] = set()
        self.correct = {each.name: 0 for each in config.models}
        self.samples = {each.name: 0 for each in config.models}
        for model, prompt, sample, verdict in zip(*(table[name].to_pylist() for name in columns), strict=True):
            if (model, prompt, sample) not in self.keys:
                self.keys.add((model, prompt, sample))
                self.samples[model] += 1
                self.correct[model] += verdict == Verdict.CORRECT
        self.tokens = 0

    @property
    def count(self) -> int:
        """Samples of all models."""
        return sum(self.samples.values())

    def add(self, model: str, rows: pa.Table) -> None:
        """Count freshly scored rows."""
        self.samples[model] += len(rows)
        self.correct[model] += int(pc.sum(pc.equal(rows["rule_verdict"], str(Verdict.CORRECT))).as_py() or 0)
        self.tokens += sum(int(pc.sum(rows[name]).as_py() or 0) for name in ("reasoning_tokens", "answer_tokens"))

    def report(self, context: JobContext, total: int, model: str) -> None:
        """Say how far the job is, with the correct samples of each model so far."""
        extra = {name: {"samples": self.samples[name], "correct": self.correct[name]} for name in self.samples}
        context.report(self.count, total, note=f"sampling {model}" if model else "", extra={"models": extra})


def _requests(wanted: list[tuple[int, int]], prompts: _Prompts, config: EvaluationConfig) -> Iterator[SamplingRequest]:
    """Every model gets the same seeds, which takes some chance out of their comparison."""
    for prompt, sample in wanted:
        seed = xxhash.xxh3_64_intdigest(f"{config.seed}\0{prompt:016x}\0{sample}".encode()) >> 1
        yield SamplingRequest((prompt, sample), prompts.messages(prompt), seed)


def _open(config: EvaluationConfig, each: EvaluatedModel) -> Engine:
    parameters = SamplingParameters(
        temperature=config.temperature,
        top_p=config.top_p,
        max_new_tokens=config.max_new_tokens,
        batch_size=config.batch_size,
        device="cpu" if config.device == "cpu" else "auto",
    )
    return open_engine(config.engine, each.model, each.adapter, parameters)


@contextmanager
def _cancelled_by_stop(engine: Engine, context: JobContext) -> Iterator[None]:
    """Ends the engine's work when a stop is asked for: what is in flight is a few seconds' work, and is asked again."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.1):
            if context.stop_requested:
                engine.cancel()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


def _chunks(completions: Iterator[Completion]) -> Iterator[list[Completion]]:
    """Completions to score together: enough to be quick, and none waits longer than about two seconds."""
    batch: list[Completion] = []
    since = time.monotonic()
    for completion in completions:
        batch.append(completion)
        if len(batch) == _CHUNK or time.monotonic() - since > _CHUNK_SECONDS:
            yield batch
            batch, since = [], time.monotonic()
    if batch:
        yield batch


def _score(batch: list[Completion], model: str, revision: str, prompts: _Prompts, verifier: RuleVerifier) -> pa.Table:
    asked = [each.key[0] for each in batch]
    texts = [each.text for each in batch]
    verifiers = prompts.column(asked, "verifier")
    verdicts = verifier.check(
        verifiers, prompts.column(asked, "reference"), [split_response(text).answer for text in texts]
    )
    columns: dict[str, Any] = {
        "model": [model] * len(batch),
        "revision": [revision] * len(batch),
        "prompt_id": asked,
        "sample": [each.key[1] for each in batch],
        "domain": prompts.column(asked, "domain"),
        "verifier": verifiers,
        "text": texts,
        "finish_reason": [each.finish_reason for each in batch],
        "reasoning_tokens": [each.reasoning_tokens for each in batch],
        "answer_tokens": [each.answer_tokens for each in batch],
        "seed": [each.seed for each in batch],
        "rule_verdict": [str(each.verdict) for each in verdicts],
        "rule_detail": [each.detail for each in verdicts],
        "prediction": [each.prediction for each in verdicts],
        "rule_version": [RULE_VERSION] * len(batch),
        "measures_version": [MEASURES_VERSION] * len(batch),
        **measure(texts, prompts.column(asked, "target_language")),
    }
    return pa.table(columns, schema=EVALUATION_SCHEMA)
