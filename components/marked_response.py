"""A response to read, with what each failing rule objects to marked: a measure has a colour and a line of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

import streamlit as st

from components.measure_words import rule_title
from components.reading_pane import PANE_PX, Marking, reading_pane
from components.text import inert
from curation.errors import InputError
from curation.measures import Span, find_spans
from curation.thresholds import ThresholdRule

LOOKS: Final[Mapping[str, tuple[str, str]]] = {
    "target_word_ratio": ("#C2418C", "wavy"),
    "foreign_words": ("#C2418C", "wavy"),
    "longest_paragraph": ("#0E8A8A", "solid"),
    "code_blocks": ("#6B6BD6", "dashed"),
    "code_ratio": ("#6B6BD6", "dashed"),
    "repetition": ("#B06A00", "dotted"),
    "well_formed": ("#B84220", "double"),
}
"""Measures that have spans, with the colour and the line of their marks."""


def marked_response(
    text: str, failing: Sequence[ThresholdRule], target_language: str, *, key: str, height: int = PANE_PX
) -> None:
    """Draw the reading pane of a response; `failing`: the rules that it breaks; "" for a language that is not known."""
    try:
        markings = marks_of(text, failing, target_language) if target_language else []
    except InputError as error:  # a language that an older import did not check
        st.caption(f":material/info: {inert(str(error))}")
        markings = []
    reading_pane(text, markings, key=key, height=height, language=target_language)


def marks_of(text: str, rules: Sequence[ThresholdRule], target_language: str) -> list[Marking]:
    """A marking for each of the rules whose measure can be pointed at. Raises InputError for an unknown language."""
    return [
        Marking(rule_title(rule.name), *LOOKS[rule.measure], _spans(rule.measure, text, target_language))
        for rule in rules
        if rule.measure in LOOKS
    ]


@lru_cache(maxsize=64)
def _spans(measure: str, text: str, target_language: str) -> tuple[Span, ...]:
    joined: list[Span] = []
    for span in find_spans(measure, text, target_language):
        if (
            joined and span.start == joined[-1].end
        ):  # each Han character is a word; a run of them is one place to look at
            joined[-1] = Span(joined[-1].start, span.end)
        else:
            joined.append(span)
    return tuple(joined)
