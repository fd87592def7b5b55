"""Sampling: start a sampling of the policy, watch it, stop and resume it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from components.format import number
from components.jobs.seen import IDLE_S, REFRESH_S, SeenJob, activity, fingerprint, look_at_all
from components.live_index import live_index
from components.open_workspace import current_workspace
from components.problem import problems_in_place
from components.sampling.form import sampling_form
from components.sampling.job import choose_job, sampling_job
from components.sampling.responses import draw_responses
from components.text import _, plural
from curation.prompts import list_imports

workspace = current_workspace()


def look_at_samplings() -> list[SeenJob]:
    """The sampling jobs, newest first."""
    return [each for each in look_at_all(workspace) if each.job.kind == "sample"]


jobs_at_first = look_at_samplings()
view = live_index(workspace).glance()
something_moves = view.is_behind or any(each.is_active for each in jobs_at_first)


def draw_sentence(seen: Sequence[SeenJob]) -> None:
    """How much was sampled, and whether something is being sampled."""
    counted = live_index(workspace).view().counted
    candidates = number(counted.funnel.candidates) if counted is not None else "…"
    jobs = plural("{n} sampling job", "{n} sampling jobs", len(seen)).format(n=f"**{len(seen):,}**")
    words = _("**{candidates}** candidates to choose from, {jobs}, {now}.")
    st.markdown(words.format(candidates=candidates, jobs=jobs, now=activity(seen)))


def draw_empty() -> None:
    """Without prompts there is nothing to ask a model."""
    st.markdown(_("Here a model answers the prompts many times over. There are no prompts to ask it yet."))
    with st.container(border=True, horizontal_alignment="center", gap="small"):
        st.space("small")
        st.markdown(_("Bring in a file of questions first, or those that come with Winnow."), width="content")
        st.page_link("pages/prompts.py", label=_("Go to Prompts"), icon=":material/arrow_forward:")
        st.space("small")


def draw_nothing_sampled() -> None:
    """What will be shown here."""
    with st.container(border=True, gap="small"):
        st.markdown(f"**{_('Nothing has been sampled yet')}**")
        st.caption(
            _(
                "Once a sampling runs, this side shows how fast it goes and how long it will take, how the responses "
                "end, how many are correct and accepted so far, and the latest of them."
            )
        )


@st.fragment
def form() -> None:
    """The settings of the next job; a change draws only this part anew."""
    with problems_in_place():
        sampling_form(workspace, look_at_samplings())


@st.fragment(run_every=REFRESH_S if something_moves else None)
def sentence() -> None:
    """The line below the title."""
    with problems_in_place():
        draw_sentence(look_at_samplings())


@st.fragment(run_every=REFRESH_S if something_moves else None)
def latest() -> None:
    """The chosen job and its responses; drawn again and again only while something is sampled."""
    with problems_in_place():
        seen = look_at_samplings()
        if seen:
            chosen = choose_job(seen)
            sampling_job(workspace, chosen)
            draw_responses(workspace, chosen)
        else:
            draw_nothing_sampled()
        # last, so that no click is lost to it
        now = live_index(workspace).view()
        is_at_rest = not now.is_behind and not any(each.is_active for each in seen)
        if (something_moves and is_at_rest) or (view.counted is None and now.counted is not None):
            st.rerun()


@st.fragment(run_every=IDLE_S)
def watch() -> None:
    """At rest the page only looks whether somebody started something."""
    if fingerprint(look_at_samplings()) != fingerprint(jobs_at_first):
        st.rerun()


st.title(_("Sampling"), anchor=False)
with problems_in_place(_("The prompts cannot be read")):
    if not list_imports(workspace):
        draw_empty()
        st.stop()
    sentence()
    left, right = st.columns(2, gap="medium")
    with left:
        form()
    with right:
        latest()
    if not something_moves:
        watch()
