"""Training: the runs with their curves, laid over one another, and the form that starts a new one."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from components.jobs.seen import IDLE_S, REFRESH_S, SeenJob, activity, fingerprint, look
from components.open_workspace import current_workspace
from components.problem import problems_in_place
from components.text import _, inert, plural
from components.training.form import new_run
from components.training.run import run_detail
from components.training.runs import chosen_run, look_at_run, loss_words, overlaid_runs, run_cards
from curation.jobs import State, list_jobs
from training.sft import KIND

workspace = current_workspace()


def look_at_trainings() -> list[SeenJob]:
    """Every training job, newest first."""
    return [look(job) for job in reversed(list_jobs(workspace, KIND))]


jobs_at_first = look_at_trainings()
something_runs = any(each.is_active for each in jobs_at_first)
is_new = not jobs_at_first or "new" in st.query_params or "export" in st.query_params


def draw_sentence(jobs: Sequence[SeenJob]) -> None:
    """How many runs there are, and what the latest finished one came to."""
    words = plural("{n} run", "{n} runs", len(jobs)).format(n=f"**{len(jobs):,}**")
    parts = [words, activity(jobs)]
    done = next((each for each in jobs if each.state.name == State.FINISHED), None)
    if done is not None:
        run = look_at_run(done)
        latest = _("the latest finished, **{name}**, ended at a loss of {loss}")
        parts.append(latest.format(name=inert(run.name), loss=loss_words(run.curves.last("loss"))))
    st.markdown(", ".join(parts) + ".")


def show_form() -> None:
    """Turn to the form."""
    st.query_params.from_dict({"new": "1"})


def show_runs() -> None:
    """Turn back to the runs."""
    st.query_params.clear()


@st.fragment(run_every=REFRESH_S if something_runs and not is_new else None)
def live() -> None:
    """Cards and the chosen run; drawn again and again only while something runs."""
    with problems_in_place():
        jobs = look_at_trainings()
        if something_runs and not any(each.is_active for each in jobs):
            st.rerun()  # what ran has ended: draw the page at rest
        draw_sentence(jobs)
        chosen, is_absent = chosen_run(jobs)
        if is_absent:
            st.caption(_(":material/info: The run in the address is not in this workspace; another is shown."))
        overlaid = overlaid_runs(jobs, chosen)
        run_cards(jobs, chosen, overlaid)
        run_detail(workspace, look_at_run(chosen), [look_at_run(each) for each in overlaid])


@st.fragment(run_every=IDLE_S)
def watch() -> None:
    """At rest the page only looks whether somebody started something."""
    if fingerprint(look_at_trainings()) != fingerprint(jobs_at_first):
        st.rerun()


@st.fragment
def form() -> None:
    """The settings of a new run."""
    with problems_in_place():
        new_run(workspace)


with st.container(horizontal=True, vertical_alignment="center"):
    st.title(_("Training"), anchor=False)
    st.space("stretch")
    if is_new and jobs_at_first:
        st.button(_("Back to the runs"), icon=":material/arrow_back:", on_click=show_runs)
    elif not is_new:
        st.button(_("New run"), type="primary", icon=":material/add:", on_click=show_form, key="training-new")
if is_new:
    if jobs_at_first:
        st.markdown(_("A new run: what to train on what, and how."))
    else:
        st.markdown(
            _("No runs yet. Fine-tune a base on what you exported; its loss, learning rate and pace show here.")
        )
    form()
else:
    live()
    if not something_runs:
        watch()
