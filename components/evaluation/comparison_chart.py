"""The chart that sets models side by side: pass@1 with intervals, and how often each habit occurs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import plotly.graph_objects as go

from components.chart_style import INK, QUIET, TEXT_PX, layout
from components.format import percent
from components.palette import ACCENT
from components.row_bars import ROW_AXIS, row_labels, words_beside
from components.text import per_language

_COLUMN_GAP: Final = 0.045
_MANY: Final = 5
"""Above so many columns, titles take two lines and bars leave more room to their numbers."""


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


@per_language(maxsize=16)
def comparison_figure(models: tuple[str, ...], columns: tuple[ModelColumn, ...]) -> go.Figure:
    """One row a model, one column a quantity: pass@1 as points with 95 % intervals, rates as bars."""
    rows = row_labels(models)
    traces: list[dict[str, Any]] = []
    titles: list[dict[str, Any]] = []
    axes: dict[str, Any] = {}
    weights = [1.7 if column.is_headline else 1.0 for column in columns]
    unit = (1.0 - _COLUMN_GAP * (len(columns) - 1)) / sum(weights)
    left = 0.0
    headlines = sum(column.is_headline for column in columns)
    rates = [
        value.value for column in columns if not column.is_headline for value in column.values if value is not None
    ]
    longest = max([0.02, *rates])  # one scale for all rates: a bar twice as long is twice the rate, in any column
    # written as plain values: Plotly's own subplots check every step, and take a second to do it
    for number_, (column, weight) in enumerate(zip(columns, weights, strict=True), start=1):
        axis = "x" if number_ == 1 else f"x{number_}"
        traces += [{**trace, "xaxis": axis, "yaxis": "y"} for trace in _column_traces(rows, column)]
        axes[f"xaxis{axis[1:]}"] = {
            **_column_axis(
                column, ticks=3 if headlines > 2 else 5, end=longest * (2.6 if len(columns) > _MANY else 1.75)
            ),
            "domain": [left, min(1.0, left + weight * unit)],
            "anchor": "y",
            "fixedrange": True,
            "ticks": "",
            "zeroline": True,
            "tickfont": {"size": TEXT_PX - 1},
        }
        titles.append(
            {
                "text": column.title.replace(" ", "<br>", 1) if len(columns) > _MANY else column.title,
                "x": left + weight * unit / 2,
                "xref": "paper",
                "xanchor": "center",
                "y": 1,
                "yref": "paper",
                "yanchor": "bottom",
                "yshift": 8,
                "showarrow": False,
                "font": {"size": TEXT_PX, "color": INK},
            }
        )
        left += weight * unit + _COLUMN_GAP
    whole = {
        **layout(top=40, bottom=24),
        **axes,
        "yaxis": {**ROW_AXIS, "categoryorder": "array", "categoryarray": rows},
        "annotations": titles,
        "barmode": "overlay",
        "bargap": 0.42,
        "showlegend": False,
        "height": 46 * len(rows) + 76,
    }
    return go.Figure({"data": traces, "layout": whole})


def _column_traces(rows: Sequence[str], column: ModelColumn) -> list[dict[str, Any]]:
    known = [(row, value) for row, value in zip(rows, column.values, strict=True) if value is not None]
    unknown = [row for row, value in zip(rows, column.values, strict=True) if value is None]
    labels = [row for row, _value in known]
    values = [value.value for _row, value in known]
    highs = [value.value if value.high is None else value.high for _row, value in known]
    lows = [value.value if value.low is None else value.low for _row, value in known]
    drawn: dict[str, Any] = {
        "y": labels,
        "x": values,
        "customdata": [[_measured(value)] for _row, value in known],
        "hovertemplate": f"<b>%{{y}}</b><br>{column.title}: %{{customdata[0]}}<extra></extra>",
    }
    if column.is_headline:
        drawn |= {
            "type": "scatter",
            "mode": "markers",
            "cliponaxis": False,
            "marker": {"color": ACCENT, "size": 9, "line": {"width": 0}},
            "error_x": {
                "type": "data",
                "symmetric": False,
                "color": ACCENT,
                "thickness": 2.5,
                "width": 6,
                "array": [high - value for high, value in zip(highs, values, strict=True)],
                "arrayminus": [value - low for low, value in zip(lows, values, strict=True)],
            },
        }
    else:
        drawn |= {"type": "bar", "orientation": "h", "marker": {"color": QUIET, "line": {"width": 0}}}
    digits = 0 if column.is_headline else 1
    numbers = words_beside(
        labels, highs if column.is_headline else values, [percent(value, digits) for value in values]
    )
    return [drawn, numbers, *([words_beside(unknown, [0.0] * len(unknown), ["–"] * len(unknown))] if unknown else [])]


def _column_axis(column: ModelColumn, ticks: int, end: float) -> dict[str, Any]:
    if column.is_headline:
        values = [number / (ticks - 1) for number in range(ticks)]
        # beyond 100 % is the room for the number beside an interval that ends there
        return {"range": [0.0, 1.4 if ticks < 5 else 1.2], "tickvals": values, "tickformat": ".0%", "showgrid": True}
    return {"range": [0.0, end], "showticklabels": False, "showgrid": False}


def _measured(value: Measured) -> str:
    if value.low is None or value.high is None:
        return percent(value.value, 1)
    return f"{percent(value.value, 1)} ({percent(value.low, 1)} – {percent(value.high, 1)})"
