"""The Training page shows every run with its curves, lays runs over one another, and starts what its form says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from benchmarks.serving import CHECKOUT
from components.jobs.seen import look
from components.training.command import training_flags
from components.training.curves import POINTS, Drawn, Look, curves_option
from components.training.runs import differences, look_at_run
from curation import Workspace
from curation.cli.options import given
from curation.jobs import Job, create_job, list_jobs, stop
from curation.settings import config_from_mapping, config_to_mapping
from tests.app.filled_workspace import HOSTILE, STAGE, ended, running
from tests.app.words import shown
from tests.training.exports import sums, write_export
from training.commands import sft
from training.config import TrainingConfig
from training.presets import PRESETS, training_config

OpenApp = Callable[[Path], AppTest]
BASE = CHECKOUT / "data" / "models" / "base"


@pytest.fixture
def training_page(open_app: OpenApp) -> Callable[..., AppTest]:
    def go(workspace: Workspace, **parameters: str) -> AppTest:
        app = open_app(workspace.folder)
        for name, value in parameters.items():
            app.query_params[name] = value
        return app.switch_page("pages/training.py").run()

    return go


def a_run(workspace: Workspace, output: str, *, rows: int = 30, **settings: object) -> Job:
    """A training that has ended, with metrics as the trainer writes them."""
    config = training_config("demo", base=str(BASE), export="made", output=output, **settings)
    job = ended(create_job(workspace, "sft", STAGE, {**config_to_mapping(config), "done": rows, "total": rows}))
    lines = [
        {"step": n, "epoch": n / 10, "loss": 2.0 / n, "learning_rate": 1e-3 / n, "grad_norm": 0.5, "tokens": 900 * n,
         "tokens_per_s": 3000.0, "time": 1000.0 + n}
        for n in range(1, rows + 1)
    ]  # fmt: skip
    lines.append({"step": rows, "epoch": rows / 10, "eval_loss": 0.25, "time": 1000.5 + rows})
    (job.folder / "metrics.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    return job


def test_without_an_export_the_page_says_what_to_do_first(
    empty: Workspace, training_page: Callable[..., AppTest]
) -> None:
    app = training_page(empty)
    assert not app.exception
    assert "No runs yet" in shown(app) and "write an export first" in shown(app)


def test_a_form_starts_a_real_training(empty: Workspace, training_page: Callable[..., AppTest]) -> None:
    write_export(empty, "sums & <b>", sums(8))
    app = training_page(empty, export="sums & <b>")
    assert not app.exception
    assert app.selectbox(key="training-base").value == "data/models/base"
    app.number_input(key="training-demo-epochs").set_value(1.0).run()
    app.text_input(key="training-output-sums & <b>").set_value("mine").run()
    assert not app.exception
    words = shown(app)
    assert "About **1** step, 16 samples a step" in words
    assert "--preset demo" in words and "--epochs 1.0" in words and "--output mine" in words
    app.button(key="training-start").click().run()
    assert not app.exception
    (job,) = list_jobs(empty, "sft")
    assert job.config["epochs"] == 1.0 and job.config["output"] == "mine" and job.config["preset"] == "demo"
    assert app.query_params["run"] == job.id
    assert "mine" in shown(app)


def test_what_is_wrong_is_said_in_place_and_nothing_starts(
    empty: Workspace, training_page: Callable[..., AppTest]
) -> None:
    write_export(empty, "sums", sums(8))
    app = training_page(empty)
    app.number_input(key="training-demo-learning_rate").set_value(7.0).run()
    assert not app.exception
    assert "“Learning rate” is 7.0; it must be a number above 0 and at most 1" in shown(app)
    assert app.button(key="training-start").disabled
    app.number_input(key="training-demo-learning_rate").set_value(0.001).run()
    app.text_input(key="training-output-sums").set_value("../out").run()
    assert "cannot name a model" in shown(app)
    assert app.button(key="training-start").disabled
    app.text_input(key="training-demo-chat_template").set_value("/etc/passwd").run()
    assert not app.exception
    assert "outside the folders" in shown(app)
    assert not list_jobs(empty, "sft")


def test_a_preset_fills_the_form_and_tells_its_note(empty: Workspace, training_page: Callable[..., AppTest]) -> None:
    write_export(empty, "sums", sums(8))
    app = training_page(empty)
    app.selectbox(key="training-preset").set_value("distill-7b").run()
    assert not app.exception
    assert app.number_input(key="training-distill-7b-learning_rate").value == 8e-5
    assert "full fine\\-tuning" in shown(app) and "2501" in shown(app)


def test_runs_are_cards_and_the_chosen_one_is_drawn(empty: Workspace, training_page: Callable[..., AppTest]) -> None:
    first = a_run(empty, "first")
    second = a_run(empty, "second", learning_rate=0.002, lora_r=16)
    app = training_page(empty, run=first.id)
    assert not app.exception
    assert "**2** runs" in shown(app) and "**second**, ended at a loss of 0.0667" in shown(app)
    metrics = {metric.label: metric.value for metric in app.metric}
    assert (
        metrics["Loss"] == "0.0667" and metrics["Evaluation loss"] == "0.25" and metrics["Tokens a second"] == "3,000"
    )
    assert "was moved or deleted" in shown(app)  # the made run saved no adapter
    app.button(key=f"training-choose-{second.id}").click().run()
    assert app.query_params["run"] == second.id
    app.checkbox(key=f"training-overlay-{first.id}").check().run()
    assert app.query_params["runs"] == first.id
    assert not app.exception
    runs = [look_at_run(look(job)) for job in (second, first)]
    assert differences(runs) == ["Learning rate 0.002 · LoRA rank 16", "Learning rate 0.001 · LoRA rank 64"]


def test_an_unknown_run_and_hostile_names_are_no_error(empty: Workspace, training_page: Callable[..., AppTest]) -> None:
    job = ended(create_job(empty, "sft", STAGE, {"output": "$x$ <b>**bold**", "fails": HOSTILE}))
    (job.folder / "metrics.jsonl").write_bytes(b'{"step": 1, "loss": 1.5}\nnonsense\n{"step": 2, "lo')
    app = training_page(empty, run="20200101-000000-000-sft-<b>", runs="nothing,<b>")
    assert not app.exception
    assert "not in this workspace" in shown(app)
    assert "Failed" in shown(app) and "1.5" in shown(app)
    assert not any("<b>" in each.value.replace("\\<b\\>", "") for each in (*app.markdown, *app.subheader, *app.caption))


def test_a_running_training_can_be_stopped_from_here(empty: Workspace, training_page: Callable[..., AppTest]) -> None:
    job = running(empty, "sft", output="live")
    app = training_page(empty)
    assert not app.exception
    assert "**1** running now" in shown(app)
    assert app.button(key=f"stop-now-{job.id}")


def test_a_resumed_training_shows_no_earlier_pace_before_it_steps(
    empty: Workspace, training_page: Callable[..., AppTest]
) -> None:
    job = running(empty, "sft", output="live")  # reports samples a second, and no tokens
    line = {"step": 1, "loss": 2.0, "tokens": 900, "tokens_per_s": 3000.0, "time": 1000.0}
    (job.folder / "metrics.jsonl").write_text(f"{json.dumps(line)}\n", encoding="utf-8")
    app = training_page(empty, run=job.id)
    assert not app.exception
    metrics = {metric.label: metric.value for metric in app.metric}
    assert (metrics["Loss"], metrics["Tokens a second"], metrics["Time left"]) == ("2", "–", "–")
    stop(job, grace_s=60.0)
    metrics = {metric.label: metric.value for metric in app.run().metric}
    assert metrics["Tokens a second"] == "3,000" and metrics["Took"] != "–"


@pytest.mark.parametrize("preset", ["", *PRESETS])
def test_the_command_line_starts_the_same(preset: str) -> None:
    given_here = {"base": "/models/base", "export": "made", "output": "mine"}
    changes = {"epochs": 2.0, "packing": True, "max_steps": None, "target_modules": "q_proj,v_proj", "seed": 5}
    settings = {**(PRESETS[preset].settings if preset else {}), "preset": preset, **given_here, **changes}
    wanted = config_from_mapping(TrainingConfig, settings)
    read = sft.make_context("sft", [*training_flags(wanted), "--workspace", "/nowhere"]).params
    flags = given({name: value for name, value in read.items() if name in config_to_mapping(wanted)})
    named = flags.get("preset") or ""
    got = config_from_mapping(TrainingConfig, {**(PRESETS[named].settings if named else {}), **flags})
    assert config_to_mapping(got) | {"preset": ""} == config_to_mapping(wanted) | {"preset": ""}


def test_the_chart_is_thinned_and_names_only_the_runs_laid_over(empty: Workspace) -> None:
    short = Drawn("<b>short</b>", look_at_run(look(a_run(empty, "short", rows=3))).curves)
    long = Drawn("long", look_at_run(look(a_run(empty, "long", rows=20_000))).curves)
    for runs in ([], [short], [long, short]):
        for look_ in (Look(), Look("tokens", 0.0, log=True), Look("time", 0.95)):
            option = json.loads(json.dumps(curves_option(runs, look_), allow_nan=False))
            assert all(len(series["data"]) <= POINTS for series in option["series"])
            assert len(option["grid"]) == 3
            if len(runs) == 2:
                assert option["legend"]["data"] == ["long", "<b>short</b>"]
