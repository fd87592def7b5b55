"""The chart of the Training page: loss on top, learning rate and gradient norm below it on the same axis.

Several runs are laid over one another; a long run is thinned to what the screen can show. It is an ECharts chart and
no Plotly one, since Streamlit draws those anew when a number changes: a curve that grows would flicker, and lose the
reader's zoom every two seconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import streamlit as st

from components.chart_style import TEXT_PX
from components.palette import ACCENT, CORRECT, ERROR, INCORRECT, UNDECIDED, tint
from components.text import N_, _
from training.metric_history import MetricCurves, Values, smoothed, thinned

HEIGHT: Final = 600
SPARK_PX: Final = 48
AXES: Final = {"step": N_("Steps"), "tokens": N_("Tokens"), "time": N_("Time")}
"""What the horizontal axis can count."""

STYLES: Final = (
    (ACCENT, "solid"),
    (UNDECIDED, "dashed"),
    (ERROR, "dotted"),
    (CORRECT, [8, 3, 2, 3]),
    (INCORRECT, [14, 5]),
)
"""Colour and dash of the chosen run, then of those laid over it; no line is told by its colour alone."""

MOST_RUNS: Final = len(STYLES)
POINTS: Final = 1_000
_SMALL_POINTS: Final = 400
_LONGEST_NAME: Final = 72
_PANELS: Final = (
    ("loss", N_("Loss"), 34, 300),
    ("learning_rate", N_("Learning rate"), 374, 64),
    ("grad_norm", N_("Gradient norm"), 474, 64),
)
"""Column, title, top and height in pixels."""

_UNITS: Final[Mapping[str, tuple[tuple[float, float, str], ...]]] = {
    "step": ((0, 1, N_("Steps")),),
    "tokens": ((2e9, 1e9, N_("Billion tokens")), (2e6, 1e6, N_("Million tokens")), (0, 1, N_("Tokens"))),
    "time": ((2 * 86_400, 3_600, N_("Hours")), (2 * 3_600, 60, N_("Minutes")), (0, 1, N_("Seconds"))),
}
"""Of each axis: from which length on, how much one of it is, and what it is called."""

_LEFT: Final = 56


@dataclass(frozen=True, slots=True)
class Drawn:
    """One run in the chart: what the legend calls it, and its curves."""

    name: str
    curves: MetricCurves


@dataclass(frozen=True, slots=True)
class Look:
    """How the reader wants it drawn: `axis` of AXES, smoothing weight in [0, 1), a logarithmic loss axis."""

    axis: str = "step"
    smoothing: float = 0.8
    log: bool = False


def show_curves(runs: Sequence[Drawn], look: Look, *, key: str, alt: str) -> None:
    """Draw the chart; when its numbers grow it is changed in place."""
    st.echarts_chart(curves_option(runs, look), height=HEIGHT, key=key, alt=alt)


def show_sparkline(curves: MetricCurves, colour: str, *, key: str, alt: str) -> None:
    """The smoothed loss as a line without axes, for a card."""
    line = smoothed(curves.loss, 0.6)
    kept = thinned(line, 60)
    hidden = {"type": "value", "show": False, "scale": True}
    option = {
        "animation": False,
        "grid": {"left": 2, "right": 2, "top": 4, "bottom": 4},
        "xAxis": hidden,
        "yAxis": hidden,
        "series": [_line(curves.step, line, kept) | {"lineStyle": {"color": colour, "width": 1.6}, "silent": True}],
    }
    st.echarts_chart(option, height=SPARK_PX, key=key, alt=alt)


def curves_option(runs: Sequence[Drawn], look: Look) -> dict[str, Any]:
    """The chart as ECharts reads it: the chosen run first; of the others only the smoothed loss is drawn."""
    positions = [_positions(run.curves, look.axis) for run in runs]
    longest = max((float(x[-1]) for x in positions if len(x)), default=0.0)
    unit, title = next((size, _(words)) for least, size, words in _UNITS[look.axis] if longest >= least)
    series: list[dict[str, Any]] = []
    for number, (run, x) in enumerate(zip(runs, positions, strict=True)):
        series += _run_series(run, x / unit, number, look, is_alone=len(runs) == 1)
    named = [each["name"] for each in series if each.pop("is_named")]
    is_empty = all(not len(run.curves.step) for run in runs)
    last = len(_PANELS) - 1
    return {
        "animation": False,
        "title": [
            {"text": _(words), "left": 0, "top": top - 30, "textStyle": {"fontSize": TEXT_PX, "fontWeight": 600}}
            for _name, words, top, _height in _PANELS
        ]
        + ([_waiting()] if is_empty else []),
        "legend": {
            "data": named, "orient": "vertical", "right": 8, "top": 36, "itemWidth": 34, "align": "left",
            "textStyle": {"fontSize": TEXT_PX}, "backgroundColor": "transparent",
        },
        "grid": [
            {"left": _LEFT, "right": 12, "top": top, "height": height, "outerBoundsMode": "none"}
            for *_rest, top, height in _PANELS
        ],
        "xAxis": [
            {
                "type": "value", "gridIndex": number, "min": 0, "max": "dataMax", "splitLine": {"show": False},
                "axisLabel": {"show": number == last, "hideOverlap": True, "showMaxLabel": False},
                "axisTick": {"show": False},
                "axisLine": {"show": True, "onZero": False, "lineStyle": {"opacity": 0.3}},
                "name": title if number == last else "", "nameLocation": "middle", "nameGap": 26,
                "nameTextStyle": {"fontSize": TEXT_PX},
            }
            for number in range(len(_PANELS))
        ],
        "yAxis": [_y_axis(number, name, look, is_empty) for number, (name, *_rest) in enumerate(_PANELS)],
        "axisPointer": {
            "link": [{"xAxisIndex": "all"}], "lineStyle": {"type": "dashed"},
            "label": {"show": False, "precision": 0 if unit == 1 else 2},
        },
        "tooltip": {"trigger": "axis", "valueFormatter": "%.4g", "confine": True, "textStyle": {"fontSize": TEXT_PX}},
        "dataZoom": [
            {
                "type": "slider", "xAxisIndex": list(range(len(_PANELS))), "bottom": 4, "height": 16, "left": _LEFT,
                "right": 12, "showDataShadow": False, "brushSelect": False, "filterMode": "none", "showDetail": False,
                "disabled": is_empty, "show": not is_empty,
            },
            {
                "type": "inside", "xAxisIndex": list(range(len(_PANELS))), "zoomOnMouseWheel": "ctrl",
                "moveOnMouseWheel": False, "filterMode": "none",
            },
        ],
        "series": series,
    }  # fmt: skip


def _run_series(run: Drawn, x: Values, number: int, look: Look, *, is_alone: bool) -> list[dict[str, Any]]:
    curves = run.curves
    colour, dash = STYLES[number % len(STYLES)]
    name = run.name if len(run.name) <= _LONGEST_NAME else f"{run.name[: _LONGEST_NAME - 1]}…"
    loss = np.where(curves.loss > 0, curves.loss, np.nan) if look.log else curves.loss
    series = []
    if number == 0 and look.smoothing > 0:
        raw = {"name": _("as logged"), "lineStyle": {"color": tint(colour, 0.35), "width": 1}, "silent": True}
        raw |= {"tooltip": {"show": False}, "itemStyle": {"color": tint(colour, 0.35)}, "is_named": is_alone}
        series.append(_line(x, loss, thinned(loss, POINTS)) | raw)
    style = {"lineStyle": {"color": colour, "width": 2, "type": dash}, "itemStyle": {"color": colour}}
    line = smoothed(loss, look.smoothing)
    called = (_("smoothed") if look.smoothing > 0 else _("loss")) if is_alone else name
    series.append(_line(x, line, thinned(line, POINTS)) | style | {"name": called, "is_named": True})
    if not np.isnan(curves.eval_loss).all():
        points = _line(x, curves.eval_loss, thinned(curves.eval_loss, _SMALL_POINTS)) | style
        points |= {"lineStyle": {"color": colour, "width": 1, "type": "dotted"}, "symbol": "diamond", "symbolSize": 9}
        called = _("evaluation loss") if is_alone else _("{run}, evaluation").format(run=name)
        series.append(points | {"name": called, "is_named": is_alone})
    for panel, (column, title, *_rest) in enumerate(_PANELS):
        if panel:
            values = getattr(curves, column)
            small = _line(x, values, thinned(values, _SMALL_POINTS)) | style
            small |= {"lineStyle": {"color": colour, "width": 1.4, "type": dash}, "xAxisIndex": panel}
            called = _(title).lower() if is_alone else name
            told = {"yAxisIndex": panel, "is_named": False, "tooltip": {"show": is_alone}}
            series.append(small | {"name": called} | told)
    return series


def _line(x: Values, y: Values, kept: np.ndarray[Any, Any]) -> dict[str, Any]:
    points = [[float(f"{left:.7g}"), float(f"{right:.5g}")] for left, right in zip(x[kept], y[kept], strict=True)]
    return {"type": "line", "data": points, "symbol": "none", "emphasis": {"disabled": True}}


def _positions(curves: MetricCurves, axis: str) -> Values:
    """Where each logged step stands on the horizontal axis; what was not logged is put between its neighbours."""
    if axis == "step" or not len(curves.step):
        return curves.step
    values: Values = getattr(curves, axis)
    known = ~np.isnan(values)
    if not known.any():
        return curves.step
    whole = np.interp(curves.step, curves.step[known], values[known])
    return whole - whole[0] if axis == "time" else whole


def _y_axis(number: int, name: str, look: Look, is_empty: bool) -> dict[str, Any]:
    axis: dict[str, Any] = {
        "type": "log" if name == "loss" and look.log else "value",
        "gridIndex": number,
        "show": not is_empty,
        "scale": name == "loss",
        "splitNumber": 5 if name == "loss" else 2,
        "axisLabel": {"hideOverlap": True},
    }
    return axis | {"logBase": 2} if name == "loss" else axis | {"min": 0}


def _waiting() -> dict[str, Any]:
    return {
        "text": _("The curve begins with the first step."), "left": "center", "top": 160,
        "textStyle": {"fontSize": TEXT_PX, "fontWeight": 400},
    }  # fmt: skip
