"""What the page of candidates says: the sentence of state, where there is nothing, what is new, and how to go on."""

from __future__ import annotations

import streamlit as st

from components.candidates.browser import Fetched
from components.candidates.listing import candidate_mark
from components.candidates.view import Looked, show_all, step
from components.format import number
from components.live_index import LiveIndex
from components.palette import VERDICTS, domain_name
from components.text import _, inert, plural
from curation.browsing import ReasonCounts, Status
from curation.records import Verdict

_DRAWN = "rejects-drawn"


def draw_sentence(counts: ReasonCounts, looked: Looked) -> None:
    """How many are rejected of how many; the reasons follow as pills."""
    words = _("**{rejected}** rejected of **{candidates}** candidates").format(
        rejected=number(counts.rejected), candidates=number(counts.candidates)
    )
    wanted = looked.wanted
    of = [domain_name(wanted.domain)] if wanted.domain else []
    of += [VERDICTS[wanted.verdict].word] if wanted.verdict else []
    if of:
        words = _("{domain}: {words}").format(domain=inert(" · ".join(of)), words=words)
    parts = [words, _("**{n}** accepted").format(n=number(counts.accepted))]
    if counts.unscored:
        parts.append(_("**{n}** not scored yet").format(n=number(counts.unscored)))
    st.markdown(", ".join(parts) + ".")


def draw_nothing_yet() -> None:
    """No candidates at all: what this page will show, and what to do."""
    st.markdown(
        _("No candidates yet. Once some are sampled, this page shows why each was rejected, marked in its text.")
    )
    with st.container(border=True, horizontal_alignment="center", gap="small"):
        st.space("small")
        st.markdown(_("Sample some responses first, or run the demo from the Overview."), width="content")
        with st.container(horizontal=True, horizontal_alignment="center"):
            st.page_link("pages/sampling.py", label=_("Go to Sampling"), icon=":material/casino:")
            st.page_link("pages/overview.py", label=_("Go to the Overview"), icon=":material/arrow_back:")
        st.space("small")


def draw_none_match(looked: Looked, counts: ReasonCounts) -> None:
    """The filter leaves nothing: why, and the way back."""
    with st.container(border=True, horizontal_alignment="center", gap="small"):
        st.space("small")
        if looked.narrows:
            st.markdown(_("No candidate matches all of these filters."), width="content")
            st.button(
                _("Drop the filters"), icon=":material/filter_alt_off:", key="rejects-drop-filters", on_click=show_all
            )
        elif looked.wanted.status == Status.REJECTED and counts.accepted:
            st.markdown(
                _("Nothing is rejected: every scored candidate is correct and within the thresholds."),
                width="content",
            )
        elif looked.wanted.status == Status.UNSCORED:
            st.markdown(_("Every candidate is scored."), width="content")
        elif looked.wanted.status == Status.ACCEPTED:
            st.markdown(_("Nothing is accepted yet. See what each threshold rejects, and loosen one."), width="content")
            st.page_link("pages/filters.py", label=_("Go to Filters"), icon=":material/tune:")
        else:
            st.markdown(_("Nothing is scored yet."), width="content")
        st.space("small")


def draw_head(fetched: Fetched) -> None:
    """What the chosen one is, its place in the list, and the buttons to its neighbours (keys K and J)."""
    row = fetched.chosen
    assert row is not None
    mark = candidate_mark(row)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if fetched.place is not None:
            place = _("{n} of {total}").format(
                n=f"**{number(fetched.page.skipped + fetched.place + 1)}**", total=number(fetched.page.total)
            )
            st.markdown(place, width="content")
        else:
            st.caption(_("It is not among those listed."), width="content")
        st.space("stretch")
        st.button(
            _("Previous"), icon=":material/arrow_upward:", shortcut="K", key="rejects-previous",
            disabled=fetched.previous is None, on_click=step, args=(-1, fetched.steps),
        )  # fmt: skip
        st.button(
            _("Next"), icon=":material/arrow_downward:", shortcut="J", key="rejects-next", type="primary",
            disabled=fetched.next is None, on_click=step, args=(1, fetched.steps),
        )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.badge(mark.word, icon=mark.icon, color=mark.badge)
        if row.verdict == Verdict.CORRECT and row.reasons:
            st.badge(_("Rejected all the same"), icon=":material/block:", color="red")
        origin = [domain_name(row.domain)] if row.domain else []
        st.caption(inert(" · ".join([*origin, *([row.task] if row.task else [])])), width="content")


def remember_drawn(live: LiveIndex) -> None:
    """Keep what the page shows, to tell later what has been added."""
    st.session_state[_DRAWN] = _seen(live)


def draw_news(live: LiveIndex) -> None:
    """A button where candidates or scores came in since the page was drawn; it never changes under the reader."""
    now, drawn = _seen(live), st.session_state.get(_DRAWN)
    if drawn is None or now is None or now == drawn:
        return
    more = now[0] - drawn[0]
    words = plural("{n} new candidate", "{n} new candidates", more).format(n=number(more)) if more > 0 else _("Changed")
    if st.button(
        _("{words}: show").format(words=words), icon=":material/refresh:", type="tertiary", key="rejects-news"
    ):
        st.rerun()


def _seen(live: LiveIndex) -> tuple[int, int, int] | None:
    counted = live.view().counted
    return counted and (counted.funnel.candidates, counted.funnel.scored, counted.funnel.correct)
