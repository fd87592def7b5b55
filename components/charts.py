"""The funnel and the verdicts by domain, as Plotly figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import plotly.graph_objects as go
import streamlit as st

from components.chart_style import ROW_AXIS, TEXT_PX, layout, row_label, words_beside
from components.format import number, percent, share, short_number
from components.palette import NEUTRAL, NOT_SCORED, VERDICTS, Mark, tint
from components.text import _, per_language

ROW_PX: Final = 34
_FAINT: Final = tint(NEUTRAL, 0.32)
_LABEL_ROOM: Final = 1.75  # the longest bar leaves this share of the width to the numbers beside it


@dataclass(frozen=True, slots=True)
class FunnelBar:
    """One step of the funnel: `left` candidates after it, `removed` by it, and the words for the label's hover."""

    label: str
    left: int
    removed: int
    colour: str
    share_of: int | None = None  # whole that the label's percentage refers to; None for no percentage
    definition: str = ""
    is_apart: bool = False  # counts something else than candidates: its number is written, without a bar


@dataclass(frozen=True, slots=True)
class VerdictCounts:
    """How many candidates of one domain got each verdict; those in none of the four are not scored yet."""

    domain: str
    candidates: int
    by_verdict: tuple[tuple[str, int], ...]  # (verdict, count)


@per_language(maxsize=16)
def funnel_figure(bars: tuple[FunnelBar, ...]) -> go.Figure:
    """Horizontal bars, widest first: what each step leaves (solid) and what it takes away (faint)."""
    rows = [bar.label for bar in bars]
    traces = [
        _bars(
            rows,
            [0 if bar.is_apart else getattr(bar, part) for bar in bars],
            colours,
            [[bar.definition, number(getattr(bar, part))] for bar in bars],
            "<b>%{y}</b><br>%{customdata[1]} " + word + "<br>%{customdata[0]}<extra></extra>",
        )
        for part, colours, word in (
            ("left", [bar.colour for bar in bars], _("left")),
            ("removed", [_FAINT] * len(bars), _("removed")),
        )
    ]
    ends = [0 if bar.is_apart else bar.left + bar.removed for bar in bars]
    whole = {
        **layout(),
        "xaxis": {"visible": False, "fixedrange": True, "range": [0, max([1, *ends]) * _LABEL_ROOM]},
        "yaxis": ROW_AXIS,
        "barmode": "stack",
        "bargap": 0.28,
        "showlegend": False,
        "height": ROW_PX * len(bars) + 12,
    }
    labels = words_beside(rows, ends, [_funnel_label(bar) for bar in bars])
    return go.Figure({"data": [*traces, labels], "layout": whole})


def verdicts_present(domains: Sequence[VerdictCounts]) -> list[tuple[str, Mark]]:
    """The verdicts that a legend has to name: the usual three, and the exceptions where they occur."""
    marks = [*VERDICTS.items(), ("", NOT_SCORED)]
    return [
        (name, mark)
        for name, mark in marks
        if name not in ("", "error") or any(_count(counts, name) for counts in domains)
    ]


def verdict_legend(domains: Sequence[VerdictCounts]) -> None:
    """The colours of `verdict_figure` with their icons and words; wraps where there is little room."""
    marks = [mark for _name, mark in verdicts_present(domains)]
    st.markdown(" ".join(f":{mark.badge}-badge[{mark.icon} {mark.word}]" for mark in marks))


@per_language(maxsize=16)
def verdict_figure(domains: tuple[VerdictCounts, ...]) -> go.Figure:
    """One bar a domain, cut into the shares of its verdicts; the number of candidates stands at its end."""
    rows = [row_label(counts.domain) for counts in domains]
    traces: list[dict[str, Any]] = []
    for name, mark in verdicts_present(domains):
        counted = [_count(counts, name) for counts in domains]
        shares = [count / max(counts.candidates, 1) for count, counts in zip(counted, domains, strict=True)]
        trace = _bars(
            rows,
            shares,
            [_FAINT if mark is NOT_SCORED else mark.colour] * len(rows),
            [[mark.word, number(count), percent(part, 1)] for count, part in zip(counted, shares, strict=True)],
            "<b>%{y}</b><br>%{customdata[0]}: %{customdata[1]} (%{customdata[2]})<extra></extra>",
        )
        trace["text"] = [percent(part) if part >= 0.09 and mark is not NOT_SCORED else "" for part in shares]
        trace |= {"textposition": "inside", "insidetextanchor": "middle", "textangle": 0}
        trace["textfont"] = {"color": "#FFFFFF", "size": TEXT_PX}
        traces.append(trace)
    totals = words_beside(rows, [1.0] * len(rows), [short_number(counts.candidates) for counts in domains])
    whole = {
        **layout(),
        "xaxis": {"visible": False, "fixedrange": True, "range": [0, 1.26]},
        "yaxis": ROW_AXIS,
        "barmode": "stack",
        "bargap": 0.3,
        "uniformtext": {"minsize": TEXT_PX - 1, "mode": "hide"},
        "showlegend": False,
        "height": ROW_PX * len(rows) + 8,
    }
    return go.Figure({"data": [*traces, totals], "layout": whole})


def _funnel_label(bar: FunnelBar) -> str:
    text = f"<b>{number(bar.left)}</b>"
    if bar.share_of is not None:
        text += f"  {share(bar.left, bar.share_of)}"
    if bar.removed:
        text += f"  <span style='opacity:.65'>−{number(bar.removed)}</span>"
    return text


def _count(counts: VerdictCounts, verdict: str) -> int:
    by_verdict = dict(counts.by_verdict)
    return by_verdict.get(verdict, 0) if verdict else counts.candidates - sum(by_verdict.values())


def _bars(
    rows: Sequence[str], lengths: Sequence[float], colours: Sequence[str], hover: Sequence[Sequence[str]], template: str
) -> dict[str, Any]:
    return {
        "type": "bar",
        "orientation": "h",
        "y": list(rows),
        "x": list(lengths),
        "marker": {"color": list(colours), "line": {"width": 0}},
        "customdata": [list(row) for row in hover],
        "hovertemplate": template,
    }
