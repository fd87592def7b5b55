"""Splits a response into its think block and what follows it; every part that reads responses splits them here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

OPEN_TAG: Final = "<think>"
CLOSE_TAG: Final = "</think>"


@dataclass(frozen=True, slots=True)
class Response:
    """A response in two parts, each an exact slice of the text (nothing is stripped)."""

    reasoning: str
    answer: str
    well_formed: bool
    """One closed, non-empty think block at the start, then a non-empty answer, and no other think tag."""


class Layout(NamedTuple):
    """Where the parts of a response are, in characters of its text."""

    reasoning_start: int
    reasoning_end: int
    answer_start: int
    well_formed: bool


def split_response(text: str) -> Response:
    """Split a response as generated, think tags and all.

    Without a think block the reasoning is "" and the answer is the whole text; where the block at the start is never
    closed, the reasoning is everything after its tag and the answer is "". A closing tag alone (a chat template may
    open the block in the prompt) ends a reasoning that starts with the text; that is not well formed, so an engine
    whose template opens the block puts the tag back.
    """
    layout = find_layout(text)
    reasoning = text[layout.reasoning_start : layout.reasoning_end]
    return Response(reasoning, text[layout.answer_start :], layout.well_formed)


def reasoning_bounds(text: str) -> tuple[int, int]:
    """Start and end of the reasoning in characters of `text`; (0, 0) without one."""
    layout = find_layout(text)
    return layout.reasoning_start, layout.reasoning_end


def find_layout(text: str) -> Layout:
    """Where reasoning and answer are; `text[answer_start:]` is the answer."""
    close = text.find(CLOSE_TAG)
    opening = text.find(OPEN_TAG, 0, close) if close >= 0 else text.find(OPEN_TAG)
    at_start = opening >= 0 and (opening == 0 or text[:opening].isspace())
    if close < 0:
        if at_start:
            return Layout(opening + len(OPEN_TAG), len(text), len(text), False)
        return Layout(0, 0, 0, False)  # a tag in the middle of a text is a mention of it, not a block
    start = opening + len(OPEN_TAG) if opening >= 0 else 0
    answer = close + len(CLOSE_TAG)
    well_formed = (
        at_start
        and text.find(OPEN_TAG, start) < 0
        and text.find(CLOSE_TAG, answer) < 0
        and not _blank(text, start, close)
        and not _blank(text, answer, len(text))
    )
    return Layout(start, close, answer, well_formed)


def _blank(text: str, start: int, end: int) -> bool:
    # most parts start with one newline or none: look at a few characters before copying the rest
    part = text[start : min(end, start + 8)]
    if part and not part.isspace():
        return False
    part = text[start:end]
    return not part or part.isspace()
