"""Mix and export: quotas against what is available, what is missing, the export, and past exports with their cards."""

from __future__ import annotations

import streamlit as st

from components.chart_style import show
from components.jobs.seen import IDLE_S, REFRESH_S, fingerprint, look_at_all
from components.live_index import live_index
from components.mix.advice import draw_advice, shortfalls, state_sentence, why_nothing
from components.mix.chart import quota_figure, quota_legend, quota_words
from components.mix.counts import funnel_of, lengths_of, quotas_of
from components.mix.export_bar import Ready, export_bar, export_jobs, finished_export
from components.mix.export_detail import export_detail
from components.mix.export_list import export_list
from components.mix.form import mix_form
from components.mix.lengths_chart import draw_lengths
from components.mix.parts import COMPOSE, chart_scale, draw_empty, exports_sentence, view_switch
from components.mix.turn import open_export
from components.open_workspace import current_workspace
from components.problem import problems_in_place
from components.text import _, inert
from curation.errors import WinnowError
from curation.export_folders import export_folders

workspace = current_workspace()
jobs_at_first = look_at_all(workspace)
something_runs = any(each.is_active for each in jobs_at_first)
live = live_index(workspace)


def compose() -> None:
    """The mix: its fields on the left, what fills it on the right, the export above both."""
    counted = live.view().counted
    if counted is None:
        st.caption(_("Taking in the workspace for the first time …"))
        st.skeleton(height=420)
        return
    if not (counted.funnel.prompts or counted.funnel.candidates or counted.general):
        draw_empty()
        return
    seen = look_at_all(workspace)
    sentence, bar, running = st.container(), st.container(), st.container()
    left, right = st.columns([2, 3], gap="large")
    with left:
        chosen = mix_form(workspace)
    if chosen is None:
        with bar:
            export_bar(workspace, live, None, Ready(0, None), seen)
        with right:
            st.caption(_("The quotas and what fills them appear here as soon as the mix is right."))
        return
    counts = funnel_of(workspace, live, counted, chosen)
    quotas = quotas_of(chosen, counts, counted.general)
    sentence.markdown(state_sentence(chosen.name, quotas))
    with bar:
        ready = Ready(sum(quota.taken for quota in quotas), why_nothing(quotas, counts))
        export_bar(workspace, live, chosen, ready, seen)
    with running:
        export_jobs(seen)
    with right:
        filling, lengths = st.tabs([_("Quotas"), _("Lengths")], on_change="rerun", key="mix-tab")
        if filling.open:
            with filling:
                with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                    quota_legend(quotas)
                    st.space("stretch")
                    by_share = chart_scale(chosen.mix)
                show(quota_figure(quotas, by_share), key="mix-quotas", alt=quota_words(quotas))
                draw_advice(*shortfalls(quotas, counts))
        if lengths.open:
            with lengths:
                draw_lengths(lengths_of(workspace, live, counted, chosen))


def past_exports() -> None:
    """The exports of the workspace, and the chosen one."""
    exports = export_folders(workspace)
    if not exports:
        st.markdown(
            _("No exports yet. Each one will be listed here with its card, its settings and its first samples.")
        )
        return
    st.markdown(exports_sentence(exports))
    export_jobs(look_at_all(workspace))
    left, right = st.columns([2, 5], gap="medium")
    with left:
        chosen = export_list(exports)
    with right:
        export_detail(workspace, chosen)


def taking_in() -> bool:
    """Whether newer files are being taken in; what cannot be read is told where it is needed."""
    try:
        return live.view().is_behind
    except WinnowError:
        return False


is_behind = taking_in()


@st.fragment(run_every=REFRESH_S if something_runs or is_behind else None)
def page() -> None:
    """Everything below the title; drawn again and again only while something runs or is being taken in."""
    with problems_in_place():
        if view_switch(workspace) == COMPOSE:
            compose()
        else:
            past_exports()
    # last, since a rerun before the widgets would swallow a click
    seen = look_at_all(workspace)
    written = finished_export(seen)
    if written:
        open_export(written)
        st.toast(_("“{name}” is written").format(name=inert(written)), icon=":material/check_circle:")
        st.rerun()
    if (something_runs or is_behind) and not (any(each.is_active for each in seen) or taking_in()):
        st.rerun()  # draw the page at rest


@st.fragment(run_every=IDLE_S)
def watch() -> None:
    """At rest the page only looks whether somebody started something."""
    if fingerprint(look_at_all(workspace)) != fingerprint(jobs_at_first):
        st.rerun()


st.title(_("Mix and export"), anchor=False)
page()
if not (something_runs or is_behind):
    watch()
