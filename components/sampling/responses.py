"""The latest responses of a sampling job, a card each, so that somebody sees early what the model writes."""

from __future__ import annotations

from typing import Final

import streamlit as st

from components.format import number
from components.jobs.seen import SeenJob
from components.live_index import live_index
from components.palette import NOT_SCORED, VERDICTS, domain_name
from components.problem import problems_in_place
from components.text import _, plural
from curation.sampled import SampledResponse, latest_responses
from curation.workspace import Workspace

SHOWN: Final = 5
CARD_PX: Final = 176
_LINE: Final = 200  # more than fits one line of the card at any width
_HELD: Final = "sampling-held"


def draw_responses(workspace: Workspace, seen: SeenJob) -> None:
    """The last few that came, scored ones first; of a job that has ended, one each of some prompts."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{_('Latest responses') if seen.is_active else _('Some of its responses')}**", width="content")
        st.space("stretch")
        follows = seen.is_active and st.toggle(
            _("Follow"), value=True, key="sampling-follow", help=_("Off: they stay, so that you can read them.")
        )
    with problems_in_place(_("The responses cannot be read")):
        found = _responses(workspace, seen, follows=follows)
        if not found:
            with st.container(border=True, height=CARD_PX):
                st.caption(_("They appear here as they finish.") if seen.is_active else _("There are none."))
        for response in found:
            _card(response)


def _responses(workspace: Workspace, seen: SeenJob, *, follows: bool) -> list[SampledResponse]:
    job_id = seen.job.id
    held = st.session_state.get(_HELD)
    if seen.is_active and not follows and held is not None and held[0] == job_id and held[1]:
        return list(held[1])
    ask = live_index(workspace).ask
    found = ask(lambda index: latest_responses(index, job_id, SHOWN, of_different_prompts=not seen.is_active))
    st.session_state[_HELD] = (job_id, found or [])
    return found or []


def _card(response: SampledResponse) -> None:
    mark = VERDICTS.get(response.verdict or "", NOT_SCORED)
    with st.container(border=True, height=CARD_PX, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.badge(mark.word, icon=mark.icon, color=mark.badge)
            tokens = plural("{n} token", "{n} tokens", response.tokens).format(n=number(response.tokens))
            words = [domain_name(response.domain) if response.domain else "", tokens]
            words += [_("cut at the limit")] if response.truncated else []
            st.caption(" · ".join(word for word in words if word), width="content")
        _line(":material/quiz:", first_words(response.question) or _("The prompt is not in the workspace."))
        thoughts = [*first_lines(response.reasoning, 2), "", ""]
        _line(":material/neurology:", thoughts[0] or _("No reasoning."))
        _line("", thoughts[1])
        _line(":material/chat_bubble:", first_words(response.answer) or _("No answer."))


def _line(icon: str, text: str) -> None:
    """One line of text, cut where the card ends; an empty one keeps its height."""
    with st.container(horizontal=True, gap="xsmall", wrap=False):
        st.markdown(f":gray[{icon}]" if icon else " ", width=20)
        st.text(text or " ", wrap=False, width="stretch")


def first_lines(text: str, count: int) -> list[str]:
    """The first lines of a text that are not blank, each cut where it is too long for a card."""
    lines = (line.strip() for line in text.splitlines())
    return [first_words(line) for line in lines if line][:count]


def first_words(text: str, length: int = _LINE) -> str:
    """The beginning of a text on one line: line breaks become spaces, and a cut is marked."""
    line = " ".join(text[: length * 4].split())
    return line if len(line) <= length else f"{line[: length - 1]}…"
