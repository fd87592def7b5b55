"""The settings of a rule that are rarely changed: the side of its bound, its domains, its place in the funnel."""

from __future__ import annotations

from typing import Final

import streamlit as st

from components.filters.draft import Desk, edit_rule, move_rule, remove_rule, rule_key
from components.filters.histogram import reach
from components.filters.keys import taken, value_key
from components.measure_words import is_yes_no, measure_definition, measure_phrase
from components.palette import domain_name
from components.text import N_, _
from curation.histograms import Histogram
from curation.records import Domain
from curation.thresholds import ThresholdRule

_KINDS: Final = {"min": N_("At least"), "max": N_("At most"), "both": N_("Between")}


def draw_settings(desk: Desk, rule: ThresholdRule, histogram: Histogram) -> None:
    """Draw them; `histogram` gives a new bound a place to begin at."""
    st.markdown(f"**{measure_phrase(rule.measure)}** (`{rule.measure}`)")
    st.caption(measure_definition(rule.measure))
    if not is_yes_no(rule.measure):
        kind = "both" if None not in (rule.min, rule.max) else "max" if rule.min is None else "min"
        key = value_key(rule_key(desk, rule, "kind"), kind)
        st.segmented_control(
            _("Bound"), list(_KINDS), default=kind, format_func=lambda name: _(_KINDS[name]), key=key, required=True,
            on_change=_take_kind, args=(desk, rule, histogram, key),
        )  # fmt: skip
    domains = [domain for domain in Domain if domain in rule.domains]
    key = value_key(rule_key(desk, rule, "domains"), domains)
    st.pills(
        _("Only in these domains"), list(Domain), default=domains, selection_mode="multi", format_func=domain_name,
        key=key, help=_("None chosen: the rule holds in every domain."),
        on_change=_take_domains, args=(desk, rule.name, key),
    )  # fmt: skip
    where = (desk.workspace, desk.saved.name, rule.name)
    at = [each.name for each in desk.draft.rules].index(rule.name)
    with st.container(horizontal=True, gap="xsmall"):
        st.button(
            _("Up"), icon=":material/arrow_upward:", key=rule_key(desk, rule, "up"), disabled=at == 0,
            on_click=move_rule, args=(*where, -1),
        )  # fmt: skip
        st.button(
            _("Down"), icon=":material/arrow_downward:", key=rule_key(desk, rule, "down"),
            disabled=at == len(desk.draft.rules) - 1, on_click=move_rule, args=(*where, 1),
        )  # fmt: skip
        st.space("stretch")
        st.button(
            _("Remove"), icon=":material/delete:", key=rule_key(desk, rule, "remove"), on_click=remove_rule, args=where
        )


def _take_kind(desk: Desk, rule: ThresholdRule, histogram: Histogram, key: str) -> None:
    shown = reach(histogram, [rule])
    least = histogram.edges[shown.first] if rule.min is None else rule.min
    most = histogram.edges[shown.last] if rule.max is None else rule.max
    kind = taken(key)
    if kind == "both":
        edit_rule(desk.workspace, desk.saved.name, rule.name, min=min(least, most), max=max(least, most))
    elif kind == "min":
        edit_rule(desk.workspace, desk.saved.name, rule.name, min=most if rule.min is None else least, max=None)
    elif kind == "max":
        edit_rule(desk.workspace, desk.saved.name, rule.name, min=None, max=least if rule.max is None else most)


def _take_domains(desk: Desk, rule: str, key: str) -> None:
    domains = taken(key)
    if domains is not None:
        edit_rule(desk.workspace, desk.saved.name, rule, domains=tuple(str(domain) for domain in domains))
