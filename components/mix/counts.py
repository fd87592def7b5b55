"""What is available under a choice of thresholds and selection; counted once for each state of the index."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from components.live_index import Counted, LiveIndex
from components.mix.form import Composition
from curation.funnel import Funnel, funnel
from curation.mix import Quota, quotas
from curation.mix_lengths import DomainLengths, mix_lengths
from curation.records import REASONING_DOMAINS, Domain
from curation.selection import SelectionConfig
from curation.workspace import Workspace

_TTL_S = 60  # the counts stand for the state of the index; where they agree by chance, a minute sets it right


def funnel_of(workspace: Workspace, live: LiveIndex, counted: Counted, chosen: Composition) -> Funnel:
    """The funnel under the chosen thresholds, cap and de-duplication."""
    # how they are chosen does not change how many there are
    selection = SelectionConfig(cap=chosen.selection.cap, deduplicate=chosen.selection.deduplicate)
    if chosen.thresholds == counted.thresholds and selection == SelectionConfig():
        return counted.funnel
    found = _funnel(str(workspace.folder), repr(counted), repr((chosen.thresholds, selection)), live, chosen, selection)
    return found or counted.funnel


def quotas_of(chosen: Composition, counts: Funnel, general: int) -> tuple[Quota, ...]:
    """What the mix wants of each domain, and what there is."""
    available = {
        str(domain): counts.by_domain[domain].selected for domain in REASONING_DOMAINS if domain in counts.by_domain
    }
    return quotas(chosen.mix, {**available, str(Domain.GENERAL): general})


def lengths_of(
    workspace: Workspace, live: LiveIndex, counted: Counted, chosen: Composition
) -> tuple[DomainLengths, ...]:
    """The lengths of what would be exported."""
    what = repr((chosen.thresholds, chosen.selection, replace(chosen.mix, general=0)))
    return _lengths(str(workspace.folder), repr(counted), what, live, chosen) or ()


@st.cache_data(max_entries=64, ttl=_TTL_S, show_spinner=False)
def _funnel(
    folder: str, state: str, what: str, _live: LiveIndex, _chosen: Composition, _selection: SelectionConfig
) -> Funnel | None:
    return _live.ask(lambda index: funnel(index, _chosen.thresholds, _selection))


@st.cache_data(max_entries=64, ttl=_TTL_S, show_spinner=False)
def _lengths(
    folder: str, state: str, what: str, _live: LiveIndex, _chosen: Composition
) -> tuple[DomainLengths, ...] | None:
    return _live.ask(lambda index: mix_lengths(index, _chosen.thresholds, _chosen.selection, _chosen.mix))
