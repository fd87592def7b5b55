"""Cuts a response into what the reading pane draws: parts, blocks and runs of characters, each with its marks.

All positions are code points of the text. The browser gets pieces of text and never an offset, so that characters
which JavaScript counts twice (emoji, rare Han) cannot shift a mark.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from curation.measures import Span
from curation.responses import CLOSE_TAG, OPEN_TAG, find_layout

_FENCE: Final = re.compile(r"^ {0,3}(`{3,}|~{3,}).*\n?", re.MULTILINE)
_GAP: Final = re.compile(r"\n[^\S\n]*(?:\n[^\S\n]*)+")
_NO_TEXT: Final = (
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    r"\U000e0000-\U000e007f]"
)
_SIGN: Final = re.compile(rf"(?P<control>{_NO_TEXT})(?P=control)*|{re.escape(OPEN_TAG)}|{re.escape(CLOSE_TAG)}")
WIDE: Final = 160
"""Longer spans are tinted and named where they begin; an underline below so much would only tire."""

_CONTROLS: Final = (
    *("NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "HT", "LF", "VT", "FF", "CR", "SO", "SI"),
    *("DLE", "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB", "ESC", "FS", "GS", "RS", "US"),
)
_MANY_LINES: Final = 4
"""So many line ends in a row are told, since the pane draws one gap for them."""


@dataclass(frozen=True, slots=True)
class Marking:
    """What one rule found: `label` in the reader's language, how it is drawn, and its sorted, disjoint spans.

    `line`: solid, dashed, dotted, double or wavy, so that no rule is told by its colour alone.
    """

    label: str
    colour: str
    line: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """Characters start … end of a text that are read as one: `kind` is before, reasoning, answer or text."""

    kind: str
    start: int
    end: int


def parts_of(text: str, markings: Sequence[Marking] = ()) -> list[Part]:
    """The think block apart from the answer, blank edges left out.

    The tags themselves are left out too, unless they are marked. Without a think block there is no reasoning part; an
    answer part is always there, empty where the response never came to one.
    """
    layout = find_layout(text)
    if layout.answer_start == 0:
        return [_trimmed("answer", text, 0, len(text))]
    marked = {span.start for marking in markings for span in marking.spans}
    opening = layout.reasoning_start - len(OPEN_TAG)
    start = opening if opening in marked else layout.reasoning_start
    has_tag = layout.reasoning_start > 0
    parts = []
    if has_tag and text[:opening].strip():
        parts.append(_trimmed("before", text, 0, opening))
    end = layout.answer_start if layout.reasoning_end in marked else layout.reasoning_end
    parts.append(_trimmed("reasoning", text, start, end))
    parts.append(_trimmed("answer", text, layout.answer_start, len(text)))
    return parts


def blocks_of(text: str, start: int, end: int, markings: Sequence[Marking] = ()) -> list[dict[str, Any]]:
    """Characters start … end as blocks for the browser: `code` is 1 inside fences, `runs` holds the pieces.

    A piece is a string, or {"t": text, "m": [[rule, number of the span, 1 if it is wide], …], "s": 1 for signs that
    stand for characters without a shape, 2 for think tags}.
    """
    blocks = []
    for block_start, block_end, is_code in _pieces(text, start, end):
        runs = list(_runs(text, block_start, block_end, markings))
        if runs:
            blocks.append({"code": int(is_code), "runs": runs})
    return blocks


def marks_within(marking: Marking, shown: Sequence[tuple[int, int]]) -> int:
    """How many of the rule's spans begin inside one of the ranges."""
    return sum(any(start <= span.start < end for start, end in shown) for span in marking.spans)


def _trimmed(kind: str, text: str, start: int, end: int) -> Part:
    part = text[start:end]
    left = len(part) - len(part.lstrip(" \t\r\n"))
    right = len(part.rstrip(" \t\r\n"))
    if left >= right:
        return Part(kind, start, start)
    line = part.rfind("\n", 0, left) + 1  # what indents the first line stays
    return Part(kind, start + line, start + right)


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
    """Fenced code and paragraphs."""
    position = start
    opened = ""
    for fence in _FENCE.finditer(text, start, end):
        sign = fence[1]
        if not opened:
            yield from _paragraphs(text, position, fence.start())
            opened, position = sign, fence.start()
        elif sign[0] == opened[0] and len(sign) >= len(opened) and not fence[0].strip().strip(sign[0]):
            yield position, fence.end(), True
            opened, position = "", fence.end()
    if opened:
        yield position, end, True
    else:
        yield from _paragraphs(text, position, end)


def _paragraphs(text: str, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
    position = start
    for gap in _GAP.finditer(text, start, end):
        if gap[0].count("\n") >= _MANY_LINES:
            yield position, gap.end(), False
        else:
            yield position, gap.start(), False
        position = gap.end()
    yield position, end, False


def _runs(text: str, start: int, end: int, markings: Sequence[Marking]) -> Iterator[str | dict[str, Any]]:
    while end > start and text[end - 1] == "\n":
        end -= 1
    while start < end and text[start] == "\n":
        start += 1
    signs = {sign.start(): sign for sign in _SIGN.finditer(text, start, end)}
    inside = [
        (span.start, span.end, rule, number)
        for rule, marking in enumerate(markings)
        for number, span in _overlapping(marking.spans, start, end)
    ]
    cuts = {start, end, *signs, *(sign.end() for sign in signs.values())}
    for span_start, span_end, _rule, _number in inside:
        cuts |= {max(span_start, start), min(span_end, end)}
    ordered = sorted(cuts)
    inside.sort()
    waiting, active = 0, []  # active: the spans around the piece
    for piece, after in pairwise(ordered):
        while waiting < len(inside) and inside[waiting][0] <= piece:
            active.append(inside[waiting])
            waiting += 1
        active = [span for span in active if span[1] > piece]
        marks = [
            [rule, number, int(span_end - span_start > WIDE)]
            for span_start, span_end, rule, number in sorted(active, key=lambda span: span[2])
        ]
        sign = signs.get(piece)
        if sign is None and not marks:
            yield text[piece:after]
            continue
        run: dict[str, Any] = {"t": text[piece:after]}
        if marks:
            run["m"] = marks
        if sign is not None and sign["control"]:
            run |= {"t": _name(sign["control"], after - piece), "s": 1}
        elif sign is not None:
            run["s"] = 2
        yield run


def _overlapping(spans: Sequence[Span], start: int, end: int) -> Iterator[tuple[int, Span]]:
    low, high = 0, len(spans)
    while low < high:  # the first span that ends after `start`
        middle = (low + high) // 2
        low, high = (middle + 1, high) if spans[middle].end <= start else (low, middle)
    for number in range(low, len(spans)):
        if spans[number].start >= end:
            return
        yield number, spans[number]


def _name(sign: str, times: int) -> str:
    """How a character without a shape is shown: ESC, or U+202E for an override; with ×12 where it repeats."""
    code = ord(sign)
    # names, since few fonts have the pictures for them
    shown = _CONTROLS[code] if code < len(_CONTROLS) else f"U+{code:04X}"
    return f"{shown}×{times}" if times > 1 else shown
