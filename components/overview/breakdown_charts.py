"""Acceptance by difficulty, response lengths, and how far each domain is from its target, as Plotly figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import plotly.graph_objects as go

from components.chart_style import FAINT, INK, TEXT_PX, layout
from components.format import number, percent, share, short_number
from components.palette import ACCENT, CORRECT, domain_name
from components.row_bars import bars, row_layout, tracks, words_beside
from components.text import N_, _, per_language
from curation.breakdowns import DifficultyBand, LengthBin
from curation.mix import Quota

_ROW_PX: Final = 30
LENGTHS_PX: Final = 192
_BANDS: Final = (
    N_("Never solved"),
    N_("Up to 1 in 4"),
    N_("Up to half"),
    N_("Up to 3 in 4"),
    N_("Almost always"),
    N_("Always solved"),
)
_LABEL_ROOM: Final = 1.75


@per_language(maxsize=16)
def difficulty_figure(bands: tuple[DifficultyBand, ...]) -> go.Figure:
    """One row a band: the share of its candidates that are accepted, and how many prompts are in it."""
    rows = [_(name) for name in _BANDS]
    shares = [band.accepted / band.candidates if band.candidates else 0.0 for band in bands]
    labels = [
        f"<b>{share(band.accepted, band.candidates)}</b>  "
        f"<span style='opacity:.65'>{_('{n} prompts').format(n=short_number(band.prompts))}</span>"
        for band in bands
    ]
    hover = [[number(band.accepted), number(band.candidates), number(band.prompts)] for band in bands]
    words = _("%{customdata[0]} of %{customdata[1]} candidates accepted<br>%{customdata[2]} prompts")
    return go.Figure(
        {
            "data": [
                tracks(rows),
                bars(rows, shares, CORRECT, hover, words),
                words_beside(rows, [1.0] * len(rows), labels),
            ],
            "layout": row_layout(len(rows), 1.0, room=_LABEL_ROOM, gap=0.42, overlay=True, row_px=_ROW_PX),
        }
    )


@per_language(maxsize=16)
def target_figure(quotas: tuple[Quota, ...]) -> go.Figure:
    """One row a domain: how much of its quota there is."""
    rows = [domain_name(quota.domain) for quota in quotas]
    shares = [quota.taken / quota.quota if quota.quota else 1.0 for quota in quotas]
    labels = [
        f"<b>{short_number(quota.available)}</b> <span style='opacity:.65'>"
        f"{_('of {n}').format(n=short_number(quota.quota))}</span>"
        for quota in quotas
    ]
    hover = [
        [number(quota.available), number(quota.quota), share(quota.taken, quota.quota), number(quota.shortfall)]
        for quota in quotas
    ]
    words = _("%{customdata[0]} of %{customdata[1]} (%{customdata[2]})<br>%{customdata[3]} short")
    return go.Figure(
        {
            "data": [
                tracks(rows),
                bars(rows, shares, ACCENT, hover, words),
                words_beside(rows, [1.0] * len(rows), labels),
            ],
            "layout": row_layout(len(rows), 1.0, room=_LABEL_ROOM, gap=0.42, overlay=True, row_px=_ROW_PX),
        }
    )


@per_language(maxsize=16)
def length_figure(bins: tuple[LengthBin, ...]) -> go.Figure:
    """Candidates by their length in tokens: accepted below, the others on top."""
    labels = [short_number(bin.low) for bin in bins]
    ranges = [f"{number(bin.low)}–{number(bin.high - 1)}" for bin in bins]
    data = []
    for name, counts, colour in (
        (_("accepted"), [bin.accepted for bin in bins], CORRECT),
        (_("not accepted"), [bin.candidates - bin.accepted for bin in bins], FAINT),
    ):
        data.append(
            {
                "type": "bar",
                "x": list(range(len(bins))),
                "y": counts,
                "name": name,
                "marker": {"color": colour, "line": {"width": 0}},
                "customdata": [[reach, number(count)] for reach, count in zip(ranges, counts, strict=True)],
                "hovertemplate": "%{customdata[0]} " + _("tokens") + "<br>%{customdata[1]} " + name + "<extra></extra>",
            }
        )
    step = max(1, -(-len(bins) // 7))
    shown = list(range(0, len(bins), step))
    tick = {"size": TEXT_PX - 1, "color": INK}
    whole = {
        **layout(bottom=36),
        "barmode": "stack",
        "bargap": 0.12,
        "showlegend": False,
        "height": LENGTHS_PX,
        "xaxis": {
            "fixedrange": True, "showgrid": False, "zeroline": False, "ticks": "", "tickfont": tick,
            "tickangle": 0, "tickvals": shown, "ticktext": [labels[at] for at in shown],
            "title": {"text": _("tokens"), "standoff": 4, "font": tick},
        },
        "yaxis": {
            "fixedrange": True, "nticks": 4, "tickformat": "~s", "ticks": "", "zeroline": False, "tickfont": tick,
            "automargin": True,
        },
    }  # fmt: skip
    return go.Figure({"data": data, "layout": whole})


def lengths_in_words(bins: Sequence[LengthBin]) -> str:
    """The middle of the accepted lengths, for readers who do not see the chart; "" where nothing is accepted."""
    total = sum(bin.accepted for bin in bins)
    seen = 0
    for bin in bins:
        seen += bin.accepted
        if total and seen * 2 >= total:
            return _("Half of the accepted responses have fewer than {n} tokens.").format(n=number(bin.high))
    return ""


def difficulty_in_words(bands: Sequence[DifficultyBand]) -> str:
    """How many prompts are solved never and always."""
    prompts = sum(band.prompts for band in bands)
    if not prompts:
        return ""
    return _("{never} of the prompts are never solved, {always} always.").format(
        never=percent(bands[0].prompts / prompts), always=percent(bands[-1].prompts / prompts)
    )
