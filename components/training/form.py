"""The form of the Training page that starts a fine-tuning: what on what, a preset, and every setting by its group."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import streamlit as st

from components.command_line import command_line
from components.model_field import field_problem, model_field
from components.problem import problems_in_place, show_problem
from components.roots import allowed_path
from components.setting_form import in_labels, setting_fields
from components.text import N_, _, inert
from components.training.command import training_flags
from components.training.exports import ExportFound, exports_found
from components.training.preview import memory_lines, sample_preview, steps_words
from curation.errors import WinnowError
from curation.sampling import queue_device
from curation.settings import config_from_mapping, settings_of
from curation.workspace import Workspace, check_name
from training.config import TrainingConfig
from training.presets import PRESETS
from training.sft import launch_training

MAIN: Final = ("epochs", "learning_rate", "per_device_batch_size", "gradient_accumulation", "lora_r", "max_length")
"""The settings that are in sight; the others are behind expanders, by group."""

_GROUPS: Final = {
    "schedule": (N_("Schedule"), ":material/trending_down:"),
    "adapter": (N_("Adapter"), ":material/extension:"),
    "samples": (N_("Samples"), ":material/notes:"),
    "raw base": (N_("A raw base model"), ":material/chat:"),
    "run": (N_("Run"), ":material/memory:"),
}


def new_run(workspace: Workspace) -> None:
    """Draw the form; it starts the job and puts it in the URL."""
    exports = exports_found(workspace)
    if not exports:
        _no_exports()
        return
    left, right = st.columns([3, 2], gap="large")
    with left:
        values = _fields(workspace, exports)
    samples = next((each.samples for each in exports if each.name == values["export"]), None)
    with right, st.container(border=True, gap="small"):
        _before_it_starts(workspace, values, samples)


def _no_exports() -> None:
    with st.container(border=True, horizontal_alignment="center", gap="small"):
        st.space("small")
        st.markdown(_("A training needs data: write an export first."), width="content")
        st.page_link("pages/mix.py", label=_("Go to Mix and export"), icon=":material/arrow_forward:")
        st.space("small")


def _fields(workspace: Workspace, exports: list[ExportFound]) -> dict[str, Any]:
    names = [each.name for each in exports]
    wanted = st.query_params.get("export", "")
    words = {each.name: each.words for each in exports}
    st.subheader(_("What is trained on what"), anchor=False)
    with st.grid(2, min_column_width=200, gap="small") as grid:
        export = st.selectbox(
            _("Export"), names, index=names.index(wanted) if wanted in names else 0, key="training-export",
            format_func=words.__getitem__, persist_state="session",
        )  # fmt: skip
        with grid.cell():
            output = st.text_input(
                _("Name of the adapter"), value=_free_name(workspace, str(export)), key=f"training-output-{export}",
                help=_("It is saved in the workspace under this name."), persist_state="session",
            ).strip()  # fmt: skip
            if problem := _output_problem(workspace, output):
                field_problem(problem)
    base = model_field(
        workspace, _("Base"), key="training-base", start="base",
        needs_template=not st.session_state.get(f"training-{st.session_state.get('training-preset')}-chat_template"),
        help=_("The model that the fine-tuning starts from: in the R1 stage a base model, not the policy."),
    )  # fmt: skip
    st.subheader(_("Settings"), anchor=False)
    preset = _preset()
    key = f"training-{preset}"
    start = PRESETS[preset].settings
    values: dict[str, Any] = {"preset": preset, "export": export, "output": output, "base": base}
    values |= setting_fields(TrainingConfig, MAIN, key=key, start=start)
    for group, (title, icon) in _GROUPS.items():
        rest = [each.name for each in settings_of(TrainingConfig) if each.group == group and each.name not in MAIN]
        with st.expander(_(title), icon=icon, key=f"{key}-{group}"):
            values |= setting_fields(TrainingConfig, rest, key=key, start=start)
    return values


def _preset() -> str:
    first = "demo" if queue_device("auto") == "cpu" else "article"
    names = list(PRESETS)
    chosen = st.selectbox(
        _("Preset"), names, index=names.index(first), format_func=lambda name: _(PRESETS[name].title),
        key="training-preset", persist_state="session",
    )  # fmt: skip
    preset = PRESETS[str(chosen)]
    st.markdown(f":primary[:material/info:] {inert(_(preset.note))}")
    st.caption(_("Source: {source}").format(source=inert(_(preset.source))))
    return preset.name


def _output_problem(workspace: Workspace, output: str) -> str:
    try:
        check_name(output, _("a model"))
    except WinnowError as error:
        return str(error)
    return _("A model of this name exists; choose another.") if (workspace.models / output).exists() else ""


def _before_it_starts(workspace: Workspace, values: Mapping[str, Any], samples: int | None) -> None:
    st.subheader(_("Before it starts"), anchor=False)
    if values["base"] is None:
        st.markdown(_(":material/arrow_back: Choose the base to see what it needs."))
        st.button(
            _("Start training"), type="primary", icon=":material/play_arrow:", disabled=True, key="training-start"
        )
        return
    try:
        config = config_from_mapping(TrainingConfig, _checked(workspace, values))
    except WinnowError as error:
        show_problem(_("A setting is wrong"), in_labels(TrainingConfig, str(error)))
        st.button(
            _("Start training"), type="primary", icon=":material/play_arrow:", disabled=True, key="training-start"
        )
        return
    st.markdown(steps_words(config, samples))
    with problems_in_place(_("The memory cannot be estimated")):
        memory_lines(config)
    st.caption(_("The same on the command line"))
    st.code(command_line(workspace, "sft", training_flags(config)), language=None, wrap_lines=True)
    if st.button(
        _("Start training"), type="primary", icon=":material/play_arrow:", key="training-start",
        disabled=bool(_output_problem(workspace, config.output)),
    ):  # fmt: skip
        with problems_in_place(_("The training did not start")):
            job = launch_training(workspace, config)
            st.toast(_("Training started"), icon=":material/play_arrow:")
            st.query_params.from_dict({"run": job.id})
            st.rerun(scope="app")
    sample_preview(workspace, config)  # last, since it takes seconds


def _checked(workspace: Workspace, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with their paths allowed."""
    template = values.get("chat_template")
    if template and "{" not in template:  # else it is the template itself
        template = str(allowed_path(workspace, template))
    return {**values, "base": str(values["base"]), "chat_template": template}


def _free_name(workspace: Workspace, export: str) -> str:
    """A name that no model has yet: the export's, with a number where it is taken."""
    taken = {path.name for path in Path(workspace.models).glob("*")}
    stem = re.sub(r"[^\w .-]", "-", export) or "adapter"
    return next(name for name in (stem, *(f"{stem}-{n}" for n in range(2, 10_000))) if name not in taken)
