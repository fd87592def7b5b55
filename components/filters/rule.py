"""One rule of a threshold set: its switch, its bound below a histogram, and how much it rejects."""

from __future__ import annotations

from typing import Final

import streamlit as st

from components.chart_style import show
from components.filters.draft import Desk, draw_told, edit_rule, rule_key, tell
from components.filters.histogram import histogram_figure, reach, slider_values
from components.filters.keys import in_url, is_current, taken, value_key
from components.filters.rule_settings import draw_settings
from components.format import number
from components.measure_words import is_share, is_yes_no, measure_phrase, rule_title, setting_words
from components.palette import domain_name
from components.text import N_, _, inert
from curation.funnel import FunnelStep
from curation.histograms import Histogram
from curation.records import Verdict
from curation.thresholds import ThresholdRule

_SIDES: Final = {"min": N_("At least"), "max": N_("At most")}
_GREATEST: Final = 2**31 - 1  # counts are 32-bit numbers


def draw_rule(desk: Desk, rule: ThresholdRule, step: FunnelStep | None, histogram: Histogram) -> None:
    """Draw one rule; `step` is None while it is switched off."""
    with st.container(border=True, gap="xxsmall", key=rule_key(desk, rule, "row")):
        words, bound, result = st.columns([9, 12, 9], gap="small", vertical_alignment="center")
        with words:
            _draw_words(desk, rule)
        with bound:
            _draw_bound(desk, rule, histogram)
        with result:
            _draw_numbers(desk, rule)
            with st.container(horizontal=True, vertical_alignment="center", gap=None, wrap=False):
                _draw_rejects(desk, rule, step)
                st.space("stretch")
                with st.popover(
                    "", icon=":material/more_vert:", type="tertiary", help=_("More settings"),
                    key=rule_key(desk, rule, "more"),
                ):  # fmt: skip
                    draw_settings(desk, rule, histogram)
        draw_told(rule.name)


def _draw_words(desk: Desk, rule: ThresholdRule) -> None:
    key = value_key(rule_key(desk, rule, "on"), rule.enabled)
    with st.container(gap="xxsmall"):
        st.toggle(
            f"**{inert(rule_title(rule.name))}**", rule.enabled, key=key,
            on_change=_take_switch, args=(desk, rule.name, key),
        )  # fmt: skip
        st.caption(measure_phrase(rule.measure))
        if rule.domains:
            names = ", ".join(domain_name(domain) for domain in rule.domains)
            st.caption(f":material/filter_alt: {_('only {domains}').format(domains=names)}")


def _draw_bound(desk: Desk, rule: ThresholdRule, histogram: Histogram) -> None:
    rules = [rule, *(each for each in desk.saved.rules if (each.name, each.measure) == (rule.name, rule.measure))]
    shown = reach(histogram, rules)
    total = sum(histogram.counts(rule.domains))
    alt = _("Histogram of {measure} over {n} correct candidates").format(measure=rule.measure, n=number(total))
    show(histogram_figure(histogram, rule, shown), key=rule_key(desk, rule, "histogram"), alt=alt)
    if is_yes_no(rule.measure):
        return
    values = [_plain(rule.measure, value) for value in slider_values(histogram, shown, rules)]
    for side, bound in (("min", rule.min), ("max", rule.max)):
        if bound is None:
            continue
        value = _plain(rule.measure, bound)
        key = value_key(rule_key(desk, rule, f"{side}-slider"), value)
        st.select_slider(
            f"{inert(rule_title(rule.name))}: {_(_SIDES[side])}", values, value, key=key, label_visibility="collapsed",
            format_func=lambda value: setting_words(rule.measure, value), disabled=not rule.enabled,
            on_change=_take_bound, args=(desk, rule.name, side, key),
        )  # fmt: skip


def _draw_numbers(desk: Desk, rule: ThresholdRule) -> None:
    if is_yes_no(rule.measure):
        passing = [value for value in (0, 1) if (rule.min or 0) <= value <= (1 if rule.max is None else rule.max)]
        kept = passing[0] if len(passing) == 1 else None
        key = value_key(rule_key(desk, rule, "kept"), kept)
        st.segmented_control(
            _("Keep"), [1, 0], default=kept, format_func=lambda value: setting_words(rule.measure, value), key=key,
            disabled=not rule.enabled, on_change=_take_yes_no, args=(desk, rule, key),
        )  # fmt: skip
        return
    share = is_share(rule.measure)
    for side, bound in (("min", rule.min), ("max", rule.max)):
        if bound is None:
            continue
        value = _plain(rule.measure, bound)
        key = value_key(rule_key(desk, rule, side), value)
        st.number_input(
            _(_SIDES[side]), value=value, key=key, disabled=not rule.enabled,
            min_value=min(0.0, value) if share else min(0, value),
            max_value=max(1.0, value) if share else _GREATEST,
            step=0.01 if share else 1, format="%.6g" if share else "%d",
            on_change=_take_bound, args=(desk, rule.name, side, key),
        )  # fmt: skip


def _draw_rejects(desk: Desk, rule: ThresholdRule, step: FunnelStep | None) -> None:
    if step is None:
        st.caption(_("switched off"))
        return
    is_saved = any(each.name == rule.name for each in desk.saved.enabled)
    unsaved = _("Save the draft to read what this rule rejects.")
    with st.container(gap=None, width="content"):
        for words, help_text, count, only in (
            (_("rejects {n}"), _("Correct candidates that this rule rejects"), step.rejects, {}),
            (_("only this {n}"), _("Correct candidates that only this rule rejects"), step.only, {"only": "1"}),
        ):
            if desk.is_changed:  # the other page knows of no draft
                help_text = _("{words}, counted with the draft; the link lists them as the set is saved").format(
                    words=help_text
                )
            st.page_link(
                "pages/rejects.py", label=words.format(n=f"**{number(count)}**"), icon="",
                disabled=not is_saved, help=help_text if is_saved else unsaved,
                query_params={
                    "reason": rule.name, "verdict": str(Verdict.CORRECT), **only, **in_url(desk.saved.name),
                },
            )  # fmt: skip


def _take_switch(desk: Desk, rule: str, key: str) -> None:
    is_on = taken(key)
    if is_on is not None:
        edit_rule(desk.workspace, desk.saved.name, rule, enabled=is_on)


def _take_bound(desk: Desk, rule: str, side: str, key: str) -> None:
    bound = taken(key)
    if bound is not None:
        edit_rule(desk.workspace, desk.saved.name, rule, **{side: float(bound)})
    elif is_current(key):
        tell(rule, _("A bound is a number; the one before is kept. To do without it, switch the rule off."))


def _take_yes_no(desk: Desk, rule: ThresholdRule, key: str) -> None:
    kept = taken(key)
    if kept is not None:
        edit_rule(desk.workspace, desk.saved.name, rule.name, min=1.0 if kept else None, max=None if kept else 0.0)


def _plain(measure: str, value: float) -> float | int:
    return float(value) if is_share(measure) else int(min(max(value, -_GREATEST), _GREATEST))
