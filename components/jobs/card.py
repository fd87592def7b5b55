"""A job at a glance: what it does, its state in a word, an icon and a colour, how far it is and how fast it goes."""

from __future__ import annotations

import streamlit as st

from components.jobs.seen import SeenJob, amount_line, pace_line
from components.jobs.waiting import what_it_does
from components.palette import STATES, kind_icon, kind_name
from components.text import _, inert
from curation.jobs import State

CARD_PX = 126


def state_badge(seen: SeenJob) -> None:
    """The state as a word with its icon, in its colour."""
    mark = STATES[seen.state.name]
    st.badge(_("Not started") if seen.is_unstarted else mark.word, icon=mark.icon, color=mark.badge)


def state_markdown(seen: SeenJob) -> str:
    """The same for a label that takes Markdown."""
    mark = STATES[seen.state.name]
    word = _("Not started") if seen.is_unstarted else mark.word
    return f":{mark.badge}-badge[{mark.icon} {word}]"


def progress_bar(seen: SeenJob) -> None:
    """How far it is, with the numbers above the bar."""
    progress = seen.progress
    share = 1.0 if seen.state.name == State.FINISHED else (progress.share if progress else 0.0)
    st.progress(share, text=amount_line(progress))


def job_card(seen: SeenJob) -> None:
    """A card of constant height with a link to the job's own view."""
    with st.container(border=True, height=CARD_PX, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"{kind_icon(seen.job.kind)} **{inert(kind_name(seen.job.kind))}**", width="content")
            state_badge(seen)
            st.space("stretch")
            st.page_link(
                "pages/jobs.py", label=_("Details"), icon=":material/chevron_right:", icon_position="right",
                query_params={"job": seen.job.id}, help="",
            )  # fmt: skip
        progress_bar(seen)
        st.caption(inert(detail_line(seen)), wrap=False)


def detail_line(seen: SeenJob) -> str:
    """What to know besides the numbers: what it waits for, why it ended, or its pace and what it is doing."""
    if seen.is_unstarted:
        return _("Created, but nobody has started it yet")
    return " · ".join(part for part in (pace_line(seen), what_it_does(seen)) if part) or " "
