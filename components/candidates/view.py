"""What the page of candidates looks at, kept in the address: filter, order, page and the chosen candidate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import streamlit as st

from components.palette import domain_name
from components.text import N_, _
from curation.browsing import CandidateFilter, Order, Status
from curation.errors import InputError
from curation.records import Domain, format_id, parse_id

PARAMETERS: Final = ("status", "reason", "only", "domain", "job", "prompt", "set", "sort", "from", "candidate")

ORDERS: Final[dict[str, tuple[str, Order]]] = {
    "": (N_("As they are stored"), Order()),
    "longest": (N_("Longest reasoning first"), Order("reasoning_tokens", descending=True)),
    "shortest": (N_("Shortest reasoning first"), Order("reasoning_tokens")),
    "language": (N_("Most mixed language first"), Order("target_word_ratio")),
    "paragraph": (N_("Longest paragraph first"), Order("longest_paragraph", descending=True)),
    "code": (N_("Most code blocks first"), Order("code_blocks", descending=True)),
    "repetition": (N_("Most repetition first"), Order("repetition", descending=True)),
}
"""Value in the address → words and order."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What the address asks for. `notes`: what in it could not be used, in words."""

    thresholds: str
    wanted: CandidateFilter
    sort: str
    start: int | None
    candidate: int | None
    notes: tuple[str, ...]

    @property
    def order(self) -> Order:
        """The order of the list."""
        return ORDERS[self.sort][1]

    @property
    def narrows(self) -> bool:
        """Whether anything but the status is asked for."""
        wanted = self.wanted
        return any((wanted.reason, wanted.domain, wanted.job, wanted.prompt is not None))


def set_in_url() -> str:
    """The name of the threshold set."""
    return st.query_params.get("set") or "default"


def look_from_url(reasons: Sequence[str], jobs: Sequence[str]) -> Looked:
    """Read the address; what is not there (a reason of another set, say) is left out, and noted."""
    asked = {name: st.query_params.get(name) or None for name in PARAMETERS}
    notes = []
    for name, known, words in (
        ("status", tuple(Status), _("There is no status {value}; the rejected ones are shown.")),
        ("reason", reasons, _("There is no reason {value} under these thresholds; all reasons are shown.")),
        ("domain", tuple(Domain), _("There is no domain {value}; all domains are shown.")),
        ("job", jobs, _("There is no sampling job {value} here; all jobs are shown.")),
        ("sort", tuple(ORDERS), _("There is no order {value}; the usual one is shown.")),
    ):
        if asked[name] is not None and asked[name] not in known:
            notes.append(words.format(value=f"“{asked[name]}”"))
            asked[name] = None
    ids: dict[str, int | None] = {}
    for name in ("prompt", "from", "candidate"):
        try:
            ids[name] = None if asked[name] is None else parse_id(str(asked[name]))
        except InputError:
            notes.append(_("{value} is no id; ids have 16 hexadecimal digits.").format(value=f"“{asked[name]}”"))
            ids[name] = None
    reason = asked["reason"]
    wanted = CandidateFilter(
        status=asked["status"] or Status.REJECTED,
        reason=reason,
        only=reason is not None and asked["only"] is not None,
        domain=asked["domain"],
        job=asked["job"],
        prompt=ids["prompt"],
    )
    return Looked(set_in_url(), wanted, asked["sort"] or "", ids["from"], ids["candidate"], tuple(notes))


def change(**values: str | None) -> None:
    """Put values into the address; a changed filter starts again at its first page."""
    _put({"from": None, "candidate": None, **values})


def take(name: str, key: str) -> None:
    """Put what a widget holds into the address."""
    value = st.session_state.get(key)
    change(**{name: str(value) if value else None})


def choose(candidate: int, start: int | None) -> None:
    """Show this candidate, on the page that begins with `start`."""
    _put({"candidate": format_id(candidate), "from": None if start is None else format_id(start)})


def show_all() -> None:
    """Drop every filter but the status and the threshold set."""
    change(reason=None, only=None, domain=None, job=None, prompt=None)


def _put(values: Mapping[str, str | None]) -> None:
    # all at once: one step of the browser's history
    kept = {name: value for name, value in {**st.query_params.to_dict(), **values}.items() if value}
    if kept != st.query_params.to_dict():
        st.query_params.from_dict(kept)


def domain_label(domain: str) -> str:
    """A choice of the domain filter."""
    return domain_name(domain) if domain else _("All domains")


__all__ = [
    "ORDERS",
    "Looked",
    "change",
    "choose",
    "domain_label",
    "look_from_url",
    "set_in_url",
    "show_all",
    "take",
]
