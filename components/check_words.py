"""What a check says of an answer, in the reader's language; shards hold it in English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from components.text import N_, _

_DETAILS: Final[Mapping[str, str]] = {
    "same text": N_("same text"),
    "same number": N_("same number"),
    "same option": N_("same option"),
    "equal by Math-Verify": N_("equal by Math-Verify"),
    "another text": N_("another text"),
    "another number": N_("another number"),
    "another option": N_("another option"),
    "both are closed forms, and they evaluate apart": N_("both are closed forms, and they evaluate apart"),
    "no final answer": N_("no final answer"),
    "no final answer found in the text": N_("no final answer found in the text"),
    "no reference to compare with": N_("no reference to compare with"),
    "no rule for this prompt": N_("no rule for this prompt"),
    "code is not run without a sandbox": N_("code is not run without a sandbox"),
    "too long to be a final answer": N_("too long to be a final answer"),
    "the numbers may be rounded or in other units": N_("the numbers may be rounded or in other units"),
    "the reference is no option letter": N_("the reference is no option letter"),
    "the reference occurs in a longer answer": N_("the reference occurs in a longer answer"),
    "the reference could not be read as mathematics": N_("the reference could not be read as mathematics"),
    "the prediction could not be read as mathematics": N_("the prediction could not be read as mathematics"),
    "Math-Verify could not match them": N_("Math-Verify could not match them"),
    "one may be the other, rounded": N_("one may be the other, rounded"),
}
NOT_READ: Final = ("code is not run without a sandbox", "no rule for this prompt")
"""Details of checks that did not look for a final answer at all."""


def check_words(detail: str) -> str:
    """The words for a check's detail; one that is not known here, such as of an older version, stays as it is."""
    return _(_DETAILS[detail]) if detail in _DETAILS else detail
