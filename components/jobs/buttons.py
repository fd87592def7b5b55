"""What can be done about a job: stop it, after a question, or resume it; and the words for why it is as it is."""

from __future__ import annotations

import logging
import threading
from typing import Final

import streamlit as st

from components.jobs.seen import SeenJob
from components.jobs.waiting import waiting_line
from components.problem import problems_in_place
from components.text import N_, _
from curation.errors import WinnowError
from curation.jobs import Job, State, resume, stop

_GRACE_S: Final = 30.0

ADVICE: Final = {
    State.QUEUED: N_("It starts by itself as soon as it can."),
    State.STOPPING: N_("It finishes what is in flight and saves; after half a minute it is ended."),
    State.STOPPED: N_("Resume it to go on where it stopped; what it had done is kept."),
    State.FAILED: N_("Put right what the message names, then resume it; what it had done is kept."),
    State.LOST: N_("Resume it: what it left running is ended first, and what it had done is kept."),
}

log = logging.getLogger(__name__)


def job_reason(seen: SeenJob) -> None:
    """Why the job is in its state, as plain text, and what to do about it."""
    if seen.is_unstarted:
        st.text(_("It was created, but nobody has started it yet."))
        return
    reason = waiting_line(seen) or seen.state.detail
    if reason and seen.state.name != State.RUNNING:
        st.text(reason)
    advice = ADVICE.get(seen.state.name)
    if advice:
        st.caption(f":material/lightbulb: {_(advice)}")


def job_buttons(seen: SeenJob) -> None:
    """Stop (asks first) while it is active, Resume where that would do something."""
    job = seen.job
    if seen.is_active:
        stopping = seen.state.name == State.STOPPING
        with st.popover(_("Stop"), icon=":material/stop_circle:", disabled=stopping, key=f"stop-{job.id}"):
            st.markdown(_("Stop this job? It saves first, and can be resumed."))
            if st.button(_("Stop it"), type="primary", key=f"stop-now-{job.id}", disabled=stopping):
                threading.Thread(target=_stop, args=(job,), name=f"stop {job.id}", daemon=True).start()
                st.toast(_("Asked to stop"), icon=":material/stop_circle:")
    if seen.can_resume:
        word = _("Start") if seen.is_unstarted else _("Resume")
        if st.button(word, type="primary", icon=":material/play_arrow:", key=f"resume-{job.id}"):
            with problems_in_place(_("The job could not be resumed")):
                resume(job)
                st.rerun()


def _stop(job: Job) -> None:
    try:
        stop(job, grace_s=_GRACE_S)  # waits, and escalates; the page does not wait for it
    except WinnowError as error:
        log.error("%s", error)
