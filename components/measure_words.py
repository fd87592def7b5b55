"""Measures and rules in the reader's words: names, definitions, units, values and bounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from components.format import number, percent
from components.text import N_, _
from curation.thresholds import THRESHOLD_MEASURES, ThresholdRule


@dataclass(frozen=True, slots=True)
class MeasureWords:
    """One measure as a heading, as a phrase that carries its unit, how it is counted, what was found of it ("{value} of
    …"), and the unit behind a number; texts of the catalogue."""

    title: str
    phrase: str
    definition: str
    finding: str = ""
    unit: str = ""


_WORDS: Final[Mapping[str, MeasureWords]] = {
    "target_word_ratio": MeasureWords(
        N_("Words in the target language"),
        N_("Share of words in the target language"),
        N_(
            "Words in the prompt's target language / all words of the reasoning. A Han, kana or Hangul character "
            "counts as a word; code, math, numbers, units and identifiers count as neither."
        ),
        N_("{value} of the words are in the target language"),
    ),
    "foreign_words": MeasureWords(
        N_("Words in other languages"),
        N_("Words in another language"),
        N_("Words of the reasoning that are not in the prompt's target language."),
        N_("{value} words are in other languages"),
        N_("words"),
    ),
    "longest_paragraph": MeasureWords(
        N_("Longest paragraph"),
        N_("Characters of the longest paragraph"),
        N_("The longest block between blank lines of the reasoning; fenced code and display math are left out."),
        N_("the longest paragraph has {value} characters"),
        N_("characters"),
    ),
    "code_blocks": MeasureWords(
        N_("Code blocks"),
        N_("Code blocks in the reasoning"),
        N_("Fenced code blocks in the reasoning; one that is never closed runs to the end."),
        N_("fenced code blocks in the reasoning: {value}"),
        N_("blocks"),
    ),
    "code_ratio": MeasureWords(
        N_("Share inside code blocks"),
        N_("Share of characters in code blocks"),
        N_("Share of the reasoning's characters that are inside fenced code, the fences included."),
        N_("{value} of the reasoning is inside code blocks"),
    ),
    "repetition": MeasureWords(
        N_("Repetition"),
        N_("Share of 4-grams seen before"),
        N_("Share of the reasoning's runs of four words (of four characters in Chinese) that occurred before in it."),
        N_("{value} of the 4-grams occurred before"),
    ),
    "well_formed": MeasureWords(
        N_("Well formed"),
        N_("One think block, then an answer"),
        N_("One closed, non-empty think block at the start, then a non-empty answer, and no other think tag."),
    ),
    "reasoning_tokens": MeasureWords(
        N_("Length of the reasoning"),
        N_("Tokens of the reasoning"),
        N_("Length of the reasoning in the policy's tokens."),
        N_("the reasoning has {value} tokens"),
        N_("tokens"),
    ),
    "answer_tokens": MeasureWords(
        N_("Length of the answer"),
        N_("Tokens of the answer"),
        N_("Length of the answer in the policy's tokens."),
        N_("the answer has {value} tokens"),
        N_("tokens"),
    ),
    "truncated": MeasureWords(
        N_("Truncated"),
        N_("Cut off at the token limit"),
        N_("The response reached the token limit before it ended."),
    ),
}
_YES_OR_NO_FINDINGS: Final[Mapping[tuple[str, bool], str]] = {
    ("well_formed", False): N_("not one closed think block followed by an answer"),
    ("well_formed", True): N_("one closed think block followed by an answer"),
    ("truncated", True): N_("cut off at the token limit"),
    ("truncated", False): N_("ended by itself before the token limit"),
}
_RULE_TITLES: Final[Mapping[str, str]] = {
    "malformed": N_("Malformed"),
    "truncated": N_("Truncated"),
    "mixed_language": N_("Mixed language"),
    "long_paragraph": N_("Long paragraph"),
    "code_blocks": N_("Code blocks"),
    "repetition": N_("Repetition"),
}
MEASURES: Final = tuple(_WORDS)
"""Every measure that has words, in the order in which they are told."""


def measure_title(measure: str) -> str:
    """A measure as a heading: "Longest paragraph"."""
    return _(_WORDS[measure].title)


def measure_phrase(measure: str) -> str:
    """What a measure is, with its unit: "Characters of the longest paragraph"."""
    return _(_WORDS[measure].phrase) if measure in _WORDS else measure.replace("_", " ").capitalize()


def measure_definition(measure: str) -> str:
    """How a measure is counted; "" for one without words."""
    return _(_WORDS[measure].definition) if measure in _WORDS else ""


def is_share(measure: str) -> bool:
    """Whether its values are in [0, 1]."""
    return bool(pa.types.is_float32(THRESHOLD_MEASURES[measure]))


def is_yes_no(measure: str) -> bool:
    """Whether its values are 0 and 1 for no and yes."""
    return bool(pa.types.is_boolean(THRESHOLD_MEASURES[measure]))


def setting_words(measure: str, value: float) -> str:
    """A value on the scale in which its threshold is set: "1,500", "0.95", "yes"."""
    if is_yes_no(measure):
        return _("yes") if value >= 1 else _("no")
    return f"{value:.6g}" if is_share(measure) else number(value)


def broken_bound(rule: ThresholdRule, value: float | None) -> str:
    """The bound that `value` breaks, or both where it has none, as it is set: "at most 160"; "" for yes or no."""
    if is_yes_no(rule.measure):
        return ""
    low = rule.min if rule.min is not None and (value is None or value < rule.min) else None
    high = rule.max if rule.max is not None and (value is None or value > rule.max) else None
    return ", ".join(_set_bounds(low, high))


def rule_title(rule: str) -> str:
    """A rule's name as a heading."""
    return _(_RULE_TITLES[rule]) if rule in _RULE_TITLES else rule.replace("_", " ").capitalize()


def rule_in_words(rule: ThresholdRule) -> str:
    """What a rule lets pass, as it is set: "target_word_ratio at least 0.95"."""
    return f"{rule.measure} {_(' and ').join(_set_bounds(rule.min, rule.max))}"


def measured(measure: str, value: float, digits: int = 0) -> str:
    """A value to read, without its unit: "83 %", "1,812", "yes"."""
    if is_yes_no(measure):
        return _("yes") if value else _("no")
    return percent(value, digits) if is_share(measure) else number(value)


def with_unit(measure: str, value: float | None) -> str:
    """A value to read with its unit: "1,812 characters"; "–" where there is none."""
    if value is None:
        return "–"
    words = measured(measure, value, int(is_share(measure) and round(1000 * value) % 10 != 0))
    unit = _WORDS[measure].unit
    return f"{words} {_(unit)}" if unit else words


def finding(rule: ThresholdRule, value: float) -> str:
    """What was measured, in a phrase, so exactly that it does not read as the bound: "83 % of the words are in …"."""
    if is_yes_no(rule.measure):
        return _(_YES_OR_NO_FINDINGS[rule.measure, bool(value)])
    broken = rule.min if rule.min is not None and value < rule.min else rule.max
    digits = _digits_apart(value, broken) if is_share(rule.measure) else 0
    return _(_WORDS[rule.measure].finding).format(value=measured(rule.measure, value, digits))


def bound_in_words(rule: ThresholdRule) -> str:
    """What the rule wants: "at least 95 %"."""
    if is_yes_no(rule.measure):
        accepts_yes = (rule.min is None or rule.min <= 1) and (rule.max is None or rule.max >= 1)
        return _("yes") if accepts_yes else _("no")
    low = "" if rule.min is None else _bound(rule.measure, rule.min)
    high = "" if rule.max is None else _bound(rule.measure, rule.max)
    if low and high:
        return _("{low} to {high}").format(low=low, high=high)
    if low:
        return _("at least {low}").format(low=low)
    return _("none") if rule.max == 0 else _("at most {high}").format(high=high)


def _set_bounds(low: float | None, high: float | None) -> list[str]:
    parts = []
    if low is not None:
        parts.append(_("at least {bound:g}").format(bound=low))
    if high is not None:
        parts.append(_("at most {bound:g}").format(bound=high))
    return parts


def _bound(measure: str, value: float) -> str:
    if not is_share(measure):
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
