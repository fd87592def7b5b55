"""The reading pane: a response as text, its think block apart from its answer, what the rules found marked in it.

    reading_pane(text, [Marking(_("Mixed language"), "#C2418C", "wavy", spans)], key="rejects-pane")
    reading_text(question, key="prompts-text")        one plain text, without parts

Nothing in the text can act: the browser gets pieces and makes text nodes of them. Of a long part the first
FIRST_CHARACTERS are sent, and more on request.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import streamlit as st

from components.format import number
from components.reading_runs import WIDE, Marking, Part, blocks_of, marks_within, parts_of
from components.text import N_, _
from curation.records import response_hash

FIRST_CHARACTERS: Final = 20_000
GROWTH: Final = 4
"""Each "Show more" shows so many times as much."""

PANE_PX: Final = 620

_TITLES: Final = {"before": N_("Before the reasoning"), "reasoning": N_("Reasoning"), "answer": N_("Answer")}

_FRONTEND: Final = Path(__file__).parent / "frontend"
_pane = st.components.v2.component(
    "winnow_reading_pane",
    html="<div class='pane'>\n</div>",
    css=(_FRONTEND / "reading_pane.css").read_text("utf-8"),
    js=(_FRONTEND / "reading_pane.js").read_text("utf-8"),
)


def reading_pane(
    text: str, markings: Sequence[Marking] = (), *, key: str, height: int = PANE_PX, language: str = ""
) -> None:
    """Draw a response, think tags and all. `height`: at most so many pixels, then it scrolls. `language`: of the text,
    as in `lang`, which chooses between the shapes of Han characters."""
    _draw(text, parts_of(text, markings), markings, key=key, height=height, language=language)


def reading_text(
    text: str, markings: Sequence[Marking] = (), *, key: str, height: int = PANE_PX, language: str = ""
) -> None:
    """Draw one text as it is, with no parts: a question, a reference, a general sample."""
    _draw(text, [Part("text", 0, len(text))], markings, key=key, height=height, language=language)


def _draw(
    text: str, parts: Sequence[Part], markings: Sequence[Marking], *, key: str, height: int, language: str
) -> None:
    markings = [marking for marking in markings if marking.spans]
    identity = f"{response_hash(text):016x}"
    asked = f"{key}-asked"
    if st.session_state.get(asked, {}).get("of") != identity:
        st.session_state[asked] = {"of": identity}
    limits: dict[str, Any] = st.session_state[asked]

    def show_more() -> None:
        kind = str(st.session_state[key].get("more") or "")
        limits[kind] = limits.get(kind, FIRST_CHARACTERS) * GROWTH
        st.session_state[asked] = limits

    shown = [(part.start, min(part.end, part.start + limits.get(part.kind, FIRST_CHARACTERS))) for part in parts]
    data = {
        "text": identity,
        "height": height,
        "lang": language,
        "name": _("Response") if parts[0].kind != "text" else _("Text"),
        "next": _("Next mark"),
        "parts": [_part(text, part, end, markings) for part, (_start, end) in zip(parts, shown, strict=True)],
        "rules": [_rule(marking, shown) for marking in markings],
    }
    _pane(key=key, data=data, on_more_change=show_more)


def _part(text: str, part: Part, end: int, markings: Sequence[Marking]) -> dict[str, Any]:
    drawn: dict[str, Any] = {
        "kind": part.kind,
        "title": _(_TITLES.get(part.kind, "")),
        "blocks": blocks_of(text, part.start, end, markings),
    }
    if part.end == part.start:
        drawn["note"] = {
            "reasoning": _("The think block is empty."),
            "answer": _("No answer follows."),
        }.get(part.kind, _("Nothing is written here."))
    if end < part.end:
        drawn["more"] = _("Show more")
        drawn["cut"] = _("{shown} of {total} characters shown").format(
            shown=number(end - part.start), total=number(part.end - part.start)
        )
    return drawn


def _rule(marking: Marking, shown: Sequence[tuple[int, int]]) -> dict[str, Any]:
    count = marks_within(marking, shown)
    hidden = len(marking.spans) - count
    return {
        "label": marking.label,
        "colour": marking.colour,
        "line": marking.line,
        "count": number(len(marking.spans)),
        "wide": all(span.end - span.start > WIDE for span in marking.spans),
        "hidden": _("{n} further down").format(n=number(hidden)) if hidden else "",
    }


__all__ = ["FIRST_CHARACTERS", "Marking", "reading_pane", "reading_text"]
