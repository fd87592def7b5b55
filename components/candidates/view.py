"""What the page of candidates looks at, kept in the address: filter, order, page and the chosen candidate."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from components.palette import domain_name
from components.text import N_, _
from curation.browsing import CandidateFilter, Order, Status
from curation.errors import InputError
from curation.records import Domain, Verdict, format_id, parse_id

PARAMETERS: Final = (
    "status", "reason", "only", "verdict", "domain", "job", "prompt", "set", "sort", "from", "candidate",
)  # fmt: skip

_CHOSEN: Final = "rejects-chosen"
_LEFT: Final = "rejects-left"
_LATE_S: Final = 3.0  # how long after a press the browser may still send the address from before it

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
        return any((wanted.reason, wanted.verdict, wanted.domain, wanted.job, wanted.prompt is not None))


@dataclass(frozen=True, slots=True)
class Steps:
    """Candidates in the order of the list, each with what its page begins with. `first`: where the page on show
    begins, and what is read while the address names no candidate."""

    places: tuple[tuple[int, int], ...]
    first: int | None

    def from_here(self, candidate: int | None, by: int) -> tuple[int, int] | None:
        """The place `by` steps on, as near as the list has it; from a candidate of elsewhere one comes to the first.

        None where that is no step at all.
        """
        ids = [place[0] for place in self.places]
        here = self.first if candidate is None else candidate
        if here not in ids:
            return (self.first, self.first) if self.first is not None and by > 0 else None
        at = ids.index(here)
        there = min(max(at + by, 0), len(ids) - 1)
        return None if there == at else self.places[there]


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
        ("verdict", tuple(Verdict), _("There is no verdict {value}; all verdicts are shown.")),
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
        verdict=asked["verdict"],
    )
    return Looked(set_in_url(), wanted, asked["sort"] or "", ids["from"], ids["candidate"], tuple(notes))


def change(**values: str | None) -> None:
    """Put values into the address; a changed filter starts again at its first page."""
    st.session_state.pop(_LEFT, None)
    _put({"from": None, "candidate": None, **values})


def take(name: str, key: str) -> None:
    """Put what a widget holds into the address."""
    value = st.session_state.get(key)
    change(**{name: str(value) if value else None})


def choose(candidate: int, start: int | None) -> None:
    """Show this candidate, on the page that begins with `start`."""
    left = {**_left(), st.query_params.get("candidate", ""): time.monotonic()}
    left.pop(format_id(candidate), None)
    st.session_state[_LEFT], st.session_state[_CHOSEN] = left, format_id(candidate)
    _put({"candidate": format_id(candidate), "from": None if start is None else format_id(start)})


def step(by: int, steps: Steps) -> None:
    """Go on from the candidate that is chosen when this is called, which may be none that the page has drawn yet."""
    try:
        there = steps.from_here(_chosen_now(), by)
    except InputError:  # the address is no id
        there = steps.from_here(None, by)
    if there is not None:
        choose(*there)


def heed_history() -> None:
    """Where the reader went back or forward, the address is right, whatever was chosen last."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is not None and context.is_history_navigation:
        st.session_state.pop(_LEFT, None)


def show_all() -> None:
    """Drop every filter but the status and the threshold set."""
    change(reason=None, only=None, verdict=None, domain=None, job=None, prompt=None)


def _put(values: Mapping[str, str | None]) -> None:
    # all at once: one step of the browser's history
    kept = {name: value for name, value in {**st.query_params.to_dict(), **values}.items() if value}
    if kept != st.query_params.to_dict():
        st.query_params.from_dict(kept)


def _chosen_now() -> int | None:
    # A press that the browser sends before it has heard of the one before it still carries the older address.
    named = st.query_params.get("candidate", "")
    named = st.session_state[_CHOSEN] if named in _left() else named
    return parse_id(named) if named else None


def _left() -> dict[str, float]:
    """What the address named a moment ago, and when it was left."""
    left: dict[str, float] = st.session_state.get(_LEFT, {})
    return {named: when for named, when in left.items() if time.monotonic() - when < _LATE_S}


def domain_label(domain: str) -> str:
    """A choice of the domain filter."""
    return domain_name(domain) if domain else _("All domains")


__all__ = [
    "ORDERS",
    "Looked",
    "Steps",
    "change",
    "choose",
    "domain_label",
    "heed_history",
    "look_from_url",
    "set_in_url",
    "show_all",
    "step",
    "take",
]
