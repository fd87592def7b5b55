"""One job in full: its state and why, how far it is, its log and configuration, and how to stop or resume it."""

from __future__ import annotations

import json
import re
from typing import Final

import streamlit as st

from components.format import reader_zone
from components.jobs.buttons import job_buttons, job_reason
from components.jobs.card import progress_bar, state_badge
from components.jobs.seen import SeenJob, pace_line, started_line
from components.palette import kind_icon, kind_name
from components.text import _, inert
from curation.jobs import Job

LOG_PX: Final = 360
LOG_BYTES: Final = 24_000
_FEW_LINES: Final = 8  # so few fit without scrolling, even where they wrap
_ESCAPES: Final = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


def job_detail(seen: SeenJob) -> None:
    """Draw the job; its parts keep their height from one look to the next."""
    job = seen.job
    with st.container(border=True, gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.subheader(inert(kind_name(job.kind)), anchor=False, icon=kind_icon(job.kind), width="content")
            state_badge(seen)
            st.space("stretch")
            job_buttons(seen)
        job_reason(seen)
        progress_bar(seen)
        with st.container(horizontal=True, gap="small"):
            st.caption(started_line(seen, reader_zone()), width="content")
            st.space("stretch")
            st.caption(pace_line(seen) or " ", width="content")
        if seen.is_active:
            st.caption(inert(seen.progress.note if seen.progress else "") or " ", wrap=False)
        _log(job)
        with st.expander(_("Configuration"), icon=":material/tune:", key=f"config-{job.id}"):
            st.code(json.dumps(dict(job.config), ensure_ascii=False, indent=2), language="json", wrap_lines=True)
        with st.expander(_("Where it is"), icon=":material/folder:", key=f"where-{job.id}"):
            st.code(f"{job.id}\n{job.folder}", language=None, wrap_lines=True)


def readable_log(text: str) -> str:
    """Text as a terminal would show it at rest: without colour codes, and of a redrawn line only its last state."""
    lines = _ESCAPES.sub("", text).replace("\r\n", "\n").split("\n")
    return "\n".join(line.rstrip("\r").rsplit("\r", 1)[-1] for line in lines)


def _log(job: Job) -> None:
    st.markdown(f"**{_('Log')}**")
    text = readable_log(job.log_tail(LOG_BYTES)).rstrip("\n")
    if text.count("\n") < _FEW_LINES:
        st.code(text or _("Nothing printed yet."), language=None, wrap_lines=True, height=LOG_PX)
        return
    with st.container(height=LOG_PX, border=False, autoscroll=True, key=f"log-{job.id}"):
        st.code(text, language=None, wrap_lines=True)
