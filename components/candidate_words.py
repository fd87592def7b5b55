"""What became of a candidate and why, in words: reasons with the measured value and the bound it broke."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from unicodedata import east_asian_width

from components.format import number, percent
from components.overview_figures import rule_title
from components.palette import VERDICTS, Mark
from components.text import N_, _
from curation.browsing import CandidateRow, Status
from curation.responses import split_response
from curation.thresholds import ThresholdRule

STATUSES: Final[Mapping[str, str]] = {
    Status.REJECTED: N_("Rejected"),
    Status.ACCEPTED: N_("Accepted"),
    Status.UNSCORED: N_("Not scored"),
    Status.ALL: N_("All"),
}

ACCEPTED: Final = Mark(N_("Accepted"), VERDICTS["correct"].colour, ":material/check_circle:", "green")

MEASURES: Final[Mapping[str, str]] = {
    "target_word_ratio": N_("Words in the target language"),
    "foreign_words": N_("Words in other languages"),
    "longest_paragraph": N_("Longest paragraph"),
    "code_blocks": N_("Code blocks"),
    "code_ratio": N_("Share inside code blocks"),
    "repetition": N_("Repetition"),
    "well_formed": N_("Well formed"),
    "reasoning_tokens": N_("Length of the reasoning"),
    "answer_tokens": N_("Length of the answer"),
    "truncated": N_("Truncated"),
}
"""Measures as headings."""

UNITS: Final[Mapping[str, str]] = {
    "foreign_words": N_("words"),
    "longest_paragraph": N_("characters"),
    "code_blocks": N_("blocks"),
    "reasoning_tokens": N_("tokens"),
    "answer_tokens": N_("tokens"),
}

SHARES: Final = ("target_word_ratio", "code_ratio", "repetition")
YES_OR_NO: Final = ("well_formed", "truncated")

_FINDINGS: Final[Mapping[str, str]] = {
    "target_word_ratio": N_("{value} of the words are in the target language"),
    "foreign_words": N_("{value} words are in other languages"),
    "longest_paragraph": N_("the longest paragraph has {value} characters"),
    "code_blocks": N_("fenced code blocks in the reasoning: {value}"),
    "code_ratio": N_("{value} of the reasoning is inside code blocks"),
    "repetition": N_("{value} of the 4-grams occurred before"),
    "reasoning_tokens": N_("the reasoning has {value} tokens"),
    "answer_tokens": N_("the answer has {value} tokens"),
}
_YES_OR_NO_FINDINGS: Final[Mapping[tuple[str, bool], str]] = {
    ("well_formed", False): N_("not one closed think block followed by an answer"),
    ("well_formed", True): N_("one closed think block followed by an answer"),
    ("truncated", True): N_("cut off at the token limit"),
    ("truncated", False): N_("ended by itself before the token limit"),
}
_VERDICT_FINDINGS: Final[Mapping[str, str]] = {
    "incorrect": N_("the answer that was found is not the reference"),
    "undecided": N_("the check could not tell whether the answer is right"),
    "error": N_("the check itself failed, so nothing is known about the answer"),
}
_UNSEEN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]+")


def reason_title(reason: str) -> str:
    """A verdict's or a rule's name as a heading."""
    return VERDICTS[reason].word if reason in VERDICTS else rule_title(reason)


def reason_in_words(reason: str, rule: ThresholdRule | None, row: CandidateRow) -> str:
    """ "83 % of the words are in the target language, at least 98 % wanted"; `rule` is None for verdicts."""
    if rule is None:
        return _(_VERDICT_FINDINGS[reason]) if reason in _VERDICT_FINDINGS else ""
    value = row.measures.get(rule.measure)
    if value is None:
        return _("not measured yet")
    if rule.measure in YES_OR_NO:
        return _(_YES_OR_NO_FINDINGS[rule.measure, bool(value)])
    broken = rule.min if rule.min is not None and value < rule.min else rule.max
    digits = _digits_apart(value, broken) if rule.measure in SHARES else 0
    finding = _(_FINDINGS[rule.measure]).format(value=measured(rule.measure, value, digits))
    return _("{finding}, {bound} wanted").format(finding=finding, bound=bound_in_words(rule))


def bound_in_words(rule: ThresholdRule) -> str:
    """What the rule wants: "at least 95 %"."""
    low = "" if rule.min is None else _bound(rule.measure, rule.min)
    high = "" if rule.max is None else _bound(rule.measure, rule.max)
    if rule.measure in YES_OR_NO:
        accepts_yes = (rule.min is None or rule.min <= 1) and (rule.max is None or rule.max >= 1)
        return _("yes") if accepts_yes else _("no")
    if low and high:
        return _("{low} to {high}").format(low=low, high=high)
    if low:
        return _("at least {low}").format(low=low)
    return _("none") if rule.max == 0 else _("at most {high}").format(high=high)


def measured(measure: str, value: float, digits: int = 0) -> str:
    """A value of a measure, without its unit: "83 %", "1,812", "yes"."""
    if measure in YES_OR_NO:
        return _("yes") if value else _("no")
    return percent(value, digits) if measure in SHARES else number(value)


def with_unit(measure: str, value: float | None) -> str:
    """A value of a measure with its unit; "–" where there is none."""
    if value is None:
        return "–"
    words = measured(measure, value, int(measure in SHARES and round(1000 * value) % 10 != 0))
    return f"{words} {_(UNITS[measure])}" if measure in UNITS else words


def first_words(text: str, widest: int = 64) -> str:
    """How the reasoning begins (the answer, without one), on one line of so many columns; a Han character takes two."""
    response = split_response(text[:4000])
    start = response.reasoning if response.reasoning.strip() else response.answer
    line = " ".join(_UNSEEN.sub(" ", start[: widest * 4]).split())
    width = 0
    for end, sign in enumerate(line):
        width += 2 if east_asian_width(sign) in "WF" else 1
        if width > widest:
            return f"{line[:end].rstrip()}…"
    return line


def _bound(measure: str, value: float) -> str:
    if measure not in SHARES:
        return f"{value:,g}"
    return f"{float(f'{100 * value:.6g}'):g} %"


def _digits_apart(value: float, bound: float | None) -> int:
    """So many decimals that a value just beyond the bound does not read as the bound itself."""
    if bound is None:
        return 0
    for digits in range(4):
        shown = round(100 * value, digits)
        if shown != round(100 * bound, digits) and (shown < 100 * bound) == (value < bound):
            return digits
    return 4
