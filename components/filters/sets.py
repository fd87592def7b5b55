"""The named sets: which one is on the desk, saving it, and the rules that can be added to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from components.filters.draft import Desk, draw_told, edit, revert, save, save_as, set_names, start_anew, turn_to
from components.filters.keys import set_in_url, take_up, taken, value_key
from components.jobs.seen import SeenJob
from components.measure_words import is_share, is_yes_no, measure_definition, measure_phrase
from components.text import _, inert, plural
from curation.errors import WinnowError
from curation.histograms import Histogram
from curation.measures import MEASURES
from curation.thresholds import THRESHOLD_MEASURES, ThresholdRule, load_thresholds
from curation.workspace import Workspace

_NEW_NAME: Final = "filters-new-name"
_NEW_MEASURE: Final = "filters-new-measure"
_SAVE_AS: Final = "filters-save-as-name"
_MOST_EXPORTS: Final = 3


def choose_set(workspace: Workspace) -> str:
    """The field with the sets' names; the chosen one is in the URL."""
    names, wanted = set_names(workspace), set_in_url()
    name = wanted if wanted in names else "default"
    key = value_key("filters-set", name)
    st.selectbox(
        _("Threshold set"), names, names.index(name), key=key, width=220, label_visibility="collapsed",
        on_change=_choose, args=(key,),
    )  # fmt: skip
    if name == wanted:
        take_up(name)
    else:
        words = _(":material/info: There is no set called {name}; “default” is shown.")
        st.caption(words.format(name=inert(wanted)), width="content")
    return name


def draw_save(desk: Desk) -> None:
    """Save, save under another name, and go back to what is saved."""
    where = (desk.workspace, desk.saved.name)
    st.button(
        _("Save"), type="primary", icon=":material/save:", key="filters-save", disabled=not desk.is_changed,
        on_click=save, args=where,
    )  # fmt: skip
    with st.popover(_("Save as…"), key=f"filters-save-as-{desk.saved.name}"):
        st.text_input(
            _("Name of the new set"), key=_SAVE_AS, max_chars=100,
            help=_("Letters, digits, spaces, dots, dashes and underscores."),
        )  # fmt: skip
        draw_told("save-as")
        st.button(_("Save"), type="primary", key="filters-save-as-now", on_click=_save_as, args=where)
    st.button(
        _("Revert"), icon=":material/undo:", key="filters-revert", disabled=not desk.is_changed, on_click=revert,
        args=where,
    )  # fmt: skip


def draw_sets(workspace: Workspace, seen: Sequence[SeenJob]) -> None:
    """Every set, with how many rules it has and what uses it."""
    with st.popover(_("All sets"), icon=":material/list:", type="tertiary", key="filters-sets"):
        st.caption(_("“default” is what the Overview counts with, and exports and evaluations unless told otherwise."))
        for name in set_names(workspace):
            with st.container(gap=None):
                st.markdown(f"**{inert(name)}**")
                st.caption(" · ".join((_rules_line(workspace, name), _used_by(name, seen))))


def draw_add_rule(desk: Desk, histograms: dict[str, Histogram]) -> None:
    """The popover that adds a rule on any measure; its first bound is one that few candidates break."""
    with st.popover(_("Add a rule"), icon=":material/add:", type="tertiary", key="filters-add"):
        measure = st.selectbox(
            _("Measure"), list(THRESHOLD_MEASURES), format_func=measure_phrase, key=_NEW_MEASURE, width=320
        )
        st.caption(measure_definition(measure))
        st.text_input(_("Name of the rule"), key=_NEW_NAME, placeholder=_free_name(desk, measure), max_chars=100)
        draw_told("add")
        st.button(
            _("Add"), type="primary", key="filters-add-now", on_click=_add, args=(desk, measure, histograms[measure])
        )


def draw_broken(workspace: Workspace, name: str) -> None:
    """What to do about a set whose file cannot be read."""
    st.markdown(_("Put right what the message names, in any text editor, and try again. Nothing of it was changed."))
    with st.container(horizontal=True):
        st.button(_("Try again"), icon=":material/refresh:", type="primary", key="filters-again")
        with st.popover(_("Start anew…"), key="filters-anew"):
            st.markdown(_("Put Winnow's own rules in its place? The file stays beside it, as `{name}`.").format(
                name=inert(f"{name}.toml.broken")
            ))  # fmt: skip
            st.button(_("Start anew"), key="filters-anew-now", on_click=start_anew, args=(workspace, name))
    draw_told("save")


def first_bound(name: str, measure: str, histogram: Histogram) -> ThresholdRule:
    """A new rule with a bound that about one correct candidate in a hundred breaks; on the side that is worse."""
    better = MEASURES[measure].higher_is == "better"
    if is_yes_no(measure):
        return ThresholdRule(name, measure, min=1.0) if better else ThresholdRule(name, measure, max=0.0)
    bound = histogram.quantile(0.01 if better else 0.99)
    if bound is None:
        bound = histogram.edges[-1] if is_share(measure) else 1000.0
    bound = round(bound, 6)
    return ThresholdRule(name, measure, min=bound) if better else ThresholdRule(name, measure, max=bound)


def _choose(key: str) -> None:
    name = taken(key)
    if name is not None:
        turn_to(str(name))


def _save_as(workspace: Workspace, name: str) -> None:
    save_as(workspace, name, st.session_state[_SAVE_AS])


def _add(desk: Desk, measure: str, histogram: Histogram) -> None:
    name = st.session_state[_NEW_NAME].strip() or _free_name(desk, measure)
    where = (desk.workspace, desk.saved.name)
    edit(*where, lambda rules: (*rules, first_bound(name, measure, histogram)), about="add")
    st.session_state[_NEW_NAME] = ""


def _free_name(desk: Desk, measure: str) -> str:
    used = {rule.name for rule in desk.draft.rules}
    names = [measure, *(f"{measure} {number}" for number in range(2, len(used) + 3))]
    return next(name for name in names if name not in used)


def _rules_line(workspace: Workspace, name: str) -> str:
    try:
        count = len(load_thresholds(workspace, name).enabled)
    except WinnowError:
        return _("cannot be read")
    return plural("{n} rule on", "{n} rules on", count).format(n=count)


def _used_by(name: str, seen: Sequence[SeenJob]) -> str:
    exports = [
        str(each.job.config.get("name"))
        for each in seen
        if each.job.kind == "export" and (each.job.config.get("thresholds") or {}).get("name") == name
    ]
    parts = [_("Overview")] if name == "default" else []
    if exports:
        more = len(exports) - _MOST_EXPORTS
        names = ", ".join(inert(export) for export in exports[:_MOST_EXPORTS])
        parts.append(_("exports: {names}").format(names=f"{names} …" if more > 0 else names))
    return ", ".join(parts) or _("not used yet")
