"""Which evaluation, and which part of it, is looked at; all of it lives in the URL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from components.format import clock, reader_zone
from components.jobs.seen import SeenJob
from components.palette import STATES
from components.text import _
from components.url_choice import url_select
from curation.jobs import State


def chosen_evaluation(jobs: Sequence[SeenJob]) -> SeenJob:
    """Of `jobs` (newest first, not empty): the one in the URL, else one that runs, else the latest finished, else the
    latest."""
    wanted = st.query_params.get("evaluation", "")
    found = next((each for each in jobs if each.job.id == wanted), None)
    if found is None and wanted:
        st.caption(_(":material/info: The evaluation in the address is not in this workspace; another is shown."))
    running = (each for each in jobs if each.is_active)
    finished = (each for each in jobs if each.state.name == State.FINISHED)
    return found or next(running, None) or next(finished, None) or jobs[0]


def evaluation_field(jobs: Sequence[SeenJob], chosen: SeenJob) -> None:
    """The field that chooses among several."""
    by_id = {each.job.id: each for each in jobs}
    url_select(
        _("Evaluation"), list(by_id), "evaluation", chosen=chosen.job.id, words=lambda name: _label(by_id[name]),
        forget=("a", "b", "part", "page", "prompt"),
    )  # fmt: skip


def _label(seen: SeenJob) -> str:
    created = clock(datetime.fromisoformat(seen.job.created), reader_zone())
    names = ", ".join(str(each.get("name", "")) for each in seen.job.config.get("models", []))
    state = "" if seen.state.name == State.FINISHED else f" · {STATES[seen.state.name].word}"
    return f"{created} · {names}{state}"
