"""What the Filters page asks the index, remembered until the workspace or the question changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import streamlit as st

from components.live_index import Counted, LiveIndex, live_index
from curation.changed_sides import ChangedSides, Side, changed_sides
from curation.funnel import Funnel, funnel
from curation.histograms import Histogram, histograms, taken_in
from curation.index import Index
from curation.thresholds import THRESHOLD_MEASURES, ThresholdSet
from curation.workspace import Workspace

Answer = TypeVar("Answer")
State = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """One state of a workspace's index; the same question about the same state is answered from memory."""

    folder: str
    state: State
    live: LiveIndex

    def funnel(self, thresholds: ThresholdSet) -> Funnel:
        """The counts under a set, as the Overview has them."""
        return _funnel(self.folder, self.state, thresholds, self.live)

    def histograms(self) -> dict[str, Histogram]:
        """Every measure's histogram."""
        return _histograms(self.folder, self.state, self.live)

    def changed(self, before: ThresholdSet, after: ThresholdSet, side: Side | None, start: int) -> ChangedSides:
        """The candidates that change side, and a page of them."""
        return _answer(self.live, lambda index: changed_sides(index, before, after, side=side, start=start))


def ask(workspace: Workspace, counted: Counted) -> Asked:
    """The index as it is; `counted` has to have been counted before, and is part of the state."""
    live = live_index(workspace)
    funnel_now = counted.funnel
    verdicts = (funnel_now.candidates, funnel_now.correct, funnel_now.incorrect, funnel_now.undecided, funnel_now.error)
    return Asked(str(workspace.folder), (*verdicts, *_answer(live, taken_in)), live)


@st.cache_data(max_entries=64, show_spinner=False)
def _funnel(folder: str, state: State, thresholds: ThresholdSet, _live: LiveIndex) -> Funnel:
    return _answer(_live, lambda index: funnel(index, thresholds))


@st.cache_data(max_entries=8, show_spinner=False)
def _histograms(folder: str, state: State, _live: LiveIndex) -> dict[str, Histogram]:
    return _answer(_live, lambda index: histograms(index, tuple(THRESHOLD_MEASURES)))


def _answer(live: LiveIndex, question: Callable[[Index], Answer]) -> Answer:
    answer = live.ask(question)
    assert answer is not None, "asked before the workspace was first taken in"
    return answer
