"""The Overview says what a workspace holds and the one thing to do next, for an empty, a filled and a broken one."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from components.evaluation.figures import headline_columns
from components.evaluation.findings import tuned_and_base
from components.funnel_chart import funnel_bars
from components.jobs.card import detail_line
from components.jobs.seen import look
from components.live_index import live_index
from components.overview.next_step import next_step
from components.overview.verdict_chart import verdict_counts
from components.text import inert
from curation import Workspace
from curation.jobs import create_job, find_job, launch, list_jobs
from curation.jobs.locks import device_locks
from curation.records import Verdict
from tests.app.filled_workspace import STAGE, running
from tests.app.words import shown
from training.evaluation.results import read_results

OpenApp = Callable[[Path], AppTest]


def test_an_empty_workspace_offers_one_thing_to_do(empty: Workspace, open_app: OpenApp) -> None:
    app = open_app(empty.folder)
    assert not app.exception
    assert [button.label for button in app.button] == ["Run the demo"]
    assert "This workspace is empty" in shown(app)


def test_the_sentence_and_the_charts_say_what_is_there(filled: Workspace, open_app: OpenApp) -> None:
    app = open_app(filled.folder)
    assert not app.exception
    counted = live_index(filled).view(patience_s=240).counted
    assert counted is not None
    funnel = counted.funnel
    assert funnel.candidates == 160 and 0 < funnel.accepted < funnel.correct
    assert f"**{funnel.accepted}** accepted of **160** candidates" in shown(app)
    assert [heading.value for heading in app.subheader] == [
        "Funnel",
        "Verdicts by domain",
        "Towards the mix",
        "Acceptance by difficulty",
        "Response length",
        "Models compared",
    ]
    assert "tuned beats base by " in shown(app)


def test_the_funnel_never_widens_and_ends_at_what_is_selected(filled: Workspace) -> None:
    counted = live_index(filled).view(patience_s=240).counted
    assert counted is not None
    bars = {bar.label: bar for bar in funnel_bars(counted)}
    after_candidates = [bar.left for bar in bars.values()][1:]
    assert after_candidates == sorted(after_candidates, reverse=True)
    assert bars["Correct"].left + bars["Correct"].removed == counted.funnel.candidates
    assert bars["Accepted"].left == counted.funnel.accepted
    assert bars["Selected"].left == counted.funnel.selected


def test_the_verdicts_of_a_domain_add_up(filled: Workspace) -> None:
    counted = live_index(filled).view(patience_s=240).counted
    assert counted is not None
    domains = verdict_counts(counted)
    assert sum(domain.candidates for domain in domains) == counted.funnel.candidates
    for domain in domains:
        assert {name for name, _count in domain.by_verdict} == set(Verdict)
        assert sum(count for _name, count in domain.by_verdict) == domain.candidates


def test_models_are_compared_by_pass_rate_and_habits(filled: Workspace) -> None:
    job = list_jobs(filled, "evaluate")[-1]
    results = read_results(find_job(filled, job.id))
    columns = headline_columns(results, job.config["rules"])
    assert [column.title for column in columns] == [
        "pass@1",
        "Mixed language",
        "Code blocks",
        "Long paragraph",
        "Repetition",
    ]
    assert all(len(column.values) == len(results.models) == 3 for column in columns)
    assert tuned_and_base(job) == [("tuned", "base")]


def test_the_next_step_follows_from_what_is_missing(workspace: Workspace, filled: Workspace) -> None:
    nothing, something = live_index(workspace).view(240).counted, live_index(filled).view(240).counted
    assert nothing is not None and something is not None
    first = next_step(workspace, nothing.funnel, [])
    assert first is not None and first.command.startswith("winnow import --workspace ")
    later = next_step(filled, something.funnel, [])
    assert later is not None and later.command.startswith("winnow export --workspace ")


def test_what_runs_is_shown_while_it_runs(filled: Workspace, open_app: OpenApp) -> None:
    running(filled)
    app = open_app(filled.folder)
    assert not app.exception
    words = shown(app)
    assert "1 job running" in words
    assert "263 samples/s" in words


def test_a_queued_job_says_what_it_waits_for_on_its_card_and_as_a_step_of_the_demo(
    filled: Workspace, open_app: OpenApp
) -> None:
    device = f"test-{time.time_ns()}"
    (lock,) = device_locks(device)
    with lock:
        assert lock.acquire("20200101-000000-000-sft-0a1b")
        create_job(filled, "demo", STAGE, {})
        job = create_job(filled, "sample", STAGE, {}, device=device)
        launch(job)
        deadline = time.monotonic() + 240
        while job.state().holder is None:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        words = f"Waits until a job of another workspace (Training) is done with {device}"
        app = open_app(filled.folder)
        assert not app.exception
        assert "1 job queued" in shown(app) and "job running" not in shown(app)
        assert [caption.value for caption in app.caption if caption.value == inert(words)]
        assert detail_line(look(job)) == words


def test_new_files_are_counted_at_the_next_look(workspace: Workspace, filled: Workspace) -> None:
    index = live_index(workspace)
    before = index.view(240).counted
    assert before is not None and before.funnel.prompts == 0
    for path in filled.prompts.iterdir():
        (workspace.prompts / path.name).write_bytes(path.read_bytes())
    index.forget()
    after = index.view(240).counted
    assert after is not None and after.funnel.prompts == 40


def test_a_shard_that_cannot_be_read_is_named_and_the_rest_is_shown(filled: Workspace, open_app: OpenApp) -> None:
    job = list_jobs(filled, "sample")[0]
    damaged = job.shards / "candidates-99999999T000000000000-000000.parquet"
    damaged.write_bytes(b"no parquet at all")
    app = open_app(filled.folder)
    assert not app.exception
    assert damaged.name in shown(app)
    assert "of **160** candidates" in shown(app)


def test_a_threshold_set_with_a_mistake_is_shown_in_place(filled: Workspace, open_app: OpenApp) -> None:
    (filled.thresholds / "default.toml").write_text('[[rules]]\nname = "x"\nmeasure = "beauty"\nmin = 1\n')
    app = open_app(filled.folder)
    assert not app.exception
    assert "'beauty' is no measure" in shown(app)


def test_a_folder_that_is_no_workspace_offers_to_become_one(tmp_path: Path, open_app: OpenApp) -> None:
    app = open_app(tmp_path / "new")
    assert not app.exception
    assert "is not a workspace" in shown(app)
    app.run().button(key="make-workspace").click().run()  # AppTest drops a click that follows its very first run
    assert not app.exception
    assert (tmp_path / "new" / "workspace.toml").is_file()
    assert [title.value for title in app.title] == ["Overview"]


def test_a_workspace_that_cannot_be_read_says_why(tmp_path: Path, open_app: OpenApp) -> None:
    for name, content, why in (
        ("damaged", 'name = "x', "cannot be read"),
        ("newer", 'name = "x"\nschema_version = 9', "schema_version is 9"),
        ("foreign", None, "is not a workspace"),
    ):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "notes.txt").write_text("not ours")
        if content is not None:
            (folder / "workspace.toml").write_text(content)
        app = open_app(folder)
        assert not app.exception
        assert why in shown(app)
        assert "Make a workspace here" not in [button.label for button in app.button]
        assert (folder / "notes.txt").read_text() == "not ours"


def test_without_a_setting_the_demo_workspace_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WINNOW_WORKSPACE", raising=False)
    monkeypatch.chdir(tmp_path)
    app = AppTest.from_file(str(Path(__file__).resolve().parents[2] / "app.py"), default_timeout=240).run()
    assert not app.exception
    assert (tmp_path / "demo-workspace" / "workspace.toml").is_file()
