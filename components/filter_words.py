"""Measures and their bounds in the reader's words, with units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from components.format import number
from components.text import N_, _
from curation.thresholds import THRESHOLD_MEASURES, ThresholdRule


@dataclass(frozen=True, slots=True)
class MeasureWords:
    """A measure's name and unit in a phrase, and what it counts in a sentence; texts of the catalogue."""

    phrase: str
    definition: str


_WORDS: Final[Mapping[str, MeasureWords]] = {
    "target_word_ratio": MeasureWords(
        N_("Share of words in the target language"),
        N_(
            "Words in the prompt's target language / all words of the reasoning. A Han, kana or Hangul character "
            "counts as a word; code, math, numbers, units and identifiers count as neither."
        ),
    ),
    "foreign_words": MeasureWords(
        N_("Words in another language"), N_("Words of the reasoning that are not in the prompt's target language.")
    ),
    "longest_paragraph": MeasureWords(
        N_("Characters of the longest paragraph"),
        N_("The longest block between blank lines of the reasoning; fenced code and display math are left out."),
    ),
    "code_blocks": MeasureWords(
        N_("Code blocks in the reasoning"),
        N_("Fenced code blocks in the reasoning; one that is never closed runs to the end."),
    ),
    "code_ratio": MeasureWords(
        N_("Share of characters in code blocks"),
        N_("Share of the reasoning's characters that are inside fenced code, the fences included."),
    ),
    "repetition": MeasureWords(
        N_("Share of 4-grams seen before"),
        N_("Share of the reasoning's runs of four words (of four characters in Chinese) that occurred before in it."),
    ),
    "well_formed": MeasureWords(
        N_("One think block, then an answer"),
        N_("One closed, non-empty think block at the start, then a non-empty answer, and no other think tag."),
    ),
    "reasoning_tokens": MeasureWords(
        N_("Tokens of the reasoning"), N_("Length of the reasoning in the policy's tokens.")
    ),
    "answer_tokens": MeasureWords(N_("Tokens of the answer"), N_("Length of the answer in the policy's tokens.")),
    "truncated": MeasureWords(
        N_("Cut off at the token limit"), N_("The response reached the token limit before it ended.")
    ),
}


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


def value_words(measure: str, value: float) -> str:
    """One value as it is read beside a slider: "1,500", "0.95", "yes"."""
    if is_yes_no(measure):
        return _("yes") if value >= 1 else _("no")
    return f"{value:.6g}" if is_share(measure) else number(value)


def bound_words(rule: ThresholdRule, value: float | None) -> str:
    """The bound that `value` breaks, or both where it has none: "at most 160"; "" for yes or no."""
    if is_yes_no(rule.measure):
        return ""
    parts = []
    if rule.min is not None and (value is None or value < rule.min):
        parts.append(_("at least {bound:g}").format(bound=rule.min))
    if rule.max is not None and (value is None or value > rule.max):
        parts.append(_("at most {bound:g}").format(bound=rule.max))
    return ", ".join(parts)
