"""The form of the Evaluation page: the models to compare, row by row, and what they are asked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import streamlit as st

from components.command_line import command_line, shown_path
from components.model_field import model_choice
from components.problem import problems_in_place, show_problem
from components.setting_form import in_labels, setting_fields, setting_label
from components.text import _
from curation.errors import WinnowError
from curation.settings import config_from_mapping, config_to_flags, settings_of
from curation.thresholds import list_thresholds
from curation.workspace import Workspace
from training.evaluation import EvaluatedModel, EvaluationConfig, launch_evaluation

MAIN: Final = ("limit", "n", "temperature", "max_new_tokens", "seed", "split")
_ROWS: Final = "evaluation-rows"
_FOR: Final = "evaluation-rows-for"
_COUNTED: Final = "evaluation-rows-counted"


@dataclass(frozen=True, slots=True)
class Row:
    """One model of the form at first: its name in the results, and what its fields start from."""

    number: int
    name: str
    model: str = ""
    adapter: str = ""


def new_evaluation(workspace: Workspace) -> None:
    """Draw the form; it starts the job and puts it in the URL."""
    left, right = st.columns([3, 2], gap="large")
    with left:
        models, problem = _models(workspace)
        st.subheader(_("Settings"), anchor=False)
        values = _settings(workspace)
    with right, st.container(border=True, gap="small"):
        _before_it_starts(workspace, models, problem, values)


def first_rows(workspace: Workspace, adapter: str) -> list[Row]:
    """What to compare at first: the base of the adapter (the latest, if none is named) with and without it."""
    cards = [(path.parent, _base_of(path)) for path in sorted(workspace.models.glob("*/model.json"), key=_written)]
    cards = [card for card in cards if not card[0].name.startswith(".")]
    named = [card for card in cards if card[0].name == adapter] or cards
    if not named:
        return [Row(0, "base", "base"), Row(1, "policy", "policy")]
    folder, base = named[-1]
    return [Row(0, "base", base), Row(1, folder.name if folder.name != "base" else "tuned", base, str(folder))]


def evaluation_flags(workspace: Workspace, config: EvaluationConfig) -> list[str]:
    """The flags of `winnow evaluate` that do the same; an adapter of the workspace goes by its name."""
    flags = []
    for each in config.models:
        folders = shown_path(each.model)
        if each.adapter:
            adapter = Path(each.adapter)
            folders += f"+{adapter.name if adapter.parent == workspace.models else shown_path(adapter)}"
        flags += ["--model", f"{each.name}={folders}"]
    return flags + config_to_flags(config, skip={"models"})


def _models(workspace: Workspace) -> tuple[list[EvaluatedModel], str]:
    """The rows as models, and what is wrong with them (or missing) in words."""
    adapter = st.query_params.get("adapter", "")
    if _ROWS not in st.session_state or (adapter and st.session_state.get(_FOR) != adapter):
        st.session_state[_ROWS] = [replace(row, number=_next_number()) for row in first_rows(workspace, adapter)]
        st.session_state[_FOR] = adapter
    rows: list[Row] = st.session_state[_ROWS]
    st.subheader(_("Models to compare"), anchor=False)
    models, problem = [], ""
    for row in rows:
        with st.container(border=True, gap="small", key=f"evaluation-model-{row.number}"):
            name, model, adapter, wrong = _row(workspace, row, can_go=len(rows) > 1)
        if model is None or not name or wrong:
            problem = problem or wrong or _("Give each model a name and a folder.")
        else:
            models.append(EvaluatedModel(name, str(model), str(adapter) if adapter else None))
    st.button(_("Add a model"), icon=":material/add:", on_click=_add, key="evaluation-add")
    return models, problem


def _row(workspace: Workspace, row: Row, *, can_go: bool) -> tuple[str, Path | None, Path | None, str]:
    columns = st.columns([2, 3, 3], gap="small", vertical_alignment="top")
    key = f"evaluation-{row.number}"
    with columns[0]:
        name = st.text_input(_("Name"), value=row.name, key=f"{key}-name", persist_state="session").strip()
        st.button(
            _("Remove"), icon=":material/close:", type="tertiary", key=f"{key}-remove", disabled=not can_go,
            on_click=_remove, args=(row.number,),
        )  # fmt: skip
    with columns[1]:
        model = model_choice(workspace, _("Model"), key=f"{key}-model", start=row.model)
    with columns[2]:
        adapter = model_choice(workspace, _("Adapter"), key=f"{key}-adapter", start=row.adapter, is_adapter=True)
    return name, model.path, adapter.path, model.problem or adapter.problem


def _settings(workspace: Workspace) -> dict[str, Any]:
    values = setting_fields(EvaluationConfig, MAIN, key="evaluation-form", start={"limit": 400})
    with st.expander(_("More settings"), icon=":material/tune:", key="evaluation-more"):
        names = sorted({"default", *list_thresholds(workspace)})
        values["thresholds"] = st.selectbox(
            setting_label("thresholds"), names, index=names.index("default"), key="evaluation-form-thresholds",
            help=_("The threshold set whose rules count as habits"),
        )  # fmt: skip
        rest = [each.name for each in settings_of(EvaluationConfig) if each.name not in {"models", *MAIN, *values}]
        values |= setting_fields(EvaluationConfig, rest, key="evaluation-form")
    return values


def _before_it_starts(
    workspace: Workspace, models: Sequence[EvaluatedModel], problem: str, values: dict[str, Any]
) -> None:
    st.subheader(_("Before it starts"), anchor=False)
    config = None
    if problem:
        st.text(problem)
    else:
        try:
            config = config_from_mapping(EvaluationConfig, {**values, "models": tuple(models)})
        except WinnowError as error:
            show_problem(_("A setting is wrong"), in_labels(EvaluationConfig, str(error)))
    if config is not None:
        st.markdown(
            _("Each model answers the same prompts, **{n}** times each; then the results are set side by side.").format(
                n=config.n
            )
        )
        st.caption(_("The same on the command line"))
        st.code(
            command_line(workspace, "evaluate", evaluation_flags(workspace, config)), language=None, wrap_lines=True
        )
    pressed = st.button(
        _("Start evaluation"), type="primary", icon=":material/play_arrow:", key="evaluation-start",
        disabled=config is None,
    )  # fmt: skip
    if pressed and config is not None:
        with problems_in_place(_("The evaluation did not start")):
            job = launch_evaluation(workspace, config)
            st.session_state.pop(_ROWS, None)
            st.toast(_("Evaluation started"), icon=":material/play_arrow:")
            st.query_params.from_dict({"evaluation": job.id})
            st.rerun(scope="app")


def _add() -> None:
    rows: list[Row] = st.session_state[_ROWS]
    name = _("model {n}").format(n=len(rows) + 1)
    st.session_state[_ROWS] = [*rows, Row(_next_number(), name)]


def _next_number() -> int:
    """No two rows of a session share it, so that a new row never finds the fields of an old one."""
    number = int(st.session_state.get(_COUNTED, 0)) + 1
    st.session_state[_COUNTED] = number
    return number


def _remove(number: int) -> None:
    st.session_state[_ROWS] = [row for row in st.session_state[_ROWS] if row.number != number]


def _base_of(card: Path) -> str:
    try:
        return str(json.loads(card.read_text(encoding="utf-8")).get("base") or "")
    except (OSError, ValueError, AttributeError):
        return ""


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
