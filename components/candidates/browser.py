"""What is fetched for the page of candidates, and what it draws around the list and the reading pane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import streamlit as st

from components.candidates.listing import PER_PAGE
from components.candidates.reasons import first_words
from components.candidates.view import Looked, Steps
from components.live_index import LiveIndex
from curation.browsing import CandidatePage, CandidateRow, ReasonCounts, browse, count_reasons, find_candidate, rows_of
from curation.errors import WinnowError
from curation.index import Index, texts
from curation.records import format_id
from curation.thresholds import ThresholdSet


@dataclass(frozen=True, slots=True)
class Fetched:
    """A page of candidates with the one that is read. `chosen` may be none of `rows`; None where there is none."""

    counts: ReasonCounts
    page: CandidatePage
    rows: list[CandidateRow]
    chosen: CandidateRow | None

    @property
    def place(self) -> int | None:
        """Where the chosen one is among the rows of the page."""
        return self.rows.index(self.chosen) if self.chosen in self.rows else None

    @property
    def steps(self) -> Steps:
        """The candidates that one can step through: those of the page, and the neighbours of its ends."""
        steps = [(row.candidate_id, self.rows[0].candidate_id) for row in self.rows]
        if self.page.before is not None and self.page.previous is not None:
            steps.insert(0, (self.page.before, self.page.previous))
        if self.page.next is not None:
            steps.append((self.page.next, self.page.next))
        return Steps(tuple(steps), self.rows[0].candidate_id if self.rows else None)

    @property
    def next(self) -> tuple[int, int] | None:
        """The candidate after the chosen one, and what its page begins with."""
        return self.steps.from_here(self.chosen and self.chosen.candidate_id, 1)

    @property
    def previous(self) -> tuple[int, int] | None:
        """The candidate before the chosen one, and what its page begins with."""
        return self.steps.from_here(self.chosen and self.chosen.candidate_id, -1)


def fetch(live: LiveIndex, thresholds: ThresholdSet, looked: Looked) -> Fetched | None:
    """One look at the index; None before the workspace was first taken in."""

    def look(index: Index) -> Fetched:
        def page_from(start: int | None) -> CandidatePage:
            return browse(index, thresholds, looked.wanted, order=looked.order, start=start, limit=PER_PAGE)

        page = page_from(looked.candidate if looked.start is None else looked.start)
        rows = rows_of(page.rows)
        begins_elsewhere = looked.start is None and looked.candidate not in [row.candidate_id for row in rows[:1]]
        if page.skipped and (begins_elsewhere or not rows):
            page = page_from(None)
            rows = rows_of(page.rows)
        chosen = next((row for row in rows if row.candidate_id == looked.candidate), None)
        if chosen is None and looked.candidate is not None:
            chosen = find_candidate(index, thresholds, looked.candidate)
        if chosen is None and rows:
            chosen = rows[0]
        return Fetched(count_reasons(index, thresholds, looked.wanted), page, rows, chosen)

    return live.ask(look)


def texts_of(live: LiveIndex, candidate_id: int) -> dict[str, Any] | None:
    """The texts of one candidate. Raises ShardError when its shard is damaged."""
    found = live.ask(lambda index: texts(index, [candidate_id]).to_pylist())
    return found[0] if found else None


def beginnings(live: LiveIndex, folder: str, rows: Sequence[CandidateRow]) -> dict[int, str | None]:
    """How each of the candidates begins; None for those whose shard cannot be read."""
    ids = tuple(row.candidate_id for row in rows)
    try:
        return dict(_beginnings(live, folder, ids))
    except WinnowError:
        found: dict[int, str | None] = {}
        for identifier in ids:
            try:
                found |= _beginnings(live, folder, (identifier,))
            except WinnowError:
                found[identifier] = None
        return found


@st.cache_data(max_entries=256, show_spinner=False)
def _beginnings(_live: LiveIndex, folder: str, ids: tuple[int, ...]) -> dict[int, str]:
    found = _live.ask(lambda index: texts(index, ids).to_pylist()) or []
    return {each["candidate_id"]: first_words(each["text"] or "") for each in found}


def records(live: LiveIndex, rows: Sequence[CandidateRow]) -> list[dict[str, Any]]:
    """The rows as a file holds them, with their texts where those can be read."""
    made = []
    for row in rows:
        found: Mapping[str, Any] = {}
        with suppress(WinnowError):
            found = texts_of(live, row.candidate_id) or {}
        made.append(
            {
                "candidate_id": format_id(row.candidate_id),
                "prompt_id": format_id(row.prompt_id),
                "job": row.job,
                "sample": row.sample,
                "domain": row.domain,
                "task": row.task,
                "target_language": row.target_language,
                "status": str(row.status),
                "verdict": row.verdict,
                "reasons": list(row.reasons),
                **row.measures,
                "finish_reason": row.finish_reason,
                "model": found.get("model"),
                "rule_detail": found.get("rule_detail"),
                "prediction": found.get("prediction"),
                "reference": found.get("reference"),
                "messages": found.get("messages"),
                "text": found.get("text"),
            }
        )
    return made
