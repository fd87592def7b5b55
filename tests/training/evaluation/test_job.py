"""Promise: an evaluation asks each model each held-out prompt once, whatever happens meanwhile, and compares them."""

from __future__ import annotations

import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation import Workspace
from curation.errors import InputError, JobError, ModelError
from curation.jobs import Job, State, read_keys, resume, stop, wait
from curation.records import PROMPT_SCHEMA, Message, Prompt
from tests.deaths import kill
from tests.tiny_model import build_tiny_model
from training.evaluation import FAMILY, EvaluatedModel, EvaluationConfig, launch_evaluation
from training.evaluation.results import read_results

PATIENCE = 900.0  # seconds; a busy machine is no failure


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_model(tmp_path_factory.mktemp("models") / "base")


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.fixture
def asked(workspace: Workspace) -> list[Prompt]:
    """Twelve held-out sums, and as many of the train split, which must not be asked."""
    prompts = [
        Prompt((Message("user", f"{i} + {i}?"),), "math", "sum", str(2 * i), "math", "en", split)
        for i in range(24)
        for split in ["held_out" if i % 2 else "train"]
    ]
    rows = [
        {
            "prompt_id": each.prompt_id,
            "messages": [{"role": turn.role, "content": turn.content} for turn in each.messages],
            **{name: getattr(each, name) for name in PROMPT_SCHEMA.names if name not in {"prompt_id", "messages"}},
        }
        for each in prompts
    ]
    pq.write_table(pa.Table.from_pylist(rows, PROMPT_SCHEMA), workspace.prompts / "sums.parquet")
    return [each for each in prompts if each.split == "held_out"]


def answers(folder: Path, asked: list[Prompt], name: str, right: int, reasoning: str) -> Path:
    """Responses of a model that gets the first `right` prompts right, as a file that the replay engine serves."""
    rows = []
    for i, each in enumerate(asked):
        text = f"<think>\n{reasoning}\n</think>\n\nThe answer is \\boxed{{{each.reference if i < right else -1}}}."
        rows += [{"prompt_id": each.prompt_id, "sample": sample, "text": text} for sample in range(2)]
    schema = pa.schema([("prompt_id", pa.uint64()), ("sample", pa.int32()), ("text", pa.string())])
    path = folder / f"{name}.parquet"
    pq.write_table(pa.Table.from_pylist(rows, schema), path)
    return path


def sampled(model: Path, **settings: Any) -> EvaluationConfig:
    models = (EvaluatedModel("one", str(model)), EvaluatedModel("two", str(model)))
    return EvaluationConfig(models=models, n=3, max_new_tokens=40, batch_size=4, device="cpu", **settings)


def keys(job: Job) -> Counter[tuple[str, int, int]]:
    table = read_keys(job.folder, FAMILY, ["model", "prompt_id", "sample"])
    return Counter((each["model"], each["prompt_id"], each["sample"]) for each in table.to_pylist())


def all_keys(asked: list[Prompt], samples: int = 3) -> set[tuple[str, int, int]]:
    return {(name, each.prompt_id, k) for name in ("one", "two") for each in asked for k in range(samples)}


def test_better_answers_win_and_habits_are_seen(tmp_path: Path, workspace: Workspace, asked: list[Prompt]) -> None:
    good = answers(tmp_path, asked, "good", 11, "First double the number.\n\nThen write it.")
    bad = answers(tmp_path, asked, "bad", 2, "先把这个数字加倍，然后写下来。")
    config = EvaluationConfig(
        models=(EvaluatedModel("good", str(good)), EvaluatedModel("bad", str(bad))), engine="replay", device="cpu"
    )
    job = launch_evaluation(workspace, config)
    with pytest.raises(JobError, match="no results yet"):
        read_results(job)
    state = wait(job, PATIENCE)
    assert state.name == State.FINISHED, job.log_tail()
    results = read_results(job)
    assert results.prompts == 12
    best, worst = results.model("good").overall, results.model("bad").overall
    assert (best.pass_at_1.value, worst.pass_at_1.value) == (pytest.approx(11 / 12), pytest.approx(2 / 12))
    assert best.pass_at_1.low > worst.pass_at_1.high
    assert results.difference("good", "bad").pass_at_1.low > 0
    assert (best.habits["mixed_language"].value, worst.habits["mixed_language"].value) == (0, 1)
    assert best.well_formed.value == worst.well_formed.value == 1
    assert results.model("good").by_domain["math"].samples == 24
    progress = job.progress()
    assert progress is not None and progress.extra["models"]["good"] == {"samples": 24, "correct": 22}


def test_a_stop_and_a_kill_cost_no_sample_and_double_none(
    workspace: Workspace, asked: list[Prompt], model: Path
) -> None:
    job = launch_evaluation(workspace, sampled(model))
    _wait_for_samples(job, 1)
    stop(job)
    resume(job)
    _wait_for_samples(job, len(keys(job)) + 1)
    if not job.state().has_ended:
        kill(job)
        resume(job)
    assert wait(job, PATIENCE).name == State.FINISHED, job.log_tail()
    assert keys(job) == dict.fromkeys(all_keys(asked), 1)
    results = read_results(job)
    assert results.model("one").overall.samples == 36
    # the same weights and seeds give the same samples, so nothing tells the two apart
    assert results.difference("one", "two").pass_at_1.value == 0


def test_what_cannot_be_evaluated_is_refused(
    tmp_path: Path, workspace: Workspace, model: Path, asked: list[Prompt]
) -> None:
    with pytest.raises(ModelError, match="nowhere"):
        launch_evaluation(workspace, sampled(tmp_path / "nowhere"))
    with pytest.raises(InputError, match="no held_out prompts in logic"):
        launch_evaluation(workspace, sampled(model, domains=("logic",)))
    with pytest.raises(InputError, match="name of its own"):
        EvaluationConfig(models=(EvaluatedModel("a", "x"), EvaluatedModel("a", "y")))
    with pytest.raises(InputError, match="'maths' is none"):
        sampled(model, domains=("maths",))
    with pytest.raises(InputError, match="threshold"):
        launch_evaluation(workspace, sampled(model, thresholds="absent"))
    assert not list(workspace.jobs.iterdir())


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10))
def test_kills_at_any_moment_leave_no_trace(workspace: Workspace, asked: list[Prompt], model: Path, seed: int) -> None:
    job = launch_evaluation(workspace, sampled(model))
    moment = random.Random(seed)
    for _ in range(5):
        time.sleep(moment.uniform(0.5, 12.0))
        if job.state().has_ended:
            break
        kill(job)
        resume(job)
    assert wait(job, PATIENCE).name == State.FINISHED, job.log_tail()
    assert keys(job) == dict.fromkeys(all_keys(asked), 1)


def _wait_for_samples(job: Job, count: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if len(keys(job)) >= count or job.state().has_ended:
            return
        time.sleep(0.05)
    raise AssertionError(f"{count} samples were not reached: {job.log_tail()}")
