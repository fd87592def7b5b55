"""Overview: what the workspace holds, what runs, what to do next, and whether the tuned model got better."""

from __future__ import annotations

import streamlit as st

from components.jobs.card import job_card
from components.jobs.seen import IDLE_S, REFRESH_S, fingerprint, look_at_all, running_and_queued
from components.live_index import live_index
from components.open_workspace import current_workspace
from components.overview.demo import demo_card, unfinished_demo
from components.overview.parts import (
    draw_breakdowns,
    draw_comparison,
    draw_counts,
    draw_empty,
    draw_next_step,
    draw_sentence,
)
from components.problem import problems_in_place, show_problem
from components.text import _

CARDS = 6

workspace = current_workspace()
jobs_at_first = look_at_all(workspace)
something_runs = any(each.is_active for each in jobs_at_first)


is_behind = live_index(workspace).glance().is_behind


@st.fragment(run_every=REFRESH_S if something_runs or is_behind else None)
def live() -> None:
    """Everything below the title; drawn again and again only while something runs or is being taken in."""
    with problems_in_place():
        seen = look_at_all(workspace)
        view = live_index(workspace).view()
        if view.counted is None:
            st.caption(_("Taking in the workspace for the first time …"))
            st.skeleton(height=420)
            return
        counted = view.counted
        if not seen and not counted.funnel.prompts:
            draw_empty(workspace)
            if is_behind and not view.is_behind:
                st.rerun()
            return
        draw_sentence(counted, *running_and_queued(seen))
        demo = unfinished_demo(seen)
        if demo is not None:
            demo_card(demo, seen)
        cards = [each for each in seen if each.is_active and (demo is None or each.job.id < demo.job.id)]
        if cards:
            with st.grid(3, min_column_width=300):
                for each in cards[:CARDS]:
                    job_card(each)
        if demo is None:
            draw_next_step(workspace, counted, seen)
        for message in counted.left_out[:3]:
            show_problem(_("A file was left out"), message)
        draw_counts(counted)
        draw_breakdowns(counted)
        draw_comparison(seen)
        if (something_runs or is_behind) and not (view.is_behind or any(each.is_active for each in seen)):
            st.rerun()  # draw the page at rest; last, since a button that was not drawn loses its click


@st.fragment(run_every=IDLE_S)
def watch() -> None:
    """At rest the page only looks whether somebody started something."""
    if fingerprint(look_at_all(workspace)) != fingerprint(jobs_at_first):
        st.rerun()


st.title(_("Overview"), anchor=False)
live()
if not (something_runs or is_behind):
    watch()
