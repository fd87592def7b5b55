"""Evaluation: models side by side with intervals, and the responses that became right and wrong."""

from __future__ import annotations

import streamlit as st

from components.evaluation.changes import draw_changes
from components.evaluation.choice import chosen_evaluation, evaluation_field
from components.evaluation.form import new_evaluation
from components.evaluation.progress import draw_empty, draw_progress
from components.evaluation.scores import draw_finding, draw_scores
from components.jobs.seen import IDLE_S, REFRESH_S, SeenJob, fingerprint, look
from components.open_workspace import current_workspace
from components.problem import problems_in_place
from components.text import _
from curation.jobs import State, find_job, list_jobs
from training.evaluation import KIND
from training.evaluation.results import read_results

workspace = current_workspace()


def look_at_evaluations() -> list[SeenJob]:
    """Every evaluation, newest first."""
    return [look(job) for job in reversed(list_jobs(workspace, KIND))]


jobs_at_first = look_at_evaluations()
is_new = not jobs_at_first or "new" in st.query_params or "adapter" in st.query_params


def show_form() -> None:
    """Turn to the form."""
    st.query_params.from_dict({"new": "1"})


def show_results() -> None:
    """Turn back to the results."""
    st.query_params.clear()


@st.fragment
def form() -> None:
    """The models and settings of a new evaluation."""
    with problems_in_place():
        new_evaluation(workspace)


@st.fragment
def changes(job_id: str) -> None:
    """Two models compared prompt by prompt."""
    with problems_in_place(_("What changed cannot be shown")):
        job = find_job(workspace, job_id)
        draw_changes(workspace, job, read_results(job))


@st.fragment(run_every=REFRESH_S)
def progress(job_id: str) -> None:
    """How far the chosen evaluation is, while it runs."""
    with problems_in_place():
        seen = look(find_job(workspace, job_id))
        if not seen.is_active:
            st.rerun()  # draw the page at rest
        draw_progress(seen)


@st.fragment(run_every=IDLE_S)
def watch() -> None:
    """The page only looks whether somebody started or ended something."""
    if fingerprint(look_at_evaluations()) != fingerprint(jobs_at_first):
        st.rerun()


with st.container(horizontal=True, vertical_alignment="center"):
    st.title(_("Evaluation"), anchor=False)
    st.space("stretch")
    if is_new and jobs_at_first:
        st.button(_("Back to the results"), icon=":material/arrow_back:", on_click=show_results)
    elif not is_new:
        st.button(_("New evaluation"), type="primary", icon=":material/add:", on_click=show_form, key="evaluation-new")
if is_new:
    if jobs_at_first:
        st.markdown(_("A new evaluation: which models answer which prompts."))
        form()
    elif draw_empty(workspace):
        form()
else:
    chosen = chosen_evaluation(jobs_at_first)
    with problems_in_place(_("The results cannot be shown")):
        results = read_results(chosen.job) if chosen.state.name == State.FINISHED else None
        if results is not None:
            draw_finding(chosen.job, results)
        if len(jobs_at_first) > 1:
            evaluation_field(jobs_at_first, chosen)
        if results is not None:
            draw_scores(chosen.job, results)
            changes(chosen.job.id)
        elif chosen.is_active:
            progress(chosen.job.id)
        else:
            draw_progress(chosen)
    watch()
