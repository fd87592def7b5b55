"""Mix and export says what a mix wants and what is missing, writes it as a real job, and shows what was written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from components.live_index import live_index
from components.mix.advice import shortfalls, state_sentence, why_nothing
from components.mix.counts import quotas_of
from components.mix.export_bar import LAUNCHED, export_flags
from components.mix.form import Composition
from curation import Workspace
from curation.export import read_manifest
from curation.export.manifest import MANIFEST
from curation.jobs import find_job, wait
from curation.mix import MixConfig, list_mixes, load_mix, quotas, save_mix
from curation.selection import SelectionConfig
from curation.thresholds import ThresholdRule, ThresholdSet, default_thresholds, save_thresholds
from tests.app.filled_workspace import HOSTILE
from tests.app.words import shown
from tests.curation.test_export_folders import exported

OpenApp = Callable[[Path], AppTest]
MixPage = Callable[..., AppTest]


@pytest.fixture
def mix_page(open_app: OpenApp) -> MixPage:
    def go(workspace: Workspace, **parameters: str) -> AppTest:
        app = open_app(workspace.folder)
        for name, value in parameters.items():
            app.query_params[name] = value
        app = app.switch_page("pages/mix.py").run()
        assert not app.exception
        return app

    return go


def field(app: AppTest, label: str) -> object:
    return next(each for each in app.number_input if each.label == label)


def export_button(app: AppTest) -> object:
    return app.button(key="mix-export")


def test_an_empty_workspace_says_what_will_be_here_and_where_to_start(empty: Workspace, mix_page: MixPage) -> None:
    app = mix_page(empty)
    assert "Nothing to mix yet" in shown(app)
    assert not [button for button in app.button if button.key == "mix-export"]
    app.query_params["export"] = "-"
    assert "No exports yet" in shown(app.run())
    assert not app.exception


def test_the_sentence_and_the_shortfalls_follow_the_fields(filled: Workspace, mix_page: MixPage) -> None:
    app = mix_page(filled)
    counted = live_index(filled).view(patience_s=240).counted
    assert counted is not None
    selected = counted.funnel.selected
    assert f"**{selected}** selected and **0** general samples available" in shown(app)
    assert "the mix “r1” wants 600,000 + 200,000" in shown(app)
    assert "**Math**: 378,304 wanted" in shown(app) and "are undecided: see why" in shown(app)
    assert "Import more general samples" in shown(app)
    field(app, "Reasoning samples").set_value(20).run()
    field(app, "General samples").set_value(0).run()
    field(app, "Logic").set_value(7).run()
    assert not app.exception
    assert "wants 20 + 0" in shown(app) and "**Logic**" not in shown(app)
    app.button(key="mix-undo").click().run()
    assert "wants 600,000 + 200,000" in shown(app)


def test_everything_selected_is_exported_by_a_real_job_and_then_shown(filled: Workspace, mix_page: MixPage) -> None:
    app = mix_page(filled, mix="all")
    export_button(app).click().run()
    assert not app.exception
    job = find_job(filled, app.session_state[LAUNCHED])
    assert wait(job, timeout_s=240).name == "finished"
    app.run()
    assert not app.exception
    assert "mix-1" in app.query_params["export"]
    manifest = read_manifest(filled.exports / "mix-1")
    assert manifest.mix["recipe"] == "all" and manifest.samples == manifest.funnel["selected"]
    assert f"{manifest.samples} samples" in shown(app).replace("\\", "")
    for tab, words in (("Samples", "question"), ("Card", "# mix-1"), ("Manifest", '"sha256"'), ("Where it is", "sft")):
        app.session_state["export-tab"] = tab
        app.run()
        assert not app.exception
        assert words in shown(app)
    app.segmented_control(key="mix-view-2").set_value("compose").run()
    assert not app.exception and "export" not in app.query_params
    assert app.text_input(key="mix-name-mix-2-2").value == "mix-2"  # the next free name


def test_a_name_that_is_taken_or_wrong_is_told_next_to_it(filled: Workspace, mix_page: MixPage) -> None:
    exported(filled, "mine")
    app = mix_page(filled)
    for typed, words in (("mine", "already"), ("../up", "start with a letter"), ("", "Give it a name")):
        app.text_input(key="mix-name-mix-1-0").set_value(typed).run()
        assert not app.exception
        assert words in shown(app)
        assert export_button(app).disabled


def test_values_that_do_not_fit_are_told_and_nothing_can_be_exported(filled: Workspace, mix_page: MixPage) -> None:
    app = mix_page(filled)
    field(app, "Math").set_value(700_000).run()
    assert not app.exception
    assert "more than the reasoning total of 600,000" in shown(app)
    assert export_button(app).disabled
    field(app, "Math").set_value(None).run()
    field(app, "Most a prompt").set_value(0).run()
    assert "the cap per prompt is 0" in shown(app)
    assert export_button(app).disabled


def test_nothing_selected_says_why_and_disables_the_export(filled: Workspace, mix_page: MixPage) -> None:
    save_thresholds(filled, ThresholdSet("strict", (ThresholdRule("nothing", "answer_tokens", max=0),)))
    app = mix_page(filled)
    app.selectbox(key="mix-thresholds").set_value("strict").run()
    assert not app.exception
    assert "The thresholds reject all" in shown(app)
    assert export_button(app).disabled


def test_a_mix_is_saved_and_found_again_by_its_address(filled: Workspace, mix_page: MixPage) -> None:
    app = mix_page(filled)
    field(app, "Reasoning samples").set_value(40).run()
    app.text_input(key="mix-save-name-r1").set_value("all").run()
    assert app.button(key="mix-save-now").disabled  # the name of a recipe
    app.text_input(key="mix-save-name-r1").set_value("small").run()
    app.button(key="mix-save-now").click().run()
    assert not app.exception
    assert list_mixes(filled) == ["small"]
    assert not [button for button in app.button if button.key == "mix-undo"]  # nothing differs from what is saved
    assert load_mix(filled, "small") == MixConfig(reasoning=40)
    assert "the mix “small” wants 40 + 200,000" in shown(app)
    assert "the mix “small” wants 40 + 200,000" in shown(mix_page(filled, mix="small"))
    assert "not in this workspace" in shown(mix_page(filled, mix="<b>gone</b>"))


@pytest.mark.parametrize("text", ["reasoning = 'many'", "=", "reasoning = 99999999999999999999", "seed = -9999999999"])
def test_a_mix_that_cannot_be_read_is_told_and_another_can_be_chosen(
    filled: Workspace, mix_page: MixPage, text: str
) -> None:
    (filled.mixes / "broken.toml").write_text(text)
    app = mix_page(filled, mix="broken")
    assert "This mix cannot be used" in shown(app)
    assert export_button(app).disabled
    app.selectbox(key="mix-chosen-0").set_value("all").run()
    assert not app.exception
    assert "the mix “all” wants" in shown(app)


def test_a_broken_export_is_told_and_the_others_still_work(filled: Workspace, mix_page: MixPage) -> None:
    whole, hurt = exported(filled, "whole"), exported(filled, "hurt")
    (hurt / MANIFEST).write_text("{")
    app = mix_page(filled, export="hurt")
    assert "This export cannot be used" in shown(app)
    assert "1 of them is damaged" in shown(app)
    app.button(key="choose-export-whole").click().run()
    assert not app.exception
    assert str(whole.name) in app.query_params["export"]
    (whole / "data" / "train-00000-of-00001.parquet").write_bytes(b"PAR1")
    app.session_state["export-tab"] = "Samples"
    app.run()
    assert not app.exception
    assert "missing or damaged" in shown(app) and "The samples cannot be read" in shown(app)
    (whole / "README.md").unlink()
    app.session_state["export-tab"] = "Card"
    app.run()
    assert not app.exception
    assert "This file cannot be read" in shown(app)


def test_what_an_export_holds_is_shown_as_it_is(filled: Workspace, mix_page: MixPage) -> None:
    folder = exported(filled, "hostile")
    content = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(
        json.dumps(
            {**content, "format": HOSTILE, "tasks": {HOSTILE: 5}, "domains": {HOSTILE: content["domains"]["math"]}}
        )
    )
    (folder / "README.md").write_text(f"# {HOSTILE}" + "x" * 30_000)
    app = mix_page(filled, export="hostile")
    [chart] = app.get("plotly_chart")
    assert "&lt;script" in chart.proto.spec and "<script>" not in chart.proto.spec
    app.session_state["export-tab"] = "Card"
    app.run()
    assert not app.exception and not app.html
    assert any("<script>" in code.value and len(code.value) == 20_000 for code in app.code)
    assert not any("<script>" in each.value for each in (*app.markdown, *app.caption))
    assert "of 30,0" in shown(app)


def test_broken_default_thresholds_leave_past_exports_alone(filled: Workspace, mix_page: MixPage) -> None:
    exported(filled, "whole")
    (filled.thresholds / "default.toml").write_text("=")
    app = mix_page(filled, export="whole")
    assert "5 samples" in shown(app)
    app.query_params.pop("export")
    app.run()
    assert not app.exception
    assert "default.toml" in shown(app)


def test_the_command_does_the_same() -> None:
    def flags(name: str, saved: MixConfig, mix: MixConfig, **selection: object) -> list[str] | None:
        chosen = Composition(name, saved, mix, SelectionConfig(**selection), default_thresholds())  # type: ignore[arg-type]
        return export_flags("out", "prompt_completion", "jsonl", chosen)

    r1, everything = MixConfig(), MixConfig(recipe="all")
    assert flags("r1", r1, r1) == ["out", "--file-type", "jsonl", "--mix", "r1"]
    changed = MixConfig(reasoning=9, general=3, domains={"math": 4}, seed=5)
    assert flags("r1", r1, changed, cap=2, deduplicate=False) == [
        "out", "--file-type", "jsonl", "--cap", "2", "--keep-duplicates",
        "--mix", "r1", "--reasoning", "9", "--general", "3", "--quota", "math=4", "--seed", "5",
    ]  # fmt: skip
    assert flags("all", everything, MixConfig(recipe="all", ratio=2.0)) is None  # only a saved mix can say it
    assert flags("half", MixConfig(recipe="all", ratio=2.0), MixConfig(recipe="all", ratio=2.0)) == [
        "out", "--file-type", "jsonl", "--mix", "half",
    ]  # fmt: skip


def test_the_words_agree_with_the_numbers(filled: Workspace) -> None:
    counted = live_index(filled).view(patience_s=240).counted
    assert counted is not None
    save_mix(filled, "tiny", MixConfig(reasoning=10, general=0))
    chosen = Composition(
        "tiny", MixConfig(), MixConfig(reasoning=10, general=0), SelectionConfig(), default_thresholds()
    )
    wanted = quotas_of(chosen, counted.funnel, general=4)
    assert sum(quota.available for quota in wanted[:-1]) == counted.funnel.selected
    assert why_nothing(wanted, counted.funnel) is None
    assert len(shortfalls(wanted, counted.funnel)) == sum(quota.shortfall > 0 for quota in wanted)
    assert "wants 10 + 0" in state_sentence("tiny", wanted)
    nothing = quotas(MixConfig(reasoning=0, general=0), {})
    assert "wants none" in state_sentence("*x*", nothing)
    assert why_nothing(nothing, counted.funnel) is not None
