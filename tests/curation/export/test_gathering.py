"""Texts are found wherever they lie, also while a compaction moves them, in the order of the mix and in flat memory."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation import Workspace
from curation.errors import ExportError
from curation.export.gathering import Gatherer
from curation.jobs import Job, ShardWriter, compact, create_job, read_keys
from curation.mix import SELECTED_SCHEMA
from curation.prompts import prompt_table
from curation.records import CANDIDATE_SCHEMA, Message, Prompt
from tests.curation.export.sampled_workspace import SAMPLES, candidate_rows, sample_job, text_of


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


_EXPORT_AND_WEIGH = r"""
import pathlib, re, sys
import pyarrow.parquet as pq
from curation import Workspace
from curation.export.gathering import Gatherer
from curation.export.writing import DataFileWriter
workspace, plan, out = Workspace.open(sys.argv[1]), pq.read_table(sys.argv[2]), pathlib.Path(sys.argv[3])
with DataFileWriter(out, "prompt_completion", "parquet", 10**9) as writer:
    for samples in Gatherer(workspace, plan).samples(out / "scratch"):
        writer.write(samples)
    rows = sum(file.rows for file in writer.close())
# of this process alone: what getrusage tells begins with the peak of the process that started it
peak = re.search(r"VmHWM:\s+(\d+)", pathlib.Path("/proc/self/status").read_text())
print(rows, int(peak[1]) // 1024)
"""


@pytest.mark.long
def test_memory_stays_flat(workspace: Workspace, tmp_path: Path) -> None:
    """1.2 GB of texts that do not compress, exported in half of that."""
    prompts = list(range(1, 15_001))
    table = prompt_table([Prompt((Message("user", f"{n}?"),), "math", "sums", "1", "math", "en") for n in prompts])
    pq.write_table(table, workspace.prompts / "p.parquet")
    job = create_job(workspace, "sample", "curation.sampling.stage", {})
    ids = table["prompt_id"].to_pylist()
    with ShardWriter(job.shards, "candidates", CANDIDATE_SCHEMA) as writer:
        for start in range(0, len(ids), 250):
            rows = candidate_rows(job, ids[start : start + 250])
            texts = [os.urandom(10_000).hex() for _ in range(rows.num_rows)]
            writer.write(rows.set_column(3, CANDIDATE_SCHEMA.field("text"), pa.array(texts)))
    plan, out = tmp_path / "plan.parquet", tmp_path / "out"
    pq.write_table(plan_of(job), plan)
    out.mkdir()
    command = [sys.executable, "-c", _EXPORT_AND_WEIGH, str(workspace.folder), str(plan), str(out)]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    rows, megabytes = map(int, done.stdout.split())
    assert rows == 60_000
    assert megabytes < 600
