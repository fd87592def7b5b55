"""The charts that several pages draw, as Plotly figures: the funnel, verdicts by domain, and models side by side.

Only colours that carry a meaning are set here; text, grid and background follow the theme of the app.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import plotly.graph_objects as go
import streamlit as st
from plotly.subplots import make_subplots

from components.format import number, percent, share, short_number
from components.palette import ACCENT, NEUTRAL, NOT_SCORED, VERDICTS, Mark, tint
from components.text import _

ROW_PX: Final = 34
TEXT_PX: Final = 13
INK: Final = "#000037"
"""Streamlit's placeholder for the colour of text; the browser puts in that of the theme, and follows its changes."""

_FAINT: Final = tint(NEUTRAL, 0.32)
_QUIET: Final = tint(NEUTRAL, 0.8)
_LABEL_ROOM: Final = 1.62  # the longest bar leaves this share of the width to the numbers beside it


@dataclass(frozen=True, slots=True)
class FunnelBar:
    """One step of the funnel: `left` candidates after it, `removed` by it, and the words for the label's hover."""

    label: str
    left: int
    removed: int
    colour: str
    share_of: int | None = None  # whole that the label's percentage refers to; None for no percentage
    definition: str = ""


@dataclass(frozen=True, slots=True)
class VerdictCounts:
    """How many candidates of one domain got each verdict; those in none of the four are not scored yet."""

    domain: str
    candidates: int
    by_verdict: tuple[tuple[str, int], ...]  # (verdict, count)


@dataclass(frozen=True, slots=True)
class Measured:
    """A number in [0, 1] of one model, with the bounds of its 95 % interval where it has one."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class ModelColumn:
    """One quantity that models are compared by; `values` is in the order of the models, None where it is unknown."""

    title: str
    values: tuple[Measured | None, ...]
    is_headline: bool = False  # drawn as points with intervals


def show(figure: go.Figure, *, key: str, alt: str) -> None:
    """Draw a figure at its own height, without the tool bar and without catching the page's scrolling."""
    st.plotly_chart(figure, key=key, alt=alt, config={"displayModeBar": False, "scrollZoom": False})


def funnel_figure(bars: Sequence[FunnelBar]) -> go.Figure:
    """Horizontal bars, widest first: what each step leaves (solid) and what it takes away (faint)."""
    labels = [bar.label for bar in bars]
    figure = go.Figure()
    figure.add_bar(
        y=labels,
        x=[bar.left for bar in bars],
        orientation="h",
        marker={"color": [bar.colour for bar in bars], "line": {"width": 0}},
        customdata=[[bar.definition, number(bar.left)] for bar in bars],
        hovertemplate="<b>%{y}</b><br>%{customdata[1]} " + _("left") + "<br>%{customdata[0]}<extra></extra>",
    )
    figure.add_bar(
        y=labels,
        x=[bar.removed for bar in bars],
        orientation="h",
        marker={"color": _FAINT, "line": {"width": 0}},
        customdata=[[bar.definition, number(bar.removed)] for bar in bars],
        hovertemplate="<b>%{y}</b><br>%{customdata[1]} " + _("removed") + "<br>%{customdata[0]}<extra></extra>",
    )
    figure.add_scatter(
        y=labels,
        x=[bar.left + bar.removed for bar in bars],
        mode="text",
        text=[_funnel_label(bar) for bar in bars],
        textposition="middle right",
        cliponaxis=False,
        hoverinfo="skip",
    )
    longest = max((bar.left + bar.removed for bar in bars), default=0)
    figure.update_layout(barmode="stack", bargap=0.28, showlegend=False, height=ROW_PX * len(bars) + 12)
    figure.update_xaxes(visible=False, fixedrange=True, range=[0, max(longest, 1) * _LABEL_ROOM])
    return _with_rows(figure)


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


def verdict_figure(domains: Sequence[VerdictCounts]) -> go.Figure:
    """One bar a domain, cut into the shares of its verdicts; the number of candidates stands at its end."""
    rows = [_row_label(counts.domain) for counts in domains]
    figure = go.Figure()
    for name, mark in verdicts_present(domains):
        counted = [_count(counts, name) for counts in domains]
        shares = [count / max(counts.candidates, 1) for count, counts in zip(counted, domains, strict=True)]
        figure.add_bar(
            y=rows,
            x=shares,
            orientation="h",
            name=mark.word,
            marker={"color": _fill(mark), "line": {"width": 0}},
            text=[percent(part) if part >= 0.09 and mark is not NOT_SCORED else "" for part in shares],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            textfont={"color": "#FFFFFF", "size": TEXT_PX},
            customdata=[
                [mark.word, number(count), percent(part, 1)] for count, part in zip(counted, shares, strict=True)
            ],
            hovertemplate="<b>%{y}</b><br>%{customdata[0]}: %{customdata[1]} (%{customdata[2]})<extra></extra>",
        )
    figure.add_scatter(
        y=rows,
        x=[1.0] * len(rows),
        mode="text",
        text=[f"  {short_number(counts.candidates)}" for counts in domains],
        textposition="middle right",
        cliponaxis=False,
        hoverinfo="skip",
        showlegend=False,
    )
    figure.update_layout(
        barmode="stack",
        bargap=0.3,
        uniformtext={"minsize": TEXT_PX - 1, "mode": "hide"},
        height=ROW_PX * len(rows) + 8,
        showlegend=False,
    )
    figure.update_xaxes(visible=False, fixedrange=True, range=[0, 1.2])
    return _with_rows(figure)


