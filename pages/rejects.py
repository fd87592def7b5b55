"""Rejects: why each candidate was rejected, with what the rules object to marked in its text."""

from __future__ import annotations

import streamlit as st

from components.candidates.browser import beginnings, fetch, records, texts_of
from components.candidates.detail import draw_detail
from components.candidates.filters import draw_reasons, draw_status_row
from components.candidates.listing import draw_downloads, draw_list
from components.candidates.states import (
    draw_head,
    draw_news,
    draw_none_match,
    draw_nothing_yet,
    draw_sentence,
    remember_drawn,
)
from components.candidates.view import heed_history, look_from_url, set_in_url
from components.jobs.seen import IDLE_S, REFRESH_S
from components.live_index import live_index
from components.open_workspace import current_workspace
from components.problem import problems_in_place, show_problem
from components.text import _
from curation.browsing import REJECTING_VERDICTS
from curation.errors import WinnowError
from curation.jobs import list_jobs
from curation.records import format_id
from curation.thresholds import default_thresholds, list_thresholds, load_thresholds

workspace = current_workspace()
live = live_index(workspace)
is_taken_in = live.glance().counted is not None


def content() -> None:
    """Everything below the title."""
    with problems_in_place():
        counted = live.view().counted
        if counted is None:
            st.caption(_("Taking in the workspace for the first time …"))
            st.skeleton(height=420)
            return
        if not is_taken_in:
            st.rerun()  # draw the page at rest
        if not counted.funnel.candidates:
            draw_nothing_yet()
            return
        try:
            thresholds = load_thresholds(workspace, set_in_url())
        except WinnowError as error:
            show_problem(_("These thresholds cannot be read; the default ones are used instead"), str(error))
            thresholds = default_thresholds()
        jobs = [job for job in reversed(list_jobs(workspace)) if job.kind == "sample"]
        reasons = [*REJECTING_VERDICTS, *(rule.name for rule in thresholds.enabled)]
        looked = look_from_url(reasons, [job.id for job in jobs])
        found = fetch(live, thresholds, looked)
        if found is None:
            return
        remember_drawn(live)
        heed_history()
        above, body = st.container(), st.container()  # the body keeps its place whatever is above it
        with above:
            draw_sentence(found.counts, looked)
            draw_status_row(looked, jobs, sorted({"default", *list_thresholds(workspace)}))
            draw_reasons(looked, found.counts.reasons)
            for note in looked.notes:
                st.text(note)
            if looked.candidate is not None and (found.chosen is None or found.chosen.candidate_id != looked.candidate):
                st.text(_("Candidate {id} is not in this workspace.").format(id=format_id(looked.candidate)))
        with body:
            if found.chosen is None:
                draw_none_match(looked, found.counts)
                return
            left, right = st.columns([4, 9], gap="medium")
        with left:
            if found.rows:
                words = beginnings(live, str(workspace.folder), found.rows)
                draw_list(found.rows, words, found.chosen.candidate_id, found.page)
                draw_downloads(lambda: records(live, found.rows))
            else:
                draw_none_match(looked, found.counts)
        with right:
            draw_head(found)
            texts = None
            with problems_in_place(_("The text of this candidate cannot be read")):
                texts = texts_of(live, found.chosen.candidate_id)
            draw_detail(found.chosen, texts, thresholds.enabled)


@st.fragment(run_every=IDLE_S)
def watch() -> None:
    """The page only says that something came in; what is being read stays where it is."""
    with problems_in_place():
        draw_news(live)


with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title(_("Rejects"), anchor=False, width="content")
    corner = st.container(width="content")
if is_taken_in:
    # no fragment: presses that come while a fragment is drawn become one, while the whole page starts anew for each
    content()
    with corner:
        watch()
else:
    st.fragment(content, run_every=REFRESH_S)()
