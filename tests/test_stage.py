"""The whole stage: the demo at a small size through the command line, and published problems as far as the export."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from curation import Workspace
from curation.cli import main
from curation.export import read_manifest
from curation.jobs import State, find_job, list_jobs, stop, wait
from training.demo.loop import STEPS, DemoConfig, launch_demo, read_result, running_step
from training.progress import read_metrics

SMALL = ("--prompts", "48", "--samples", "4", "--held-out", "24", "--held-out-samples", "1", "--max-steps", "6")


def winnow(*arguments: str | Path) -> str:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def last_json(output: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(output.splitlines()[-1])
    return value


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("demo") / "workspace"
    return Workspace(folder), last_json(winnow("demo", "--workspace", folder, "--json", *SMALL))


def test_the_demo_ends_with_counts_and_a_comparison(demo: tuple[Workspace, dict[str, Any]]) -> None:
    _workspace, result = demo
    assert result["candidates"] == 48 * 4
    assert 0 < result["accepted"] <= result["candidates"]
    assert result["exported"] > 0
    for model in ("policy", "base", "tuned"):
        interval = result[model]["pass_at_1"]
        assert 0 <= interval["low"] <= interval["value"] <= interval["high"] <= 1
        assert 0 <= result[model]["mixed_language_rate"] <= 1
        assert 0 <= result[model]["code_block_rate"] <= 1


def test_every_step_left_what_the_next_one_needs(demo: tuple[Workspace, dict[str, Any]]) -> None:
    workspace, result = demo
    jobs = {job.kind: job for job in list_jobs(workspace)}
    assert set(jobs) == {"demo", *STEPS}
    assert all(job.state().name == State.FINISHED for job in jobs.values())
    manifest = read_manifest(workspace.exports / "demo")
    assert manifest.samples == result["exported"]
    assert (workspace.models / "demo" / "adapter_model.safetensors").is_file()
    assert read_metrics(jobs["sft"].folder)[-1].step == 6


def test_the_funnel_agrees_with_the_demo_and_survives_a_rebuild(demo: tuple[Workspace, dict[str, Any]]) -> None:
    workspace, result = demo
    before = last_json(winnow("funnel", "--json", "--workspace", workspace.folder))
    assert (before["candidates"], before["accepted"]) == (result["candidates"], result["accepted"])
    winnow("rebuild", "--workspace", workspace.folder)
    assert last_json(winnow("funnel", "--json", "--workspace", workspace.folder)) == before


def test_the_demo_run_again_is_not_run_again(demo: tuple[Workspace, dict[str, Any]]) -> None:
    workspace, result = demo
    assert last_json(winnow("demo", "--workspace", workspace.folder, "--json")) == result
    assert len(list_jobs(workspace)) == 1 + len(STEPS)


def test_two_commands_at_once_see_the_same(demo: tuple[Workspace, dict[str, Any]]) -> None:
    workspace, _ = demo
    command = [sys.executable, "-m", "curation.cli", "funnel", "--json", "--workspace", str(workspace.folder)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    outputs = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert outputs[0] == outputs[1] != ""


def test_a_demo_that_was_stopped_goes_on(workspace: Workspace) -> None:
    config = DemoConfig(prompts=24, samples=2, held_out=8, held_out_samples=1, max_steps=2)
    job = launch_demo(workspace, config)
    wait_until(lambda: running_step(job) is not None)
    assert stop(job, grace_s=60).name == State.STOPPED
    child = running_step(job)
    assert child is not None
    assert child.state().has_ended
    assert launch_demo(workspace).id == job.id
    assert wait(job, timeout_s=300).name == State.FINISHED
    assert read_result(job).candidates == 48


def test_published_problems_go_as_far_as_the_export(real_folder: Path, workspace: Workspace, tiny_model: Path) -> None:
    at = ("--workspace", workspace.folder)
    fields = ("--domain", "math", "--prompt-field", "question", "--reference-field", "answer")
    imported = winnow(
        "import", real_folder / "gsm8k" / "train.jsonl", *fields, "--reference-pattern", "#### (.+)", "--json", *at
    )
    assert last_json(imported)["imported"] == 7_473
    sampled = winnow(
        "sample", "--model", tiny_model, "-n", "1", "--limit", "200", "--max-new-tokens", "48", "--json", *at
    )
    job = find_job(workspace, last_json(sampled)["job"])
    assert job.state().name == State.FINISHED
    counts = last_json(winnow("funnel", "--json", *at))
    assert (counts["prompts"], counts["candidates"], counts["scored"]) == (7_473, 200, 200)
    assert counts["accepted"] == 0
    refused = CliRunner().invoke(main, ["export", "nothing", *map(str, at)])
    assert refused.exit_code == 2
    assert "nothing was accepted: 200 candidates, 0 correct" in refused.stderr
    assert list(workspace.exports.iterdir()) == []
    shards = list(job.shards.glob("*.parquet"))
    assert sum(pq.read_metadata(shard).num_rows for shard in shards if shard.name.startswith("candidates")) == 200


def wait_until(condition: Callable[[], bool], timeout_s: float = 120) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
