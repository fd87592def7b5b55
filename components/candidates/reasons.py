"""What became of a candidate and why, in words: reasons with the measured value and the bound it broke."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from unicodedata import east_asian_width

from components.measure_words import bound_in_words, finding, is_yes_no, rule_title
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
    if is_yes_no(rule.measure):
        return finding(rule, value)
    return _("{finding}, {bound} wanted").format(finding=finding(rule, value), bound=bound_in_words(rule))


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
