"""A scoring job gives every candidate that lacks one a current score, once, and touches no other."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation import Workspace
from curation.errors import InputError, JobError
from curation.jobs import Job, ShardWriter, launch, live_shards, resume
from curation.records import SCORE_SCHEMA
from curation.sampling import SamplingConfig, launch_sampling
from curation.scoring import Scorer, ScoringConfig, launch_scoring
from curation.scoring.launching import create_scoring
from curation.verification import RULE_VERSION
from tests.curation.sampling.jobs import add_prompts, candidate_ids, finish, leader, score_keys, until


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def sampled(workspace: Workspace, tmp_path: Path, prompts: int, n: int, scores: bool) -> Job:
    add_prompts(workspace, prompts)
    path = tmp_path / "responses.jsonl"
    path.write_text("".join(f'{{"text": "<think>\\nso</think>\\n\\n{i}"}}\n' for i in range(50)))
    job = launch_sampling(workspace, SamplingConfig(str(path), engine="replay", n=n, enable_scores=scores))
    finish(job)
    return job


def test_what_was_not_scored_is_scored_once(workspace: Workspace, tmp_path: Path) -> None:
    sample = sampled(workspace, tmp_path, 300, 2, scores=False)
    assert score_keys(sample) == []
    first = launch_scoring(workspace)
    finish(first)
    assert sorted(score_keys(first)) == sorted(candidate_ids(sample))
    second = launch_scoring(workspace, ScoringConfig(jobs=(sample.id,)))
    finish(second)
    assert score_keys(second) == []
    third = launch_scoring(workspace, ScoringConfig(rescore_all=True))
    finish(third)
    assert sorted(score_keys(third)) == sorted(candidate_ids(sample))


def test_scores_of_an_older_rule_are_computed_anew(workspace: Workspace, tmp_path: Path) -> None:
    sample = sampled(workspace, tmp_path, 20, 1, scores=False)
    with Scorer(workspace) as scorer:
        scores = scorer.score(pq.read_table(live_shards(sample.folder, "candidates")[0]))
    versions = pa.array([RULE_VERSION] * 15 + [RULE_VERSION - 1] * 5, pa.int32())
    columns = [versions if field.name == "rule_version" else scores.column(field.name) for field in SCORE_SCHEMA]
    with ShardWriter(sample.shards, "scores", SCORE_SCHEMA) as writer:
        writer.write(pa.RecordBatch.from_arrays(columns, schema=SCORE_SCHEMA))
    job = launch_scoring(workspace)
    finish(job)
    assert sorted(score_keys(job)) == sorted(scores.column("candidate_id").to_pylist()[15:])


def test_a_killed_scoring_job_resumes(workspace: Workspace, tmp_path: Path) -> None:
    import signal

    sample = sampled(workspace, tmp_path, 4_000, 3, scores=False)
    job = create_scoring(workspace, ScoringConfig())
    launch(job)
    until(lambda: live_shards(job.folder, "scores") or job.state().has_ended)
    identity = leader(job)
    assert identity is not None
    identity.signal(signal.SIGKILL)
    until(lambda: not identity.is_alive())
    resume(job)
    finish(job)
    assert sorted(score_keys(job)) == sorted(candidate_ids(sample))


def test_only_sampling_jobs_can_be_scored(workspace: Workspace) -> None:
    with pytest.raises(InputError, match="nothing was sampled yet"):
        launch_scoring(workspace)
    with pytest.raises(JobError, match="no job"):
        launch_scoring(workspace, ScoringConfig(jobs=("20200101",)))
