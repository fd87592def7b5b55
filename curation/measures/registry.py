"""What each measure is: its unit and definition in words, for displays and cards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

MEASURES_VERSION: Final = 1
"""Raised whenever a measure gives other values than before, so that candidates are scored again."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A number computed from a candidate's text."""

    name: str
    unit: str
    definition: str
    higher_is: Literal["better", "worse", "neither"]


_ALL = (
    Measure(
        "target_word_ratio",
        "share",
        "Words in the prompt's target language / all words of the reasoning; 1 where there are no words. A Han, kana "
        "or Hangul character counts as a word; a run of letters of another script is one word. Code, math, numbers, "
        "addresses, single letters, units, function names and identifiers (x1, snake_case, camelCase, f(…), np.sum, "
        "ABC, rh) are neutral. Languages are told apart by script: French words count as English ones.",
        "better",
    ),
    Measure(
        "foreign_words",
        "words",
        "Words of the reasoning that are not in the target language's scripts, counted as for target_word_ratio.",
        "worse",
    ),
    Measure(
        "longest_paragraph",
        "characters",
        "Characters of the longest block between blank lines of the reasoning. Fenced code and display math are left "
        "out; a fenced block also ends the paragraph before it.",
        "worse",
    ),
    Measure(
        "code_blocks",
        "blocks",
        "Fenced code blocks in the reasoning; a fence that is never closed runs to the end.",
        "worse",
    ),
    Measure(
        "code_ratio",
        "share",
        "Share of the reasoning's characters that are inside fenced code, the fences included.",
        "worse",
    ),
    Measure(
        "repetition",
        "share",
        "Share of the reasoning's 4-grams that occurred before in it, case ignored: of words and numbers, code and "
        "math included; each Han, kana or Hangul character is one.",
        "worse",
    ),
    Measure(
        "well_formed",
        "yes or no",
        "One closed, non-empty think block at the start, then a non-empty answer, and no other think tag.",
        "better",
    ),
    Measure("reasoning_tokens", "tokens", "Length of the reasoning in the policy's tokens.", "neither"),
    Measure("answer_tokens", "tokens", "Length of the answer in the policy's tokens.", "neither"),
    Measure("truncated", "yes or no", "The response reached the token limit before it ended.", "worse"),
)
MEASURES: Final[Mapping[str, Measure]] = {measure.name: measure for measure in _ALL}
