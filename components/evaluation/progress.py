"""An evaluation that has no results yet: how far it is and what it knows so far; and the page before the first one."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc
import streamlit as st

from components.format import number, reader_zone, share
from components.jobs.buttons import job_buttons, job_reason
from components.jobs.card import progress_bar, state_badge
from components.jobs.seen import SeenJob, pace_line, started_line
from components.palette import kind_icon
from components.small_table import show_table
from components.text import _, inert
from curation.prompts import read_prompts
from curation.records import Split
from curation.workspace import Workspace


def draw_progress(seen: SeenJob) -> None:
    """Its state with its buttons, and the correct samples of each model so far."""
    with st.container(border=True, gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.subheader(_("Evaluation"), anchor=False, icon=kind_icon("evaluate"), width="content")
            state_badge(seen)
            st.caption(started_line(seen, reader_zone()), width="content")
            st.space("stretch")
            job_buttons(seen)
            st.page_link(
                "pages/jobs.py", label=_("Log"), icon=":material/chevron_right:", icon_position="right",
                query_params={"job": seen.job.id}, help="",
            )  # fmt: skip
        job_reason(seen)
        progress_bar(seen)
        note = seen.progress.note if seen.progress and seen.is_active else ""
        st.caption(inert(" · ".join(part for part in (pace_line(seen), note) if part)) or " ", wrap=False)
        _so_far(seen)
    if seen.is_active:
        st.caption(_("pass@1 with its intervals, habits, lengths and every response show here once it is done."))


def draw_empty(workspace: Workspace) -> bool:
    """What this page will show, and what is missing for it; whether there is something to ask already."""
    st.markdown(
        _(
            "No evaluation yet. Models answer the same held-out prompts; this page sets them side by side, and shows "
            "which responses became right and which became wrong."
        )
    )
    missing = []
    can_ask = _held_out(workspace) > 0
    if not can_ask:
        missing.append((_("No held-out prompts yet: import some."), "pages/prompts.py", _("Go to Prompts")))
    if not any(not path.parent.name.startswith(".") for path in workspace.models.glob("*/adapter_config.json")):
        missing.append(
            (_("No adapter yet: train one, or compare other models."), "pages/training.py", _("Go to Training"))
        )
    for words, page, label in missing:
        with st.container(border=True, horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f":material/info: {words}", width="content")
            st.space("stretch")
            st.page_link(page, label=label, icon=":material/arrow_forward:")
    return can_ask


def _so_far(seen: SeenJob) -> None:
    models = seen.progress.extra.get("models", {}) if seen.progress else {}
    if not isinstance(models, Mapping) or not models:
        return
    counts = {
        str(name): (int(each.get("samples", 0)), int(each.get("correct", 0)))
        for name, each in models.items()
        if isinstance(each, Mapping)
    }
    show_table(
        {
            _("Model"): list(counts),
            _("Samples"): [samples for samples, _correct in counts.values()],
            _("Correct so far"): [
                f"{number(correct)} · {share(correct, samples)}" for samples, correct in counts.values()
            ],
        },
        key="evaluation-so-far",
        alt=_("Correct samples of each model so far"),
    )


def _held_out(workspace: Workspace) -> int:
    splits: pa.Table = read_prompts(workspace, columns=["split"])
    return int(pc.sum(pc.equal(splits["split"], str(Split.HELD_OUT))).as_py() or 0)
