"""A sampling job gives every prompt its n candidates, scored, exactly once, however often it dies on the way."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation import Workspace
from curation.errors import InputError, ModelError
from curation.jobs import Job, launch, live_shards, read_keys, resume, stop, sweep, wait
from curation.jobs.state import State
from curation.prompts import ImportOptions, import_prompts
from curation.records import CANDIDATE_SCHEMA, SCORE_SCHEMA, candidate_id, format_id, response_hash
from curation.sampling import SamplingConfig, launch_sampling
from curation.sampling.launching import chosen_prompts, create_sampling
from curation.sampling.randomness import request_seed
from tests.curation.sampling.jobs import (
    add_prompts,
    candidate_ids,
    candidate_keys,
    finish,
    leader,
    score_keys,
    scoring_process,
    until,
)

pytestmark = pytest.mark.usefixtures("quiet_jobs")


def responses(folder: Path, count: int = 97, size: int = 1_000) -> Path:
    """A file of responses for the replay engine."""
    filler = "We add one to the number. " * (size // 26)
    texts = [f"<think>\n{i}: {filler}</think>\n\nThe answer is {i}." for i in range(count)]
    path = folder / "responses.parquet"
    pq.write_table(pa.table({"text": texts}), path)
    return path


def replayed(workspace: Workspace, tmp_path: Path, prompts: int, n: int) -> Job:
    add_prompts(workspace, prompts)
    return create_sampling(workspace, SamplingConfig(str(responses(tmp_path)), engine="replay", n=n))


def assert_whole(job: Job, n: int) -> None:
    """Every key once in both families, and nothing left running."""
    prompts = job.input()["prompt_id"].to_pylist()
    expected = sorted((prompt, sample) for prompt in prompts for sample in range(n))
    assert sorted(candidate_keys(job)) == expected
    assert sorted(candidate_ids(job)) == sorted(candidate_id(job.id, *key) for key in expected)
    assert sorted(score_keys(job)) == sorted(candidate_ids(job))
    assert sweep(job) == 0
    identity = leader(job)
    assert identity is not None
    until(lambda: not identity.session_members())


def test_a_model_is_sampled_and_scored(workspace: Workspace, tiny_model: Path) -> None:
    prompts = add_prompts(workspace, 6)
    config = SamplingConfig(str(tiny_model), n=2, max_new_tokens=12, batch_size=4, seed=5, device="cpu")
    job = launch_sampling(workspace, config)
    finish(job)
    assert_whole(job, 2)
    (shard,) = live_shards(job.folder, "candidates")
    table = pq.read_table(shard)
    assert table.schema.equals(CANDIDATE_SCHEMA)
    for row in table.to_pylist():
        assert row["response_hash"] == response_hash(row["text"])
        assert row["seed"] == request_seed(5, row["prompt_id"], row["sample"])
        assert row["engine"] == "transformers"
        assert row["model"].startswith("tiny-qwen3@")
        assert row["reasoning_tokens"] + row["answer_tokens"] <= 12
        assert row["prompt_tokens"] > 10
    (scores,) = live_shards(job.folder, "scores")
    assert pq.read_table(scores).schema.equals(SCORE_SCHEMA)
    progress = job.progress()
    assert progress is not None
    assert (progress.done, progress.total, progress.extra["scored"]) == (12, 12, 12)
    assert {p.prompt_id for p in prompts} == {row["prompt_id"] for row in table.to_pylist()}


def test_a_finished_job_resumed_does_nothing_again(workspace: Workspace, tmp_path: Path) -> None:
    job = replayed(workspace, tmp_path, 20, 3)
    launch(job)
    finish(job)
    before = live_shards(job.folder, "candidates") + live_shards(job.folder, "scores")
    resume(job)
    until(lambda: job.log_tail().count("== attempt") == 2)
    finish(job)
    assert live_shards(job.folder, "candidates") + live_shards(job.folder, "scores") == before
    assert_whole(job, 3)


def test_verdicts_follow_the_reference(workspace: Workspace, tmp_path: Path) -> None:
    prompts = add_prompts(workspace, 12)
    rows = [
        {"prompt_id": format_id(prompt.prompt_id), "sample": sample, "text": f"<think>\nok</think>\n\n{i + 1 + sample}"}
        for i, prompt in enumerate(prompts)
        for sample in range(2)
    ]
    path = tmp_path / "elsewhere.parquet"
    pq.write_table(pa.Table.from_pylist(rows[:-1]), path)
    job = launch_sampling(workspace, SamplingConfig(str(path), engine="replay", n=2))
    finish(job)
    table = read_keys(job.folder, "scores", ["rule_verdict", "prompt_id"])
    assert sorted(table["rule_verdict"].to_pylist()) == ["correct"] * 12 + ["incorrect"] * 11
    progress = job.progress()
    assert progress is not None and progress.failures == 1 and "no response" in progress.note


def kill_leader(job: Job) -> None:
    identity = leader(job)
    if identity is not None:
        identity.signal(signal.SIGKILL)


def kill_scorer(job: Job) -> None:
    pid = scoring_process(job)
    if pid is not None:
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("delay", [0.2, 1.0])
def test_a_killed_sampler_goes_on_where_its_shards_end(workspace: Workspace, tmp_path: Path, delay: float) -> None:
    job = replayed(workspace, tmp_path, 4_000, 3)
    launch(job)
    until(lambda: live_shards(job.folder, "candidates"))
    time.sleep(delay)
    kill_leader(job)
    until(lambda: job.state().name in (State.LOST, State.FINISHED))
    resume(job)
    finish(job)
    assert_whole(job, 3)


def test_a_killed_scorer_is_started_again(workspace: Workspace, tmp_path: Path) -> None:
    job = replayed(workspace, tmp_path, 4_000, 3)
    launch(job)
    until(lambda: scoring_process(job) or job.state().has_ended)
    kill_scorer(job)
    finish(job)
    assert "starting it again" in job.log_tail()
    assert_whole(job, 3)


def test_a_stopped_job_keeps_what_it_has_and_resumes(workspace: Workspace, tiny_model: Path) -> None:
    add_prompts(workspace, 30)
    config = SamplingConfig(str(tiny_model), n=4, max_new_tokens=400, batch_size=4, device="cpu")
    job = launch_sampling(workspace, config)
    until(lambda: live_shards(job.folder, "candidates"))
    state = stop(job, grace_s=60.0)
    assert state.name == State.STOPPED, f"{state}\n{job.log_tail()}"
    done = len(candidate_keys(job))
    assert 0 < done < 120
    identity = leader(job)
    assert identity is not None and not identity.session_members()


def test_scoring_that_cannot_work_fails_the_job_with_its_reason(workspace: Workspace, tmp_path: Path) -> None:
    job = replayed(workspace, tmp_path, 50, 2)
    (workspace.prompts / "sums.parquet").rename(tmp_path / "away.parquet")
    launch(job)
    assert wait(job, 600).name == State.FAILED
    assert "prompts are not there" in job.state().detail
    (tmp_path / "away.parquet").rename(workspace.prompts / "sums.parquet")
    resume(job)
    finish(job)
    assert_whole(job, 2)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(12))
def test_any_number_of_deaths_at_random_moments(workspace: Workspace, tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    job = replayed(workspace, tmp_path, 6_000, 4)
    for _ in range(rng.randint(2, 6)):
        resume(job)
        time.sleep(rng.uniform(0.0, 4.0))
        if rng.random() < 0.4:
            kill_scorer(job)
            time.sleep(rng.uniform(0.0, 1.0))
        kill_leader(job)
        until(lambda: job.state().name not in (State.RUNNING, State.QUEUED))
    resume(job)
    finish(job)
    assert_whole(job, 4)


def test_prompts_are_chosen_by_split_domain_import_and_seed(workspace: Workspace, tmp_path: Path) -> None:
    prompts = add_prompts(workspace, 40)
    everything = chosen_prompts(workspace, SamplingConfig("m"))
    assert set(everything.tolist()) == {p.prompt_id for p in prompts}
    some = chosen_prompts(workspace, SamplingConfig("m", limit=10, seed=1))
    assert len(some) == 10
    assert some.tolist() == chosen_prompts(workspace, SamplingConfig("m", limit=10, seed=1)).tolist()
    assert set(some.tolist()) < set(chosen_prompts(workspace, SamplingConfig("m", limit=20, seed=1)).tolist())
    lines = '{"question": "1?", "reference": "1"}\n{"question": "2?", "reference": "2"}\n'
    (tmp_path / "mine.jsonl").write_text(lines)
    (tmp_path / "again.jsonl").write_text(lines.splitlines()[0] + '\n{"question": "3?", "reference": "3"}\n')
    for name in ("mine", "again"):
        import_prompts(workspace, tmp_path / f"{name}.jsonl", ImportOptions(domain="math"))
    assert len(chosen_prompts(workspace, SamplingConfig("m", imports=("mine",)))) == 2
    assert len(chosen_prompts(workspace, SamplingConfig("m", imports=("mine", "again")))) == 3
    with pytest.raises(InputError, match=r"no import called 'absent' in .*; there are again, mine"):
        chosen_prompts(workspace, SamplingConfig("m", imports=("absent",)))
    for config in (SamplingConfig("m", split="held_out"), SamplingConfig("m", imports=("mine",), domains=("code",))):
        with pytest.raises(InputError, match="no prompt has"):
            chosen_prompts(workspace, config)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (SamplingConfig("m", n=0), "n is 0"),
        (SamplingConfig("m", temperature=-1), "temperature is -1"),
        (SamplingConfig("m", top_p=0), "top_p is 0"),
        (SamplingConfig("m", engine="magic"), "one of transformers, replay"),
        (SamplingConfig("m", device="tpu"), "auto, cpu, cuda or cuda:N"),
        (SamplingConfig("m", temperature=0, n=4), "equal samples"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(workspace: Workspace, config: SamplingConfig, message: str) -> None:
    add_prompts(workspace, 1)
    with pytest.raises(InputError, match=message):
        launch_sampling(workspace, config)
    assert not list(workspace.jobs.iterdir())


def test_nothing_starts_without_prompts_or_model(workspace: Workspace, tiny_model: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no prompts yet"):
        launch_sampling(workspace, SamplingConfig(str(tiny_model)))
    add_prompts(workspace, 1)
    with pytest.raises(ModelError, match="is not a folder"):
        launch_sampling(workspace, SamplingConfig(str(tmp_path / "nowhere")))
    assert not list(workspace.jobs.iterdir())
