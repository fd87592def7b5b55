"""Whoever looks through exports sees the broken ones too, with why, and the first samples of the others."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from curation import Workspace
from curation.errors import ExportError
from curation.export import DataFile, FileType, Form, Manifest
from curation.export.forms import SAMPLE_SCHEMA
from curation.export.manifest import MANIFEST, write_manifest
from curation.export.writing import DataFileWriter
from curation.export_folders import export_folders, first_samples, wrong_files

TURNS = [("system", "Be brief."), ("user", "2 + 2?"), ("assistant", "<think>\nsum\n</think>\n\n4")]


def exported(
    workspace: Workspace, name: str, form: str = Form.PROMPT_COMPLETION, file_type: str = FileType.PARQUET, n: int = 5
) -> Path:
    folder = workspace.exports / name
    folder.mkdir()
    rows = [
        {
            "kind": "reasoning", "id": number, "prompt_id": 1, "domain": "math", "task": "sum", "language": "en",
            "messages": [{"role": role, "content": text} for role, text in TURNS[:-1]], "response": TURNS[-1][1],
        }
        for number in range(n)
    ]  # fmt: skip
    with DataFileWriter(folder, form, file_type, 1_000_000) as writer:
        writer.write(pa.Table.from_pylist(rows, schema=SAMPLE_SCHEMA))
        files = writer.close()
    (folder / "README.md").write_text(f"# {name}\n")
    write_manifest(folder, manifest(name, form, file_type, n, files))
    return folder


def manifest(name: str, form: str, file_type: str, n: int, files: tuple[DataFile, ...]) -> Manifest:
    counts = {"quota": n, "available": n, "taken": n, "shortfall": 0}
    return Manifest(
        name=name, workspace="w", job="j", created="2026-03-01T10:00:00+00:00", format=form, file_type=file_type,
        samples=n, domains={"math": counts}, tasks={"sum": n}, languages={"en": n},
        thresholds={"name": "default", "rules": [{"name": "short", "measure": "answer_tokens", "max": 9.0}]},
        selection={"cap": 4}, mix={"recipe": "all"}, seeds={"mix": 0}, funnel={}, models=(), versions={}, files=files,
    )  # fmt: skip


@pytest.mark.parametrize("form", [*Form])
@pytest.mark.parametrize("file_type", [*FileType])
def test_the_first_samples_read_the_same_in_every_form(workspace: Workspace, form: str, file_type: str) -> None:
    folder = exported(workspace, "one", form, file_type)
    samples = first_samples(folder, 3)
    assert len(samples) == 3
    assert samples[0].turns == tuple(TURNS)
    assert (samples[0].kind, samples[0].domain, samples[0].task, samples[0].id) == (
        "reasoning",
        "math",
        "sum",
        "0" * 16,
    )


def test_they_are_listed_newest_first_and_unfinished_ones_are_not(workspace: Workspace) -> None:
    for name, created in (("old", "2026-01-01T00:00:00+00:00"), ("new", "2026-05-01T00:00:00+00:00")):
        _change(exported(workspace, name), "created", created)
    (workspace.exports / ".half.job.partial").mkdir()
    (workspace.exports / "stray.txt").write_text("no folder")
    assert [(each.name, each.problem) for each in export_folders(workspace)] == [("new", ""), ("old", "")]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("samples", "many"), ("domains", {"math": {"quota": 1}}), ("domains", []), ("tasks", {"sum": -1}),
        ("thresholds", {"rules": ["x"]}), ("created", "yesterday"), ("files", [{"name": 1}]), ("manifest_version", 9),
        ("files", [{"name": 1, "rows": 1, "bytes": 1, "sha256": ""}]), ("format", None),
    ],
)  # fmt: skip
def test_a_damaged_manifest_is_told_and_the_others_are_there(workspace: Workspace, key: str, value: Any) -> None:
    exported(workspace, "whole")
    _change(exported(workspace, "hurt"), key, value)
    found = {each.name: each for each in export_folders(workspace)}
    assert found["whole"].manifest is not None
    assert found["hurt"].manifest is None and MANIFEST in found["hurt"].problem
    (found["hurt"].folder / MANIFEST).unlink()
    assert "no finished export" in {each.name: each.problem for each in export_folders(workspace)}["hurt"]


def test_missing_and_shortened_data_files_are_named(workspace: Workspace) -> None:
    folder = exported(workspace, "one", file_type=FileType.JSONL)
    [export] = export_folders(workspace)
    assert wrong_files(export) == []
    path = folder / "data" / "train-00000-of-00001.jsonl"
    path.write_text(path.read_text()[:40])
    assert wrong_files(export) == ["data/train-00000-of-00001.jsonl"]
    with pytest.raises(ExportError, match="cannot be read"):
        first_samples(folder)
    path.unlink()
    with pytest.raises(ExportError, match="no data files"):
        first_samples(folder)


def test_a_link_out_of_the_export_is_not_followed(workspace: Workspace, tmp_path: Path) -> None:
    folder = exported(workspace, "one", file_type=FileType.JSONL)
    path = folder / "data" / "train-00000-of-00001.jsonl"
    elsewhere = path.rename(tmp_path / "elsewhere.jsonl")
    path.symlink_to(elsewhere)
    with pytest.raises(ExportError, match="leads out"):
        first_samples(folder)


def _change(folder: Path, key: str, value: Any) -> None:
    path = folder / MANIFEST
    content = json.loads(path.read_text())
    content[key] = value
    path.write_text(json.dumps(content))
    os.utime(path)
