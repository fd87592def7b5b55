"""Compares answers as texts, up to case, width, space and punctuation; a reference may offer alternatives ("a | b")."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

ALTERNATIVES: Final = " | "

_COMMAND: Final = re.compile(r"\\(?:text|mathrm|textbf|mathbf|textit)\s*\{([^{}]*)\}")
_QUOTES: Final = str.maketrans(
    {"“": '"', "”": '"', "‘": "'", "’": "'", "「": '"', "」": '"', "、": ",", "。": ".", "—": "-", "–": "-"}
)
_AROUND_PUNCTUATION: Final = re.compile(r"\s*([,;:/()\[\]{}=<>+*-])\s*")
_BETWEEN_CJK: Final = re.compile(r"(?<=[\u2e80-\u9fff\uac00-\ud7a3])\s+|\s+(?=[\u2e80-\u9fff\uac00-\ud7a3])")
_OUTER: Final = " \t\n\"'`*_$.,;:!?~"


def comparable_text(text: str) -> str:
    """One spelling of an answer: NFKC, case folded, spaces and outer punctuation gone."""
    text = _COMMAND.sub(r"\1", text)
    text = unicodedata.normalize("NFKC", text).casefold().translate(_QUOTES)
    text = _BETWEEN_CJK.sub("", _AROUND_PUNCTUATION.sub(r"\1", " ".join(text.split())))
    return text.strip(_OUTER) or text


def alternatives(reference: str) -> list[str]:
    """The answers that a reference accepts."""
    return [part for part in (part.strip() for part in reference.split(ALTERNATIVES)) if part]


def contains_answer(text: str, answer: str) -> bool:
    """Whether `answer` stands in `text` as whole words; both already `comparable_text`."""
    start = text.find(answer)
    while start >= 0 and answer:
        end = start + len(answer)
        before = text[start - 1 : start]
        after = text[end : end + 1]
        if not (_joins(before, answer[0]) or _joins(answer[-1], after)):
            return True
        start = text.find(answer, start + 1)
    return False


def _joins(left: str, right: str) -> bool:
    """Whether two neighbours are of one word or number; Chinese and Japanese have no spaces to tell by."""
    return bool(left and right) and all(c.isalnum() and not "\u2e80" <= c <= "\u9fff" for c in (left, right))
