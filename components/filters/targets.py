"""How far each domain is from its share of the R1 mix, with where the saved set would leave it."""

from __future__ import annotations

from typing import Final

import plotly.graph_objects as go

from components.chart_style import INK
from components.format import number, percent, share, short_number
from components.palette import ACCENT, domain_name
from components.row_bars import bars, row_layout, tracks, words_beside
from components.text import _, per_language
from curation.funnel import Funnel
from curation.mix import MixConfig, Quota, quotas
from curation.records import REASONING_DOMAINS

_ROW_PX: Final = 30
_LABEL_ROOM: Final = 2.1
_SCALES: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
_TARGET: Final = MixConfig()


def reasoning_quotas(counts: Funnel) -> tuple[Quota, ...]:
    """Each reasoning domain's quota in R1's proportions, and how many selected candidates there are for it."""
    available = {domain: of_domain.selected for domain, of_domain in counts.by_domain.items()}
    return tuple(quota for quota in quotas(_TARGET, available) if quota.domain in REASONING_DOMAINS)


def scale_of(*columns: tuple[Quota, ...]) -> float:
    """The share of its target at which a bar is full: 1, or less while every domain is far from it."""
    greatest = max((quota.taken / quota.quota for column in columns for quota in column if quota.quota), default=0.0)
    return next(scale for scale in _SCALES if greatest <= scale)


@per_language(maxsize=64)
def targets_figure(draft: tuple[Quota, ...], saved: tuple[Quota, ...], scale: float) -> go.Figure:
    """One row a domain: what the draft selects as a bar, and a mark at what the saved set selects."""
    rows = [domain_name(quota.domain) for quota in draft]
    labels = [
        f"<b>{share(quota.taken, quota.quota)}</b>  <span style='opacity:.65'>"
        f"{_('{n} of {target}').format(n=short_number(quota.available), target=short_number(quota.quota))}</span>"
        for quota in draft
    ]
    hover = [
        [number(quota.available), number(quota.quota), number(before.available)]
        for quota, before in zip(draft, saved, strict=True)
    ]
    words = _("%{customdata[0]} of %{customdata[1]}<br>%{customdata[2]} with the saved set")
    marks = {
        "type": "scatter", "mode": "markers", "y": rows, "x": [_reached(quota) for quota in saved],
        "marker": {"symbol": "line-ns", "size": 14, "line": {"width": 2, "color": INK}}, "hoverinfo": "skip",
    }  # fmt: skip
    drawn = bars(rows, [_reached(quota) for quota in draft], ACCENT, hover, words)
    whole = row_layout(len(rows), scale, room=_LABEL_ROOM, gap=0.42, overlay=True, row_px=_ROW_PX)
    return go.Figure(
        {"data": [tracks(rows, scale), drawn, marks, words_beside(rows, [scale] * len(rows), labels)], "layout": whole}
    )


def scale_in_words(scale: float) -> str:
    """What a full bar means, and what the mark is."""
    if scale == 1:
        return _("A full bar is the whole target; the line marks the saved set. General data passes no thresholds.")
    return _(
        "A full bar is {share} of the target; the line marks the saved set. General data passes no thresholds."
    ).format(share=percent(scale))


def _reached(quota: Quota) -> float:
    return quota.taken / quota.quota if quota.quota else 0.0
