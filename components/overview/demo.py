"""The demo on the Overview: the button that starts it, and its steps while it runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from components.format import number, reader_zone
from components.jobs.card import state_badge
from components.jobs.seen import SeenJob, amount_line, started_line
from components.jobs.waiting import waiting_line
from components.palette import STATES, kind_icon, kind_name
from components.problem import problems_in_place
from components.text import _, inert
from curation.jobs import Job, State, resume
from curation.workspace import Workspace

STEPS: Final = ("sample", "export", "sft", "evaluate")
_CARD_PX: Final = 172


def demo_button(workspace: Workspace) -> None:
    """Starts the demo in the workspace, and draws the page anew."""
    if not st.button(_("Run the demo"), type="primary", icon=":material/rocket_launch:", key="run-demo"):
        return
    with problems_in_place(_("The demo did not start")):
        start_demo(workspace)
        st.rerun()


def start_demo(workspace: Workspace) -> Job:
    """Start the demo in the workspace, or go on with it."""
    from training.demo.loop import launch_demo  # only who presses the button pays for the import

    return launch_demo(workspace)


def unfinished_demo(seen: Sequence[SeenJob]) -> SeenJob | None:
    """The latest demo job (of `seen`, newest first) unless it has finished."""
    demos = [each for each in seen if each.job.kind == "demo"]
    return demos[0] if demos and demos[0].state.name != State.FINISHED else None


def demo_card(demo: SeenJob, seen: Sequence[SeenJob]) -> None:
    """The steps of the demo side by side, each with how far it is."""
    with st.container(border=True, height=_CARD_PX, gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"{kind_icon('demo')} **{_('Demo: the whole stage on small models')}**", width="content")
            state_badge(demo)
            st.caption(started_line(demo, reader_zone()), width="content")
            st.space("stretch")
            if demo.can_resume:
                _resume_button(demo)
            st.page_link(
                "pages/jobs.py", label=_("Details"), icon=":material/chevron_right:", icon_position="right",
                query_params={"job": demo.job.id}, help="",
            )  # fmt: skip
        for column, kind in zip(st.columns(len(STEPS), gap="medium"), STEPS, strict=True):
            with column:
                _step(kind, _job_of(kind, demo, seen))
        if demo.state.has_ended and demo.state.detail:
            st.text(demo.state.detail, wrap=False)


def _resume_button(demo: SeenJob) -> None:
    if st.button(_("Go on"), type="primary", icon=":material/play_arrow:", key="resume-demo"):
        with problems_in_place(_("The demo did not go on")):
            resume(demo.job)
            st.rerun()


def _job_of(kind: str, demo: SeenJob, seen: Sequence[SeenJob]) -> SeenJob | None:
    """The job that the demo launched for this step: the first of its kind after the demo."""
    later = [each for each in seen if each.job.kind == kind and each.job.id > demo.job.id]
    return later[-1] if later else None


def _step(kind: str, step: SeenJob | None) -> None:
    if step is None:
        st.markdown(f":gray[:material/circle: {kind_name(kind)}]")
        st.progress(0.0)
        st.caption(_("Waits its turn"))
        return
    mark = STATES[step.state.name]
    st.markdown(f":{mark.badge}[{mark.icon}] **{kind_name(kind)}** :gray[{mark.word.lower()}]")
    finished = step.state.name == State.FINISHED
    st.progress(1.0 if finished else (step.progress.share if step.progress else 0.0))
    if finished and step.progress is not None:
        st.caption(_("{n} done").format(n=number(step.progress.done)))
    else:
        st.caption(inert(waiting_line(step)) or amount_line(step.progress))
