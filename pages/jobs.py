"""Jobs: what runs and what ran; one of them in detail, with its log, stop and resume."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from components.jobs.detail import job_detail
from components.jobs.listing import job_list
from components.jobs.seen import IDLE_S, REFRESH_S, SeenJob, activity, fingerprint, look_at_all
from components.open_workspace import current_workspace
from components.problem import problems_in_place
from components.text import _, plural

workspace = current_workspace()
jobs_at_first = look_at_all(workspace)
something_runs = any(each.is_active for each in jobs_at_first)


def draw_sentence(seen: Sequence[SeenJob]) -> None:
    """How many jobs there are, how many run and how many wait."""
    words = plural("{n} job", "{n} jobs", len(seen)).format(n=f"**{len(seen):,}**")
    st.markdown(f"{words}, {activity(seen)}.")


def draw_empty() -> None:
    """What this page will show, and where to start."""
    st.markdown(
        _("No jobs yet. Sampling, scoring, exports, training and evaluation run in the background and show here.")
    )
    with st.container(border=True, horizontal_alignment="center", gap="small"):
        st.space("small")
        st.markdown(_("Start one from the command line, or run the demo from the Overview."), width="content")
        st.page_link("pages/overview.py", label=_("Go to the Overview"), icon=":material/arrow_back:")
        st.space("small")


@st.fragment(run_every=REFRESH_S if something_runs else None)
def live() -> None:
    """The list and the chosen job; drawn again and again only while something runs."""
    with problems_in_place():
        seen = look_at_all(workspace)
        if not seen:
            draw_empty()
            return
        draw_sentence(seen)
        left, right = st.columns([2, 3], gap="medium")
        with left:
            chosen = job_list(seen)
        with right:
            job_detail(chosen)
        if something_runs and not any(each.is_active for each in seen):
            st.rerun()  # draw the page at rest; last, since a button that was not drawn loses its click


@st.fragment(run_every=IDLE_S)
def watch() -> None:
    """At rest the page only looks whether somebody started something."""
    if fingerprint(look_at_all(workspace)) != fingerprint(jobs_at_first):
        st.rerun()


st.title(_("Jobs"), anchor=False)
live()
if not something_runs:
    watch()
