"""Promise: damaged files anywhere in a workspace never raise on a page; each page stays, and says what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from benchmarks.serving import CHECKOUT, PATIENCE_S
from curation import Workspace
from curation.jobs import create_job, list_jobs
from tests.app.filled_workspace import STAGE, ended

PAGES = ("overview", "prompts", "sampling", "filters", "rejects", "mix", "training", "evaluation", "jobs")
TITLES = ("Overview", "Prompts", "Sampling", "Filters", "Rejects", "Mix and export", "Training", "Evaluation", "Jobs")


def spoil(path: Path) -> None:
    """Cut a file in half and fill what is left with noise."""
    size = path.stat().st_size
    path.write_bytes(b"\x00\xff noise {" * (size // 16 + 1))


@pytest.fixture
def broken(filled: Workspace) -> Workspace:
    """Every kind of file that a workspace has, damaged in one of its copies."""
    training = ended(create_job(filled, "sft", STAGE, {"output": "tuned", "done": 3, "total": 3}))
    (training.folder / "metrics.jsonl").write_text(
        '{"step": 1, "loss": 1.5}\n{"step": "two"}\nnoise\n[]\n{"step": 3, "lo'
    )
    for name in ("job.json", "progress.json", "outcome.json"):
        spoil(ended(create_job(filled, "sft", STAGE, {})).folder / name)
    for job in list_jobs(filled):
        for shard in sorted(job.shards.glob("*.parquet"))[:1]:
            spoil(shard)
    (evaluation,) = list_jobs(filled, "evaluate")
    (evaluation.folder / "results.json").write_text("{")
    (filled.exports / "torn").mkdir(parents=True)
    (filled.exports / "torn" / "manifest.json").write_text('{"name": 7')
    (filled.thresholds / "other.toml").write_text("rules = 7")
    (filled.mixes / "other.toml").write_text("reasoning = 'many'")
    (filled.prompts / "noise.parquet").write_bytes(b"PAR1 noise PAR1")
    return filled


@pytest.mark.parametrize(("page", "title"), list(zip(PAGES, TITLES, strict=True)))
def test_no_page_raises(broken: Workspace, page: str, title: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINNOW_WORKSPACE", str(broken.folder))
    app = AppTest.from_file(str(CHECKOUT / "app.py"), default_timeout=PATIENCE_S).run()
    if page != "overview":
        app.switch_page(f"pages/{page}.py").run()
    assert not app.exception
    assert [each.value for each in app.title] == [title]


@pytest.mark.parametrize(("page", "title"), list(zip(PAGES, TITLES, strict=True)))
def test_broken_thresholds_leave_every_page_standing(
    filled: Workspace, page: str, title: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (filled.thresholds / "default.toml").write_text("[[rules")
    monkeypatch.setenv("WINNOW_WORKSPACE", str(filled.folder))
    app = AppTest.from_file(str(CHECKOUT / "app.py"), default_timeout=PATIENCE_S).run()
    if page != "overview":
        app.switch_page(f"pages/{page}.py").run()
    assert not app.exception
    assert [each.value for each in app.title] == [title]
