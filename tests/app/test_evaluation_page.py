"""The Evaluation page sets models side by side, shows what became right and wrong, and starts what its form says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from benchmarks.serving import CHECKOUT
from components.evaluation.comparison_chart import comparison_figure
from components.evaluation.figures import domains_of, pass_columns, score_rows
from components.evaluation.findings import finding
from components.evaluation.form import evaluation_flags, first_rows
from components.row_bars import row_labels
from curation import Workspace
from curation.cli.options import given
from curation.jobs import create_job, list_jobs, live_shards
from curation.records import format_id
from curation.settings import config_from_mapping
from tests.app.filled_workspace import STAGE, ended, running
from tests.app.words import shown
from training.commands import evaluate, parse_model
from training.evaluation import EvaluatedModel, EvaluationConfig
from training.evaluation.changes import Outcome, count_changes, page_of_changes
from training.evaluation.intervals import Interval
from training.evaluation.results import Difference, EvaluationResults, ModelResult, Scores, read_results

OpenApp = Callable[[Path], AppTest]
BASE = str(CHECKOUT / "data" / "models" / "base")
POLICY = str(CHECKOUT / "data" / "models" / "policy")


@pytest.fixture
def evaluation_page(open_app: OpenApp) -> Callable[..., AppTest]:
    def go(workspace: Workspace, **parameters: str) -> AppTest:
        app = open_app(workspace.folder)
        for name, value in parameters.items():
            app.query_params[name] = value
        return app.switch_page("pages/evaluation.py").run()

    return go


def test_an_empty_workspace_says_what_is_missing(empty: Workspace, evaluation_page: Callable[..., AppTest]) -> None:
    app = evaluation_page(empty)
    assert not app.exception
    words = shown(app)
    assert "No evaluation yet" in words and "No held-out prompts yet" in words and "No adapter yet" in words
    assert not app.button  # nothing to start before there is something to ask


def test_results_are_found_in_words_and_numbers(filled: Workspace, evaluation_page: Callable[..., AppTest]) -> None:
    app = evaluation_page(filled)
    assert not app.exception
    words = shown(app)
    assert "tuned beats base by " in words
    assert [each.value for each in app.subheader] == ["pass@1", "Habits and lengths", "What changed"]
    (job,) = list_jobs(filled, "evaluate")
    results = read_results(job)
    columns = pass_columns(results)
    assert [column.title for column in columns] == ["All domains", "Math", "STEM", "Logic"]  # none decides code
    rows = score_rows(results)
    assert len(rows) == len(results.models) * (1 + len(domains_of(results)))
    assert rows[0]["pass_at_1_low"] <= rows[0]["pass_at_1"] <= rows[0]["pass_at_1_high"]


def test_prompts_that_changed_are_listed_and_read(filled: Workspace, evaluation_page: Callable[..., AppTest]) -> None:
    (job,) = list_jobs(filled, "evaluate")
    counts = count_changes(job, "base", "tuned")
    wrong = page_of_changes(job, "base", "tuned", Outcome.WRONG, limit=50)
    assert len(wrong) == counts[Outcome.WRONG]
    app = evaluation_page(filled, a="tuned", b="base", part="right")
    assert not app.exception
    assert "base is worse than tuned by " in shown(app)
    listed = next(frame.value for frame in app.dataframe if "Prompt" in frame.value)
    back = page_of_changes(job, "tuned", "base", Outcome.RIGHT, limit=50)
    assert {each.prompt_id for each in back} == {each.prompt_id for each in wrong}
    assert len(listed) == min(len(back), 14)
    app = evaluation_page(filled, prompt=format_id(wrong[0].prompt_id))
    assert not app.exception
    assert format_id(wrong[0].prompt_id) in shown(app) and "Reference answer: 42" in shown(app)
    assert app.query_params["prompt"] == format_id(wrong[0].prompt_id)


def test_nonsense_in_the_address_is_no_error(filled: Workspace, evaluation_page: Callable[..., AppTest]) -> None:
    app = evaluation_page(
        filled, evaluation="<b>", a="nobody", b="$x$", part="up", prompt="zz", page="-7", domain="none"
    )
    assert not app.exception
    assert "not in this workspace" in shown(app) and "tuned beats base" in shown(app)
    app = evaluation_page(filled, prompt="00000000000000ff", page="99", a="tuned", b="tuned")
    assert not app.exception
    assert "Choose two different models" in shown(app)


def test_damaged_files_are_told_in_place(filled: Workspace, evaluation_page: Callable[..., AppTest]) -> None:
    (job,) = list_jobs(filled, "evaluate")
    live_shards(job.folder, "evaluations")[0].write_bytes(b"no parquet")
    app = evaluation_page(filled)
    assert not app.exception
    assert "What changed cannot be shown" in shown(app) and "tuned beats base" in shown(app)
    (job.folder / "results.json").write_text("{", encoding="utf-8")
    app = evaluation_page(filled)
    assert not app.exception
    assert "The results cannot be shown" in shown(app)


def test_a_form_starts_a_real_evaluation(filled: Workspace, evaluation_page: Callable[..., AppTest]) -> None:
    app = evaluation_page(filled, new="1")
    assert not app.exception
    assert [each.value for each in app.text_input if each.label == "Name"] == ["base", "policy"]
    app.number_input(key="evaluation-form-limit").set_value(2).run()
    app.button(key="evaluation-add").click().run()
    assert "Give each model a name and a folder" in shown(app)
    assert app.button(key="evaluation-start").disabled
    third = [each for each in app.button if each.label == "Remove"][2]
    third.click().run()
    assert "--limit 2" in shown(app) and "--model base=data/models/base" in shown(app)
    app.button(key="evaluation-start").click().run()
    assert not app.exception
    job = list_jobs(filled, "evaluate")[-1]
    assert job.config["limit"] == 2
    assert [each["name"] for each in job.config["models"]] == ["base", "policy"]
    assert app.query_params["evaluation"] == job.id


def test_a_running_evaluation_shows_how_far_it_is(empty: Workspace, evaluation_page: Callable[..., AppTest]) -> None:
    job = running(empty, "evaluate", models=[{"name": "<b>base", "model": "/m", "adapter": None}], rules=[])
    app = evaluation_page(empty)
    assert not app.exception
    assert "Running" in shown(app) and "once it is done" in shown(app)
    assert app.button(key=f"stop-now-{job.id}")


def test_a_failed_one_says_why(empty: Workspace, evaluation_page: Callable[..., AppTest]) -> None:
    ended(create_job(empty, "evaluate", STAGE, {"fails": "the base is missing", "models": [], "rules": []}))
    app = evaluation_page(empty)
    assert not app.exception
    assert "the base is missing" in shown(app) and "Failed" in shown(app)


def test_the_command_line_starts_the_same(empty: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(empty.folder)
    (empty.models / "a b").mkdir()
    models = (EvaluatedModel("base", BASE), EvaluatedModel("tuned", BASE, str(empty.models / "a b")))
    config = EvaluationConfig(models=models, n=4, temperature=0.7, domains=("math", "logic"), limit=9)
    read = evaluate.make_context(
        "evaluate", [*evaluation_flags(empty, config), "--workspace", str(empty.folder)]
    ).params
    flags = given({name: value for name, value in read.items() if hasattr(config, name) and name != "models"})
    named = tuple(parse_model(empty, text) for text in read["models"])
    assert config_from_mapping(EvaluationConfig, {**flags, "models": named}) == replace(config, models=named)
    assert named == models


def test_the_form_starts_from_the_adapter_that_was_named(empty: Workspace) -> None:
    assert [row.name for row in first_rows(empty, "")] == ["base", "policy"]
    for name, base in (("first", BASE), ("second", POLICY)):
        (empty.models / name).mkdir()
        (empty.models / name / "model.json").write_text(f'{{"base": "{base}"}}', encoding="utf-8")
    rows = first_rows(empty, "first")
    assert [(row.name, row.model, row.adapter) for row in rows] == [
        ("base", BASE, ""),
        ("first", BASE, str(empty.models / "first")),
    ]


@pytest.mark.parametrize(
    ("bounds", "said"),
    [
        ((0.45, 0.39, 0.51), "tuned beats base by 45 points of pass@1 (95 % interval 39 to 51)."),
        ((-0.042, -0.07, -0.004), "tuned is worse than base by 4.2 points of pass@1 (95 % interval 0.4 to 7.0)."),
        ((0.01, -0.02, 0.04), "tuned and base cannot be told apart: +1 points of pass@1 (95 % interval −2 to +4)."),
    ],
)
def test_the_finding_says_which_way_and_never_a_zero_that_is_none(
    bounds: tuple[float, float, float], said: str
) -> None:
    nothing = Interval(0, 0, 0, 1, 1)
    results = EvaluationResults(1, (), (Difference("tuned", "base", Interval(*bounds, 1, 1), nothing, {}),))
    assert finding(results, "tuned", "base") == said


def test_rules_and_models_may_have_any_names() -> None:
    share, tokens = Interval(0.25, 0.2, 0.3, 1, 1), Interval(512.0, 500, 520, 1, 1)
    scores = Scores(1, share, share, 0, share, share, tokens, tokens, {"reasoning_tokens": share, "well_formed": share})
    names = [f"gsm8k-filtered-r64-lr1e-3-seed{seed}" for seed in range(3)]
    results = EvaluationResults(1, tuple(ModelResult(name, "r", scores, {}) for name in names), ())
    row = score_rows(results)[0]
    assert (row["breaks_reasoning_tokens"], row["reasoning_tokens"]) == (0.25, 512.0)
    rows = comparison_figure(tuple(names), tuple(pass_columns(results))).data[0].y
    assert len(set(rows)) == len(names)
    assert all(label.endswith(name[-6:]) for label, name in zip(rows, names, strict=True))
    cut = "aaaaaaaa…" + "a" * 19
    assert row_labels(["a" * 40, "a" * 41, "<b>"]) == [cut, f"{cut} (2)", "&lt;b&gt;"]
