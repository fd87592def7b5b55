"""An export holds exactly what was selected, word for word, says how it came about, and is whole or absent."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from curation import Workspace
from curation.errors import ExportError, InputError
from curation.export import ExportConfig, launch_export, list_exports, read_manifest
from curation.index import Index
from curation.jobs import Job, compact, resume, wait
from curation.mix import MixConfig, select
from curation.records import format_id, parse_id
from curation.selection import SelectionConfig
from curation.thresholds import ThresholdRule, ThresholdSet, default_thresholds
from tests.curation.export.sampled_workspace import SAMPLES, candidate_rows, sample_job, text_of

ALL = MixConfig(recipe="all")


def finished(job: Job) -> Job:
    state = wait(job, timeout_s=120)
    assert state.name == "finished", (state, job.log_tail(4000))
    return job


def exported(workspace: Workspace, **settings: Any) -> Path:
    config = ExportConfig(**{"name": "mix", "mix": ALL, **settings})
    finished(launch_export(workspace, config))
    return workspace.exports / config.name


def leftovers(workspace: Workspace) -> list[str]:
    return [path.name for path in workspace.exports.iterdir() if path.name.startswith(".")]


def rows_of(folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for path in sorted((folder / "data").iterdir()):
        if path.suffix == ".parquet":
            rows += pq.read_table(path).to_pylist()
        else:
            rows += [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return rows


def test_rows_are_what_was_selected_in_its_order(sampled: Workspace) -> None:
    with Index.open(sampled) as index:
        index.refresh()
        chosen = select(index, default_thresholds(), SelectionConfig(), ALL).rows.sort_by("position").to_pylist()
    assert {row["kind"] for row in chosen} == {"reasoning", "general"}
    rows = rows_of(exported(sampled))
    assert [row["id"] for row in rows] == [format_id(row["id"]) for row in chosen]
    assert [row["kind"] for row in rows] == [row["kind"] for row in chosen]
    for row in rows:
        (completion,) = row["completion"]
        assert completion["role"] == "assistant"
        assert row["prompt"][-1]["role"] == "user"
        if row["kind"] == "reasoning":
            assert completion["content"] in [text_of(parse_id(row["prompt_id"]), sample) for sample in (0, 1)]
            assert row["language"] == ("zh" if row["domain"] == "logic" else "en")
            assert len(row["prompt"]) == (4 if row["domain"] == "stem" else 1)
        else:
            assert row["prompt_id"] is None
            assert row["task"] in ("writing", "chat")
            assert len(row["prompt"]) == (4 if row["task"] == "chat" else 1)
            assert completion["content"].startswith("Yes." if row["task"] == "chat" else "word")


@pytest.mark.parametrize("file_type", ["parquet", "jsonl"])
@pytest.mark.parametrize("form", ["prompt_completion", "messages", "sharegpt"])
def test_every_form_is_read_by_datasets(
    sampled: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, file_type: str
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    import datasets

    folder = exported(sampled, format=form, file_type=file_type)
    loaded = datasets.load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))
    assert list(loaded) == ["train"]
    rows = loaded["train"].to_list()
    assert rows == rows_of(folder)
    assert len(rows) == read_manifest(folder).samples
    first = rows[0]
    if form == "prompt_completion":
        turns = [*first["prompt"], *first["completion"]]
    elif form == "messages":
        turns = first["messages"]
    else:
        turns = [{"role": turn["from"], "content": turn["value"]} for turn in first["conversations"]]
        assert {turn["role"] for turn in turns} <= {"system", "human", "gpt"}
    assert turns[-1]["role"] == ("gpt" if form == "sharegpt" else "assistant")
    assert all(turn["content"] for turn in turns)


def test_the_manifest_and_the_card_say_how_it_came_about(sampled: Workspace) -> None:
    thresholds = ThresholdSet("mine", (ThresholdRule("short", "reasoning_tokens", max=100),))
    folder = exported(sampled, thresholds=thresholds, selection=SelectionConfig(cap=1, seed=7), name="first one")
    manifest = read_manifest(folder)
    assert (manifest.name, manifest.format, manifest.file_type) == ("first one", "prompt_completion", "parquet")
    assert manifest.thresholds["rules"][0]["name"] == "short"
    assert manifest.seeds == {"selection": 7, "mix": 0}
    assert manifest.funnel["candidates"] == 30 * SAMPLES
    assert manifest.funnel["correct"] == 60
    assert manifest.domains["math"] == {"quota": 12, "available": 12, "taken": 12, "shortfall": 0}
    assert sum(counts["taken"] for counts in manifest.domains.values()) == manifest.samples
    assert sum(manifest.tasks.values()) == sum(manifest.languages.values()) == manifest.samples
    (model,) = manifest.models
    assert (model.engine, model.model, model.samples) == ("transformers", "policy@abc123", 30)
    assert model.sampling == {"model": "policy", "n": SAMPLES}
    assert manifest.versions["pyarrow"]
    for file in manifest.files:
        content = (folder / file.name).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (file.bytes, file.sha256)
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert card.startswith("---\nlicense: other\n")
    assert '- "n<1K"' in card
    assert "| math | 12 | 12 | 12 | 0 |" in card
    assert [export.name for export in list_exports(sampled)] == ["first one"]


def test_a_shortfall_is_recorded(sampled: Workspace) -> None:
    manifest = read_manifest(exported(sampled, mix=MixConfig(reasoning=1000, general=5)))
    assert manifest.domains["general"]["taken"] == 5
    assert manifest.shortfall["math"] > 0


@pytest.mark.parametrize("file_type", ["parquet", "jsonl"])
def test_the_same_state_gives_the_same_bytes(sampled: Workspace, file_type: str) -> None:
    (job_folder,) = sampled.jobs.glob("*-sample-*")
    first = exported(sampled, name="first", file_type=file_type)
    compact(job_folder, "candidates", ["candidate_id"])
    compact(job_folder, "scores", ["candidate_id"])
    shutil.rmtree(sampled.index, ignore_errors=True)
    second = exported(sampled, name="second", file_type=file_type)
    assert read_manifest(first).files == read_manifest(second).files
    other_seed = exported(sampled, name="third", file_type=file_type, mix=MixConfig(recipe="all", seed=1))
    assert read_manifest(first).files != read_manifest(other_seed).files


def test_a_name_is_taken_once(sampled: Workspace) -> None:
    exported(sampled, name="a")
    with pytest.raises(ExportError, match="choose another name"):
        launch_export(sampled, ExportConfig(name="a", mix=ALL))
    with pytest.raises(InputError, match="cannot name an export"):
        ExportConfig(name="../a")


def test_nothing_to_export_says_why(prompted: Workspace) -> None:
    with pytest.raises(ExportError, match="30 prompts, but no candidates"):
        launch_export(prompted, ExportConfig(name="a", mix=MixConfig(general=0)))
    sample_job(prompted, correct=False)
    nothing = ExportConfig(name="a", mix=MixConfig(general=0))
    with pytest.raises(ExportError, match="nothing was accepted: 120 candidates, 0 correct \\(120 incorrect, 0 und"):
        launch_export(prompted, nothing)
    sample_job(prompted)
    strict = ThresholdSet("strict", (ThresholdRule("none", "reasoning_tokens", max=1),))
    with pytest.raises(ExportError, match="60 are correct, and thresholds reject all of them \\(none 60\\)"):
        launch_export(prompted, ExportConfig(name="a", thresholds=strict, mix=MixConfig(general=0)))
    with pytest.raises(ExportError, match="the mix takes nothing: 60 are selected"):
        launch_export(prompted, ExportConfig(name="a", mix=MixConfig(reasoning=0, general=0)))
    assert list(prompted.exports.iterdir()) == []


def test_a_missing_shard_fails_the_export_and_putting_it_back_mends_it(sampled: Workspace) -> None:
    with Index.open(sampled) as index:
        index.refresh()
        (sample,) = sampled.jobs.glob("*-sample-*")
        job = launch_export(sampled, ExportConfig(name="a", mix=ALL), index)
    finished(job)
    shutil.rmtree(sampled.exports / "a")
    shard = sorted((sample / "shards").glob("candidates-*"))[0]
    aside = shard.rename(sampled.folder / "aside")
    resume(job)
    state = wait(job, timeout_s=120)
    assert state.name == "failed"
    assert "selected candidates cannot be found any more" in state.detail
    assert sample.name in state.detail
    assert list(sampled.exports.iterdir()) == []
    aside.rename(shard)
    resume(job)
    finished(job)
    assert len(rows_of(sampled.exports / "a")) == read_manifest(sampled.exports / "a").samples


def test_a_killed_export_leaves_nothing_half_done_and_resumes(prompted: Workspace) -> None:
    sample_job(prompted, filler=200_000)
    whole = exported(prompted, name="whole")
    job = launch_export(prompted, ExportConfig(name="killed", mix=ALL))
    deadline = time.monotonic() + 60
    while not leftovers(prompted) and not job.state().has_ended and time.monotonic() < deadline:
        time.sleep(0.002)
    process = json.loads((job.folder / "process.json").read_text())
    with contextlib.suppress(ProcessLookupError):  # it was quicker
        os.kill(process["pid"], signal.SIGKILL)
    wait(job, timeout_s=60)
    assert {export.name for export in list_exports(prompted)} <= {"whole", "killed"}
    resume(job)
    finished(job)
    assert leftovers(prompted) == []
    assert read_manifest(prompted.exports / "killed").files == read_manifest(whole).files
    resume(job)  # once more: it is there already
    finished(job)


def test_leftovers_of_an_export_that_nobody_resumed_are_removed(sampled: Workspace) -> None:
    stale = sampled.exports / ".old.20200101-000000-000-export-abcd.partial"
    (stale / "data").mkdir(parents=True)
    exported(sampled)
    assert leftovers(sampled) == []


def test_a_key_in_two_shards_counts_once_and_the_first_by_name_wins(prompted: Workspace) -> None:
    job = sample_job(prompted, shards=1)
    first = sorted(job.shards.glob("candidates-*"))[0]
    prompts = sorted({row["prompt_id"] for row in pq.read_table(first, columns=["prompt_id"]).to_pylist()})
    pq.write_table(candidate_rows(job, prompts, filler=5), job.shards / "candidates-29990101T000000-000000.parquet")
    rows = [row for row in rows_of(exported(prompted)) if row["kind"] == "reasoning"]
    assert len(rows) == len({row["id"] for row in rows}) == 60
    assert not any("xxxxx" in row["completion"][0]["content"] for row in rows)


def test_a_full_disk_leaves_no_export(prompted: Workspace) -> None:
    sample_job(prompted, filler=300_000)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(prompted.exports)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        if os.environ.get("CI") == "true":
            pytest.fail("a small file system cannot be mounted, and under CI that is a failure")
        pytest.skip("a small file system cannot be mounted here")
    try:
        job = launch_export(prompted, ExportConfig(name="a", mix=ALL, file_type="jsonl"))
        state = wait(job, timeout_s=120)
        assert state.name == "failed"
        assert "no space left on the disk" in state.detail
        assert list(prompted.exports.iterdir()) == []
    finally:
        subprocess.run(["umount", str(prompted.exports)], check=True)
    resume(job)
    finished(job)
