"""`python -m training.evaluation JOB_DIR`: sample models on held-out prompts, and score them as the funnel does.

Importing it, to launch a job, loads no torch.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from curation import Workspace
from curation.errors import InputError, WinnowError
from curation.jobs import Job, JobContext, ShardWriter, compact, create_job, launch, read_keys, run_stage
from curation.measures import MEASURES_VERSION, measure
from curation.prompts import read_prompts
from curation.records import TEXT_MEASURES, Domain, Message, Split, Verdict, messages_of
from curation.responses import split_response
from curation.sampling import queue_device
from curation.sampling.engines import Completion, Engine, SamplingParameters, SamplingRequest, open_engine
from curation.sampling.model_folder import check_model
from curation.settings import config_from_mapping, config_to_mapping, setting
from curation.thresholds import load_thresholds
from curation.verification import RULE_VERSION, RuleVerifier
from training.devices import restrict_devices
from training.evaluation_results import EvaluationResults, read_results, write_results

__all__ = [
    "EVALUATION_SCHEMA",
    "FAMILY",
    "KIND",
    "EvaluatedModel",
    "EvaluationConfig",
    "EvaluationResults",
    "evaluation_config",
    "launch_evaluation",
    "read_results",
]

KIND: Final = "evaluate"
FAMILY: Final = "evaluations"
EVALUATION_SCHEMA: Final = pa.schema(
    [
        pa.field("model", pa.string(), nullable=False),  # what the configuration calls it
        pa.field("revision", pa.string(), nullable=False),  # name and hash of the weights
        pa.field("prompt_id", pa.uint64(), nullable=False),
        pa.field("sample", pa.int32(), nullable=False),
        pa.field("domain", pa.string(), nullable=False),
        pa.field("verifier", pa.string(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("finish_reason", pa.string(), nullable=False),
        pa.field("reasoning_tokens", pa.int32(), nullable=False),
        pa.field("answer_tokens", pa.int32(), nullable=False),
        pa.field("seed", pa.int64()),
        pa.field("rule_verdict", pa.string(), nullable=False),
        pa.field("rule_detail", pa.string(), nullable=False),
        pa.field("prediction", pa.string()),
        pa.field("rule_version", pa.int32(), nullable=False),
        pa.field("measures_version", pa.int32(), nullable=False),
        *TEXT_MEASURES,
    ]
)
"""Shards of the `evaluations` family. Resume key: (prompt_id, model, sample)."""

_CHUNK: Final = 64  # completions scored together
_CHUNK_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True)
class EvaluatedModel:
    """A model to compare: the `name` it has in the results, its folder, and the adapter's folder if it has one."""

    name: str
    model: str
    adapter: str | None = None


def _models(value: Any) -> tuple[EvaluatedModel, ...]:
    wanted = "models must be a list of tables with name, model (a folder) and, if there is one, adapter (a folder)"
    if not isinstance(value, list | tuple) or not value:
        raise InputError(f"{wanted}; it is {value!r}")
    models = []
    for each in value:
        if isinstance(each, Mapping):
            try:
                each = EvaluatedModel(**each)
            except TypeError:
                raise InputError(f"{wanted}; one is {dict(each)!r}") from None
        if not isinstance(each, EvaluatedModel) or not all(isinstance(part, str) for part in (each.name, each.model)):
            raise InputError(f"{wanted}; one is {each!r}")
        models.append(each)
    return tuple(models)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationConfig:
    """Settings of one evaluation job."""

    models: tuple[EvaluatedModel, ...] = setting(help="The models to compare", group="what", parse=_models)
    split: str = setting("held_out", help="Prompts to ask", choices=(Split.HELD_OUT, Split.TRAIN), group="what")
    domains: tuple[str, ...] = setting((), help="Only these domains; empty means all", group="what")
    limit: int | None = setting(None, help="Ask this many prompts, drawn by the seed", minimum=1, group="what")
    thresholds: str = setting("default", help="The threshold set whose rules count as habits", group="what")

    n: int = setting(2, help="Samples of each prompt", minimum=1, group="sampling")
    temperature: float = setting(1.0, help="Sampling temperature; 0 is greedy", minimum=0, group="sampling")
    top_p: float = setting(1.0, help="Share of the probability that is sampled", above=0, maximum=1, group="sampling")
    max_new_tokens: int = setting(1024, help="Tokens after which a response is cut", minimum=1, group="sampling")
    seed: int = setting(0, help="The same seed draws the same prompts and samples", minimum=0, group="sampling")
    engine: str = setting("transformers", help="What samples the models", group="run")
    batch_size: int = setting(64, help="Samples in flight at a time", minimum=1, group="run")
    device: str = setting("auto", help="auto, cpu, cuda or cuda:N", group="run")

    def __post_init__(self) -> None:
        names = [each.name for each in self.models]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled or not all(names):
            raise InputError(f"models: each needs a name of its own; {doubled or 'one has none'}")
        unknown = [domain for domain in self.domains if domain not in set(Domain)]
        if unknown:
            raise InputError(f"domains: {unknown[0]!r} is none; there are {', '.join(Domain)}")


def launch_evaluation(workspace: Workspace, config: EvaluationConfig) -> Job:
    """Start an evaluation in the background.

    Raises ModelError for a folder that holds no model, InputError when no prompt is left to ask or a setting is wrong.
    """
    models = []
    for each in config.models:
        adapter = Path(each.adapter).absolute() if each.adapter else None
        if config.engine == "transformers":
            check_model(Path(each.model), adapter)
        models.append(asdict(each) | {"model": _absolute(each.model), "adapter": str(adapter) if adapter else None})
    thresholds = load_thresholds(workspace, config.thresholds)
    prompts = _choose_prompts(workspace, config)
    stored = config_to_mapping(config) | {"models": models, "rules": [asdict(rule) for rule in thresholds.enabled]}
    job = create_job(workspace, KIND, "training.evaluation", stored, input=prompts, device=queue_device(config.device))
    launch(job)
    return job


def evaluation_config(job: Job) -> EvaluationConfig:
    """The settings that a job was launched with."""
    return config_from_mapping(EvaluationConfig, {key: v for key, v in job.config.items() if key != "rules"})


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


def _choose_prompts(workspace: Workspace, config: EvaluationConfig) -> pa.Table:
    table = read_prompts(workspace, columns=["prompt_id", "split", "domain"])
    kept = pc.equal(table["split"], config.split)
    if config.domains:
        kept = pc.and_(kept, pc.is_in(table["domain"], pa.array(config.domains)))
    ids = np.sort(table.filter(kept)["prompt_id"].to_numpy())
    if not len(ids):
        where = f" in {', '.join(config.domains)}" if config.domains else ""
        raise InputError(
            f"no {config.split} prompts{where} in {workspace.folder}; import some with --split {config.split}."
        )
    if config.limit is not None and config.limit < len(ids):
        ids = np.sort(np.random.default_rng(config.seed).choice(ids, config.limit, replace=False))
    return pa.table({"prompt_id": ids})


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


def _absolute(folder: str) -> str:
    return str(Path(folder).absolute()) if Path(folder).exists() else folder  # a served model is a name, no path


if __name__ == "__main__":
    run_stage(evaluate)
