"""What the draft does: the funnel and the targets beside the rules, and the candidates that changed side below."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import streamlit as st

from components.chart_style import show
from components.filters.counts import Asked
from components.filters.draft import TURNED_TO, Desk
from components.filters.keys import in_url
from components.filters.targets import reasoning_quotas, scale_in_words, scale_of, targets_figure
from components.format import number
from components.funnel_chart import funnel_bars, funnel_figure
from components.live_index import Counted
from components.measure_words import broken_bound, rule_title, setting_words
from components.palette import domain_name
from components.text import N_, _, inert
from curation.changed_sides import Side
from curation.errors import InputError
from curation.funnel import Funnel
from curation.records import parse_id
from curation.thresholds import ThresholdSet

SIDE: Final = "changed_side"
_BOTH: Final = "both"
_SIDES: Final = {_BOTH: N_("Both ways"), Side.ACCEPTED: N_("Now accepted"), Side.REJECTED: N_("Now rejected")}
_ICONS: Final = {Side.ACCEPTED: ":green[:material/check_circle:]", Side.REJECTED: ":red[:material/cancel:]"}
_WIDTHS: Final = (4, 3, 2, 6, 3)


def draw_sentence(desk: Desk, draft: Funnel, saved: Funnel) -> None:
    """What is accepted, and how far that is from the saved set."""
    counts = {"name": inert(desk.saved.name), "accepted": number(draft.accepted), "candidates": number(draft.scored)}
    if not desk.is_changed:
        words = _("“{name}” as saved: **{accepted}** of {candidates} scored candidates accepted.")
        st.markdown(words.format(**counts))
        return
    words = _("Draft of “{name}”: **{accepted}** of {candidates} scored candidates accepted ({change}).")
    difference = draft.accepted - saved.accepted
    change = _("as many as with the saved set")
    if difference:
        signed = f"{'+' if difference > 0 else '−'}{number(abs(difference))}"
        change = _("**{n}** against the saved set").format(n=signed)
    st.markdown(words.format(**counts, change=change))


def draw_results(desk: Desk, counted: Counted, draft: Funnel, saved: Funnel) -> None:
    """The funnel of the draft, and how far each domain is from its target."""
    st.subheader(_("Funnel"), anchor=False)
    _prompts, _candidates, correct, *later = funnel_bars(replace(counted, funnel=draft, thresholds=desk.draft))
    # what each rule takes is the point here: the bars begin with what rules are asked about, and leave out shares
    bars = [replace(bar, share_of=None) for bar in (replace(correct, removed=0), *later)]
    alt = _("Of {n} candidates {correct} are correct and {accepted} accepted").format(
        n=draft.candidates, correct=draft.correct, accepted=draft.accepted
    )
    show(funnel_figure(tuple(bars)), key="filters-funnel", alt=alt)
    words = _("{correct} of {candidates} candidates are correct; only those meet the rules.")
    st.caption(words.format(correct=number(draft.correct), candidates=number(draft.candidates)))
    st.subheader(_("Towards the targets"), anchor=False)
    have, had = reasoning_quotas(draft), reasoning_quotas(saved)
    scale = scale_of(have, had)
    show(
        targets_figure(have, had, scale),
        key="filters-targets",
        alt=", ".join(f"{domain_name(quota.domain)}: {quota.available} / {quota.quota}" for quota in have),
    )
    st.caption(scale_in_words(scale))


def draw_changed(desk: Desk, asked: Asked) -> None:
    """How many candidates changed side between the saved set and the draft, and a page of them."""
    st.subheader(_("Candidates that change side"), anchor=False)
    if not desk.is_changed:
        st.caption(_("Move a bound or switch a rule: the candidates that change side are listed here before you save."))
        return
    wanted = st.session_state.get(SIDE) or st.query_params.get(SIDE, _BOTH)
    changed = asked.changed(desk.saved, desk.draft, Side(wanted) if wanted in tuple(Side) else None, _start())
    counts = {
        _BOTH: changed.accepted + changed.rejected,
        Side.ACCEPTED: changed.accepted,
        Side.REJECTED: changed.rejected,
    }
    st.segmented_control(
        _("Which"), list(_SIDES), format_func=lambda side: f"{_(_SIDES[side])} · {number(counts[side])}", key=SIDE,
        bind="query-params", default=_BOTH, required=True, label_visibility="collapsed",
        on_change=_turn_to, args=(None,),
    )  # fmt: skip
    if not changed.rows.num_rows:
        st.caption(_("None."))
        return
    _draw_row(desk, _("Candidate"), _("Domain"), _("Tokens"), _("Why"), _("Now"), is_head=True)
    sets = {Side.ACCEPTED: desk.saved, Side.REJECTED: desk.draft}  # whose rules reject it, or did
    for row in changed.rows.to_pylist():
        side = Side(row["side"])
        with st.container(key=f"filters-changed-{row['candidate_id']:016x}"):
            _draw_row(
                desk,
                f"{row['candidate_id']:016x}",
                domain_name(row["domain"]),
                number(row["reasoning_tokens"] + row["answer_tokens"]),
                _why(row, sets[side]),
                f"{_ICONS[side]} {_(_SIDES[side])}",
            )
    if changed.next is not None or changed.previous is not None or _start():
        _draw_pager(changed.previous, changed.next)


def _draw_row(
    desk: Desk, candidate: str, domain: str, tokens: str, why: str, now: str, *, is_head: bool = False
) -> None:
    cells = st.columns(_WIDTHS, vertical_alignment="center", gap="small")
    if is_head:
        for cell, words in zip(cells, (candidate, domain, tokens, why, now), strict=True):
            cell.caption(words)
        return
    cells[0].page_link(
        "pages/rejects.py", label=f"`{candidate}`", icon="",
        help=_("Rejects shows it with the set as saved, without this draft."),
        query_params={"candidate": candidate, **in_url(desk.saved.name)},
    )  # fmt: skip
    cells[1].markdown(domain)
    cells[2].markdown(tokens)
    cells[3].markdown(why)
    cells[4].markdown(now)


def _why(row: dict[str, Any], thresholds: ThresholdSet) -> str:
    """The rules that reject it, each with the candidate's own value: "Long paragraph 459 (at most 160)"."""
    parts = []
    for rule in thresholds.enabled:
        if rule.name not in row["rules"]:
            continue
        value = row[rule.measure]
        own = _("no value") if value is None else setting_words(rule.measure, value)
        bound = broken_bound(rule, value)
        parts.append(
            f"{inert(rule_title(rule.name))} **{inert(own)}**" + (f" :gray[({inert(bound)})]" if bound else "")
        )
    return ", ".join(parts)


def _start() -> int:
    try:
        return parse_id(st.query_params.get(TURNED_TO, "0"))
    except InputError:
        return 0


def _turn_to(start: int | None) -> None:
    if start is None:
        st.query_params.pop(TURNED_TO, None)
    else:
        st.query_params[TURNED_TO] = f"{start:016x}"


def _draw_pager(previous: int | None, following: int | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            _("Previous"), icon=":material/chevron_left:", type="tertiary", key="filters-previous",
            disabled=previous is None, on_click=_turn_to, args=(previous,),
        )  # fmt: skip
        st.button(
            _("Next"), icon=":material/chevron_right:", icon_position="right", type="tertiary", key="filters-next",
            disabled=following is None, on_click=_turn_to, args=(following,),
        )  # fmt: skip