def comparison_figure(models: Sequence[str], columns: Sequence[ModelColumn]) -> go.Figure:
    """One row a model, one column a quantity: pass@1 as points with 95 % intervals, rates as bars."""
    widths = [1.7 if column.is_headline else 1.0 for column in columns]
    figure = make_subplots(
        rows=1, cols=len(columns), shared_yaxes=True, horizontal_spacing=0.045, column_widths=widths,
        subplot_titles=[column.title for column in columns],
    )  # fmt: skip
    labels = [_row_label(model) for model in models]
    for at, column in enumerate(columns, start=1):
        known = [(label, value) for label, value in zip(labels, column.values, strict=True) if value is not None]
        _draw_column(figure, at, column, known)
        unknown = [label for label, value in zip(labels, column.values, strict=True) if value is None]
        if unknown:
            figure.add_scatter(
                row=1, col=at, y=unknown, x=[0.0] * len(unknown), mode="text", text=["–"] * len(unknown),
                textposition="middle right", hoverinfo="skip",
            )  # fmt: skip
        figure.update_xaxes(row=1, col=at, range=_column_range(column), fixedrange=True)
        if column.is_headline:
            figure.update_xaxes(row=1, col=at, tickvals=[0, 0.25, 0.5, 0.75, 1], tickformat=".0%", showgrid=True)
        else:
            figure.update_xaxes(row=1, col=at, showticklabels=False, showgrid=False)
    figure.update_xaxes(zeroline=True, ticks="", tickfont={"size": TEXT_PX - 1})
    figure.update_annotations(font={"size": TEXT_PX, "color": INK}, yshift=8)
    figure.update_layout(barmode="overlay", bargap=0.42, showlegend=False, height=46 * len(labels) + 76)
    figure.update_yaxes(categoryorder="array", categoryarray=labels)
    return _with_rows(figure, top=40, bottom=24)


def _draw_column(figure: go.Figure, at: int, column: ModelColumn, known: Sequence[tuple[str, Measured]]) -> None:
    labels = [label for label, _value in known]
    values = [value.value for _label, value in known]
    hover = [[_measured(value)] for _label, value in known]
    template = f"<b>%{{y}}</b><br>{column.title}: %{{customdata[0]}}<extra></extra>"
    if column.is_headline:
        figure.add_scatter(
            row=1, col=at, y=labels, x=values, mode="markers", cliponaxis=False,
            marker={"color": ACCENT, "size": 9, "line": {"width": 0}},
            error_x={
                "type": "data", "symmetric": False, "color": ACCENT, "thickness": 2.5, "width": 6,
                "array": [(v.high if v.high is not None else v.value) - v.value for _label, v in known],
                "arrayminus": [v.value - (v.low if v.low is not None else v.value) for _label, v in known],
            },
            customdata=hover, hovertemplate=template,
        )  # fmt: skip
        ends = [value.high if value.high is not None else value.value for _label, value in known]
    else:
        figure.add_bar(
            row=1, col=at, y=labels, x=values, orientation="h", marker={"color": _QUIET, "line": {"width": 0}},
            customdata=hover, hovertemplate=template,
        )  # fmt: skip
        ends = values
    figure.add_scatter(
        row=1, col=at, y=labels, x=ends, mode="text", hoverinfo="skip", cliponaxis=False, textposition="middle right",
        text=[f"  {percent(value.value, 0 if column.is_headline else 1)}" for _label, value in known],
    )  # fmt: skip


def _column_range(column: ModelColumn) -> list[float]:
    if column.is_headline:
        return [0.0, 1.12]
    longest = max((value.value for value in column.values if value is not None), default=0.0)
    return [0.0, max(longest, 0.02) * 1.75]


def _measured(value: Measured) -> str:
    if value.low is None or value.high is None:
        return percent(value.value, 1)
    return f"{percent(value.value, 1)} ({percent(value.low, 1)} – {percent(value.high, 1)})"


def _funnel_label(bar: FunnelBar) -> str:
    text = f"  <b>{number(bar.left)}</b>"
    if bar.share_of is not None:
        text += f"  {share(bar.left, bar.share_of)}"
    if bar.removed:
        text += f"  <span style='opacity:.65'>−{number(bar.removed)}</span>"
    return text


def _count(counts: VerdictCounts, verdict: str) -> int:
    by_verdict = dict(counts.by_verdict)
    return by_verdict.get(verdict, 0) if verdict else counts.candidates - sum(by_verdict.values())


def _fill(mark: Mark) -> str:
    return _FAINT if mark is NOT_SCORED else mark.colour


def _row_label(text: str) -> str:
    # Plotly reads a few tags; names that people or models chose are not to become links or line breaks
    shown = text if len(text) <= 28 else f"{text[:27]}…"
    return shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _with_rows(figure: go.Figure, top: int = 4, bottom: int = 4) -> go.Figure:
    figure.update_yaxes(
        autorange="reversed", fixedrange=True, title=None, ticks="", showgrid=False, zeroline=False, automargin=True,
        ticklabelstandoff=6, tickfont={"size": TEXT_PX, "color": INK},
    )  # fmt: skip
    figure.update_traces(textfont={"size": TEXT_PX, "color": INK}, selector={"mode": "text"})
    figure.update_layout(
        font={"size": TEXT_PX, "color": INK},
        margin={"l": 0, "r": 0, "t": top, "b": bottom},
        dragmode=False,
        hovermode="closest",
        hoverlabel={"align": "left"},
        uirevision="keep",
    )
    return figure
