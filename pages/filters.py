"""Filters: thresholds beside histograms, with a live funnel, and the candidates that change side before one saves."""

from __future__ import annotations

import streamlit as st

from components.filters.counts import ask
from components.filters.draft import IN_URL, draw_saved, draw_told, open_desk_of_url
from components.filters.results import draw_changed, draw_results, draw_sentence
from components.filters.rule import draw_rule
from components.filters.sets import choose_set, draw_add_rule, draw_broken, draw_save, draw_sets
from components.jobs.seen import IDLE_S, REFRESH_S, fingerprint, look_at_all
from components.live_index import live_index
from components.open_workspace import current_workspace
from components.problem import show_problem
from components.text import _
from curation.errors import WinnowError

PATIENCE_S = 0.1  # a slider does not wait for files that are being taken in: the next look has them

workspace = current_workspace()
jobs_at_first = look_at_all(workspace)
something_runs = any(each.is_active for each in jobs_at_first)


def is_settled() -> bool:
    """Whether nothing runs and nothing is being taken in, so that the page may rest."""
    try:
        behind = live_index(workspace).view().is_behind
    except WinnowError:  # told in place below
        return True
    return not (behind or something_runs)


rests = is_settled()


def draw_empty() -> None:
    """What this page will show, and where to start."""
    st.markdown(_("No candidates yet. Once there are, this page sets the bounds that decide which are accepted."))
    with st.container(border=True, horizontal_alignment="center", gap="small"):
        st.space("small")
        words = _("Each rule shows how its measure is spread, and the funnel moves as you move a bound.")
        st.markdown(words, width="content")
        st.page_link("pages/sampling.py", label=_("Sample candidates"), icon=":material/casino:")
        st.space("small")


@st.fragment(run_every=None if rests else REFRESH_S)
def live() -> None:
    """Everything below the title: whatever a slider does is counted anew, and nothing else of the app runs."""
    try:
        view = live_index(workspace).view(PATIENCE_S)
    except WinnowError as error:
        show_problem(_("The default thresholds cannot be read"), str(error))
        draw_broken(workspace, "default")
        return
    if not rests and not view.is_behind and not any(each.is_active for each in look_at_all(workspace)):
        st.rerun()  # draw the page at rest
    if view.counted is None:
        st.caption(_("Taking in the workspace for the first time …"))
        st.skeleton(height=420)
        return
    if not view.counted.funnel.candidates:
        draw_empty()
        return
    sentence = st.container()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        name = choose_set(workspace)
        try:
            desk = open_desk_of_url(workspace, name)
        except WinnowError as error:
            show_problem(_("This threshold set cannot be read"), str(error))
            draw_broken(workspace, name)
            return
        draw_save(desk)
        st.space("stretch")
        asked = ask(workspace, view.counted)
        histograms = asked.histograms()
        draw_add_rule(desk, histograms)
        draw_sets(workspace, look_at_all(workspace))
    draw_told("save")
    draw_told(IN_URL)
    draw_saved()
    draft, saved = asked.funnel(desk.draft), asked.funnel(desk.saved)
    with sentence:
        draw_sentence(desk, draft, saved)
    if desk.was_overtaken:
        st.caption(_(":material/info: Somebody else saved this set after you began; saving replaces what they saved."))
    rules, results = st.columns([16, 11], gap="small")
    with rules:
        steps = {step.rule: step for step in draft.steps}
        with st.container(gap="xsmall"):
            for rule in desk.draft.rules:
                draw_rule(desk, rule, steps.get(rule.name), histograms[rule.measure])
        st.caption(_("Histograms: correct candidates; the height is the square root of the count."))
    with results:
        draw_results(desk, view.counted, draft, saved)
    draw_changed(desk, asked)


@st.fragment(run_every=IDLE_S)
def watch() -> None:
    """At rest the page only looks whether somebody started something."""
    if fingerprint(look_at_all(workspace)) != fingerprint(jobs_at_first):
        st.rerun()


st.title(_("Filters"), anchor=False)
live()
if rests:
    watch()
