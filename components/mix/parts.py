"""Parts of the page Mix and export that belong to neither of its two views."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from components.format import number
from components.mix.turn import close_exports, is_export_open, turn
from components.text import _, plural
from curation.export_folders import ExportFolder, export_folders
from curation.mix import MixConfig
from curation.workspace import Workspace

COMPOSE: Final = "compose"
EXPORTS: Final = "exports"


def view_switch(workspace: Workspace) -> str:
    """Which of the two views is shown: past exports where the URL names one, the mix otherwise."""
    key = f"mix-view-{turn()}"
    st.session_state[key] = EXPORTS if is_export_open() else COMPOSE
    written = len(export_folders(workspace))
    words = {COMPOSE: _("Compose"), EXPORTS: f"{_('Past exports')} · {number(written)}"}
    icons = {COMPOSE: ":material/tune:", EXPORTS: ":material/inventory_2:"}
    chosen = st.segmented_control(
        _("View"), [COMPOSE, EXPORTS], required=True, key=key, label_visibility="collapsed",
        format_func=lambda each: f"{icons[each]} {words[each]}", on_change=_switch, args=(workspace, key),
    )  # fmt: skip
    return str(chosen)


def _switch(workspace: Workspace, key: str) -> None:
    if st.session_state[key] == COMPOSE:
        close_exports()
    else:
        newest = export_folders(workspace)[:1]
        st.query_params["export"] = newest[0].name if newest else "-"


def chart_scale(mix: MixConfig) -> bool:
    """Whether bars are as long as their own quota: asked for, and at first where quotas follow R1."""
    words = {True: _("Share"), False: _("Samples")}
    chosen = st.segmented_control(
        _("Scale"), [True, False], default=mix.recipe == "r1", required=True, format_func=lambda each: words[each],
        key=f"mix-scale-{mix.recipe}", label_visibility="collapsed", persist_state="session",
    )  # fmt: skip
    return bool(chosen)


def exports_sentence(exports: Sequence[ExportFolder]) -> str:
    """How many exports there are, and how much is in them; Markdown."""
    samples = sum(each.manifest.samples for each in exports if each.manifest is not None)
    damaged = sum(each.manifest is None for each in exports)
    words = plural("**{n}** export, {samples} samples.", "**{n}** exports, {samples} samples.", len(exports))
    text = words.format(n=number(len(exports)), samples=number(samples))
    if damaged:
        text += " " + plural("{n} of them is damaged.", "{n} of them are damaged.", damaged).format(n=number(damaged))
    return text


def draw_empty() -> None:
    """What this page will show, and where to start."""
    st.markdown(
        _(
            "Nothing to mix yet. This page will show how much of each domain is selected, how far that is from the "
            "proportions you want, and write it to a data set."
        )
    )
    with st.container(border=True, horizontal_alignment="center", gap="small"):
        st.space("small")
        st.markdown(
            _("It needs selected responses. Import prompts, sample them, and set the thresholds."), width="content"
        )
        with st.container(horizontal=True, horizontal_alignment="center", gap="medium"):
            st.page_link("pages/prompts.py", label=_("Import prompts"), icon=":material/quiz:")
            st.page_link("pages/sampling.py", label=_("Sample them"), icon=":material/casino:")
            st.page_link("pages/filters.py", label=_("Set the thresholds"), icon=":material/tune:")
        st.space("small")
