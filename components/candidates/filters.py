"""The filters above a list of candidates; all of them live in the address."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import PurePath
from typing import Final, Literal

import streamlit as st

from components.candidates.reasons import STATUSES, reason_title
from components.candidates.view import ORDERS, Looked, change, domain_label, show_all, take
from components.format import clock, number, reader_zone
from components.palette import VERDICTS
from components.text import _, inert
from curation.browsing import ReasonCount, Status
from curation.jobs import Job
from curation.records import Domain, Verdict, format_id

_STATUS: Final = "rejects-status"
_REASON: Final = "rejects-reason"
_ONLY: Final = "rejects-only"
_CORRECT: Final = "rejects-correct"


def draw_status_row(looked: Looked, jobs: Sequence[Job], sets: Sequence[str]) -> None:
    """Status, domain, job, and in a popover the threshold set and the order."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.session_state[_STATUS] = str(looked.wanted.status)
        st.segmented_control(
            _("Status"), [str(status) for status in Status], key=_STATUS, required=True,
            label_visibility="collapsed", on_change=_take_status,
            format_func=lambda status: _(STATUSES[status]),
        )  # fmt: skip
        _select("domain", _("Domain"), ["", *map(str, Domain)], looked.wanted.domain, domain_label, width=145)
        labels = {"": _("All jobs"), **{job.id: job_label(job) for job in jobs}}
        _select("job", _("Job"), list(labels), looked.wanted.job, lambda job: labels.get(job, job), width=200)
        with st.popover(_("View"), icon=":material/tune:", key="rejects-view"):
            _select("set", _("Thresholds"), list(sets), looked.thresholds, str, is_labelled=True)
            _select("sort", _("Order"), list(ORDERS), looked.sort, lambda sort: _(ORDERS[sort][0]), is_labelled=True)


def draw_reasons(looked: Looked, reasons: Sequence[ReasonCount]) -> None:
    """Every reason with its count, to filter by; with one chosen, whether it is to be the only one, and with a rule
    chosen, whether the answer is to be correct: those are what the Filters page counts."""
    counts = {each.reason: each for each in reasons}
    chosen = looked.wanted.reason
    shown = [each.reason for each in reasons if each.rejects or each.reason == chosen]
    st.session_state[_REASON] = chosen
    if shown:
        st.pills(
            _("Reason"), shown, key=_REASON, label_visibility="collapsed", wrap=True,
            format_func=lambda reason: f"{inert(reason_title(reason))} **{number(counts[reason].rejects)}**",
            on_change=_take_reason,
        )  # fmt: skip
    if not looked.narrows:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        if chosen is not None:
            st.session_state[_ONLY] = looked.wanted.only
            words = _("Only those with no other reason: {n}").format(n=number(counts[chosen].only))
            st.toggle(words, key=_ONLY, on_change=_take_only)
        _draw_verdict(looked)
        if looked.wanted.prompt is not None:
            st.button(
                _("Prompt {id}").format(id=format_id(looked.wanted.prompt)), icon=":material/close:",
                key="rejects-any-prompt", on_click=change, kwargs={"prompt": None},
            )  # fmt: skip
        st.button(
            _("Drop all filters"), icon=":material/filter_alt_off:", type="tertiary", key="rejects-show-all",
            on_click=show_all,
        )  # fmt: skip


def _draw_verdict(looked: Looked) -> None:
    reason, verdict = looked.wanted.reason, looked.wanted.verdict
    if reason is not None and reason not in VERDICTS and verdict in (None, Verdict.CORRECT):
        st.session_state[_CORRECT] = verdict is not None
        st.toggle(
            _("Correct only"), key=_CORRECT, on_change=_take_correct,
            help=_("A rule also rejects candidates whose answer is not correct; the Filters page leaves those out."),
        )  # fmt: skip
    elif verdict is not None:
        st.button(
            VERDICTS[verdict].word, icon=":material/close:", key="rejects-any-verdict", on_click=change,
            kwargs={"verdict": None},
        )  # fmt: skip


def job_label(job: Job) -> str:
    """A sampling job as a choice: when it was started, and the model."""
    when = clock(datetime.fromisoformat(job.created), reader_zone())
    model = PurePath(str(job.config.get("model") or "")).name
    return f"{when} · {model}" if model else when


def _select(
    name: str, label: str, options: Sequence[str], value: str | None, words: Callable[[str], str],
    *, width: int | Literal["stretch"] = "stretch", is_labelled: bool = False,
) -> None:  # fmt: skip
    key = f"rejects-{name}"
    st.session_state[key] = value if value in options else options[0]
    st.selectbox(
        label, options, key=key, format_func=words, width=width, on_change=take, args=(name, key),
        label_visibility="visible" if is_labelled else "collapsed",
    )  # fmt: skip


def _take_status() -> None:
    status = st.session_state[_STATUS]
    rejecting = status in (Status.REJECTED, Status.ALL)
    kept = {} if rejecting else {"reason": None, "only": None, "verdict": None}
    change(status=None if status == Status.REJECTED else status, **kept)


def _take_reason() -> None:
    reason = st.session_state[_REASON]
    rejecting = st.query_params.get("status") in (None, Status.REJECTED, Status.ALL)
    # accepted candidates have no reasons: asking for one asks for the rejected ones
    change(reason=reason, only=None, **({} if rejecting or not reason else {"status": None}))


def _take_only() -> None:
    change(only="1" if st.session_state[_ONLY] else None)


def _take_correct() -> None:
    change(verdict=str(Verdict.CORRECT) if st.session_state[_CORRECT] else None)
