"""The chosen run of the Training page: its state and numbers, the chart, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from components.command_line import command_line, shown_path
from components.format import duration, number, reader_zone
from components.jobs.buttons import job_buttons, job_reason
from components.jobs.card import progress_bar, state_badge
from components.jobs.seen import started_line, taken_s
from components.setting_form import setting_label
from components.text import _, inert
from components.training.command import training_flags
from components.training.curves import AXES, Drawn, Look, show_curves
from components.training.runs import Run, legend_names, loss_words, setting_words
from components.url_choice import url_segments
from curation.errors import WinnowError
from curation.jobs import State
from curation.settings import config_from_mapping, settings_of
from curation.workspace import Workspace
from training.config import TrainingConfig

_SMOOTHINGS: Final = ("0", "0.8", "0.95", "0.99")


def run_detail(workspace: Workspace, run: Run, overlaid: Sequence[Run]) -> None:
    """Draw the run, with others laid over its curves; every part keeps its height from one look to the next."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader(inert(run.name), anchor=False, width="content")
        state_badge(run.seen)
        st.caption(started_line(run.seen, reader_zone()), width="content")
        st.space("stretch")
        job_buttons(run.seen)
        st.page_link(
            "pages/jobs.py", label=_("Log"), icon=":material/chevron_right:", icon_position="right",
            query_params={"job": run.id}, help="",
        )  # fmt: skip
    job_reason(run.seen)
    progress_bar(run.seen)
    _numbers(run)
    _chart([run, *overlaid])
    _outcome(workspace, run)


def _numbers(run: Run) -> None:
    curves, progress = run.curves, run.seen.progress
    took = taken_s(run.seen)
    eta = progress.eta_s if progress is not None and run.seen.is_active else None
    rate = _tokens_per_s(run)
    epoch = curves.last("epoch")
    left = run.seen.is_active
    with st.grid(5, min_column_width=120, gap="small"):
        st.metric(_("Loss"), loss_words(curves.last("loss")))
        st.metric(_("Evaluation loss"), loss_words(curves.last("eval_loss")))
        st.metric(_("Epoch"), "–" if epoch is None else f"{epoch:.2f}")
        st.metric(_("Tokens a second"), "–" if rate is None else number(rate))
        words = duration(eta) if left and eta is not None else ("–" if left or took is None else duration(took))
        st.metric(_("Time left") if left else _("Took"), words)


def _tokens_per_s(run: Run) -> float | None:
    """What the attempt at work reports, and once the run has ended, what was measured last."""
    if not run.seen.is_active:
        return run.curves.last("tokens_per_s")
    return run.seen.progress.rates.get("tokens_per_s") if run.seen.progress else None


def _chart(runs: Sequence[Run]) -> None:
    look = _look()
    names = legend_names(runs) if len(runs) > 1 else [runs[0].name]
    drawn = [Drawn(name, run.curves) for name, run in zip(names, runs, strict=True)]
    alt = _("Loss, learning rate and gradient norm of {runs}").format(runs=", ".join(run.name for run in runs))
    show_curves(drawn, look, key="training-curves", alt=alt)
    words = []
    if any(run.curves.last("eval_loss") is not None for run in runs):
        words.append(_("Diamonds are evaluation losses."))
    if len(runs) > 1:
        words.append(_("Of the runs laid over, only the smoothed loss is drawn."))
    if words:
        st.caption(" ".join(words))


def _look() -> Look:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        axis = url_segments(_("Horizontal axis"), list(AXES), "axis", words=lambda name: _(AXES[name]))
        log = st.toggle(_("Log scale"), key="log", bind="query-params")
        st.caption(_("Smoothing"), width="content")
        smoothing = url_segments(
            _("Smoothing"),
            _SMOOTHINGS,
            "smoothing",
            chosen="0.8",
            words=lambda weight: weight if weight != "0" else _("off"),
        )
    return Look(axis, float(smoothing), bool(log))


def _outcome(workspace: Workspace, run: Run) -> None:
    if run.seen.state.name == State.FINISHED:
        adapter = workspace.models / run.name
        with st.container(border=True, horizontal=True, vertical_alignment="center", gap="small"):
            if adapter.is_dir():
                st.markdown(f":green[:material/check_circle:] **{_('Adapter saved')}**", width="content")
                st.code(shown_path(adapter), language=None, width="content")
                st.space("stretch")
                st.page_link(
                    "pages/evaluation.py", label=_("See whether it helped"), icon=":material/monitoring:",
                    query_params={"adapter": run.name}, help="",
                )  # fmt: skip
            else:
                st.markdown(f":red[:material/error:] **{_('The adapter is gone')}**", width="content")
                st.text(_("{folder} was moved or deleted since.").format(folder=shown_path(adapter)))
    with st.expander(_("Settings"), icon=":material/tune:", key=f"training-settings-{run.id}"):
        _settings(workspace, run)


def _settings(workspace: Workspace, run: Run) -> None:
    rows = [
        (setting_label(each.name), setting_words(each.name, run.seen.job.config[each.name]))
        for each in settings_of(TrainingConfig)
        if each.name in run.seen.job.config
    ]
    half = -(-len(rows) // 2)
    for column, part in zip(st.columns(2, gap="medium"), (rows[:half], rows[half:]), strict=True):
        with column:
            st.dataframe(
                {_("Setting"): [name for name, _value in part], _("Value"): [value for _name, value in part]},
                hide_index=True, height="content", alt=_("Settings of the run"),
            )  # fmt: skip
    try:
        config = config_from_mapping(TrainingConfig, run.seen.job.config)
    except WinnowError:
        return  # another version of Winnow wrote it
    st.caption(_("The same on the command line"))
    st.code(command_line(workspace, "sft", training_flags(config)), language=None, wrap_lines=True)
