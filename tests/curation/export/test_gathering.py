"""Texts are found wherever they lie, also while a compaction moves them, in the order of the mix and in flat memory."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow as pa
import pytest

from curation import Workspace
from curation.errors import ExportError
from curation.export.gathering import Gatherer
from curation.jobs import Job, compact, read_keys
from curation.mix import SELECTED_SCHEMA
from tests.curation.export.sampled_workspace import SAMPLES, sample_job, text_of


def plan_of(*jobs: Job) -> pa.Table:
    """Every candidate of `jobs`, shuffled."""
    rows = [
        {"kind": "reasoning", "id": row["candidate_id"], "prompt_id": row["prompt_id"], "job": job.id, "domain": "math"}
        for job in jobs
        for row in read_keys(job.folder, "candidates", ["candidate_id", "prompt_id"]).to_pylist()
    ]
    random.Random(0).shuffle(rows)
    return pa.Table.from_pylist([{**row, "position": n} for n, row in enumerate(rows)], schema=SELECTED_SCHEMA)


def test_all_candidates_of_two_jobs_in_the_order_of_the_mix(prompted: Workspace, tmp_path: Path) -> None:
    plan = plan_of(sample_job(prompted), sample_job(prompted, shards=1))
    gatherer = Gatherer(prompted, plan)
    samples = pa.concat_tables(gatherer.samples(tmp_path))
    assert samples["id"].to_pylist() == plan["id"].to_pylist()
    assert samples["prompt_id"].to_pylist() == plan["prompt_id"].to_pylist()
    for row in samples.to_pylist():
        assert row["response"] in [text_of(row["prompt_id"], n) for n in range(SAMPLES)]
        assert row["messages"][-1]["role"] == "user"
    assert sorted(gatherer.models.values()) == [120, 120]


def test_a_compaction_in_between_loses_and_doubles_nothing(prompted: Workspace, tmp_path: Path) -> None:
    job = sample_job(prompted, shards=6)
    plan = plan_of(job)
    moved = []

    def compact_once(found: int) -> None:
        if not moved:
            moved.append(found)
            compact(job.folder, "candidates", ["candidate_id"])

    samples = pa.concat_tables(Gatherer(prompted, plan, compact_once).samples(tmp_path))
    assert 0 < moved[0] < plan.num_rows
    assert samples["id"].to_pylist() == plan["id"].to_pylist()


def test_a_prompt_that_is_gone_is_said(prompted: Workspace, tmp_path: Path) -> None:
    plan = plan_of(sample_job(prompted))
    (prompted.prompts / "sums.parquet").unlink()
    with pytest.raises(ExportError, match="the prompts of 48 selected candidates are not there"):
        list(Gatherer(prompted, plan).samples(tmp_path))


def test_a_general_sample_that_is_gone_is_said(prompted: Workspace, tmp_path: Path) -> None:
    plan = pa.Table.from_pylist(
        [{"kind": "general", "id": 7, "prompt_id": None, "job": None, "domain": "general", "position": 0}],
        schema=SELECTED_SCHEMA,
    )
    with pytest.raises(ExportError, match=r"1 of the general samples cannot be found any more, such as 0{15}7"):
        list(Gatherer(prompted, plan).samples(tmp_path))
