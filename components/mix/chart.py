"""Quotas against what is available, as bullet bars: taken solid, missing hatched, left over faint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import plotly.graph_objects as go
import streamlit as st

from components.format import number, share
from components.palette import ACCENT, NEUTRAL, domain_name, tint
from components.row_bars import bars, row_label, row_layout, words_beside
from components.text import _, per_language
from curation.mix import Quota

_ROW_PX: Final = 40
_SLIVER: Final = 0.006  # the least of the widest bar that is still seen
_LABEL_ROOM: Final = 1.85  # the longest bar leaves this share of the width to the numbers beside it


@per_language(maxsize=32)
def quota_figure(quotas: tuple[Quota, ...], by_share: bool) -> go.Figure:
    """A bar a domain: what is taken of its quota, what is missing, and what is left over.

    `by_share`: each bar is as long as its own quota, which shows how full small quotas are; otherwise all share one
    scale of samples.
    """
    rows = [row_label(domain_name(quota.domain)) for quota in quotas]
    scales = [max(1, quota.quota) if by_share else 1 for quota in quotas]
    spare = [0 if by_share else max(0, quota.available - quota.quota) for quota in quotas]
    taken = [quota.taken / scale for quota, scale in zip(quotas, scales, strict=True)]
    missing = [quota.shortfall / scale for quota, scale in zip(quotas, scales, strict=True)]
    ends = [sum(parts) for parts in zip(taken, missing, spare, strict=True)]
    longest = max([*ends, 1e-9])
    seen = [max(part, longest * _SLIVER) if part else 0 for part in taken]
    traces = [
        _bars(rows, seen, ACCENT, quotas),
        _bars(rows, missing, _hatched(), quotas),
        _bars(rows, spare, tint(ACCENT, 0.22), quotas),
    ]
    whole = row_layout(len(rows), longest, room=_LABEL_ROOM, gap=0.36, row_px=_ROW_PX)
    return go.Figure(
        {"data": [*traces, words_beside(rows, ends, [_label(quota) for quota in quotas])], "layout": whole}
    )


def quota_legend(quotas: Sequence[Quota]) -> None:
    """What the three kinds of bar mean; those that do not occur are left out."""
    badges = [f":blue-badge[:material/check: {_('Taken')}]"]
    if any(quota.shortfall for quota in quotas):
        badges.append(f":gray-badge[:material/texture: {_('Missing')}]")
    if any(quota.available > quota.quota for quota in quotas):
        badges.append(f":gray-badge[:material/add: {_('Left over')}]")
    st.markdown(" ".join(badges))


def quota_words(quotas: Sequence[Quota]) -> str:
    """The chart in one sentence, for those who cannot see it."""
    parts = [f"{domain_name(each.domain)} {number(each.taken)} / {number(each.quota)}" for each in quotas]
    return _("Taken of each quota: {parts}").format(parts=", ".join(parts))


def _label(quota: Quota) -> str:
    text = _("<b>{taken}</b> of {quota}").format(taken=number(quota.taken), quota=number(quota.quota))
    if quota.quota:
        text += f"  {share(quota.taken, quota.quota)}"
    left = quota.available - quota.taken
    if left:
        text += f"  <span style='opacity:.65'>+{number(left)}</span>"
    return text


def _hatched() -> dict[str, Any]:
    pattern = {"shape": "/", "fillmode": "replace", "fgcolor": tint(NEUTRAL, 0.75), "bgcolor": tint(NEUTRAL, 0.12)}
    return {
        "color": tint(NEUTRAL, 0.75),
        "pattern": {**pattern, "size": 7, "solidity": 0.18},
        "line": {"width": 1, "color": tint(NEUTRAL, 0.5)},
    }


def _bars(
    rows: Sequence[str], lengths: Sequence[float], marker: str | dict[str, Any], quotas: Sequence[Quota]
) -> dict[str, Any]:
    hover = [
        [number(each.quota), number(each.available), number(each.taken), number(each.shortfall)] for each in quotas
    ]
    words = _("{quota} wanted, {available} there<br>{taken} taken, {missing} missing").format(
        quota="%{customdata[0]}", available="%{customdata[1]}", taken="%{customdata[2]}", missing="%{customdata[3]}"
    )
    return bars(rows, lengths, marker, hover, words)
