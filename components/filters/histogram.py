"""The small histogram of one rule: what passes the bound is solid, what does not is faint, and the bound is a line."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import plotly.graph_objects as go

from components.chart_style import FAINT, INK, TEXT_PX, layout
from components.format import number
from components.measure_words import is_share, is_yes_no, setting_words
from components.palette import ACCENT, CORRECT
from components.text import _, per_language
from curation.histograms import Histogram
from curation.thresholds import ThresholdRule

HEIGHT_PX: Final = 56
_FEWEST_BINS: Final = 10  # a slider of three steps would not say where in the chart it is


@dataclass(frozen=True, slots=True)
class Reach:
    """The part of a measure's bins that chart and slider show: from bin `first` to bin `last`, both included."""

    first: int
    last: int


def reach(histogram: Histogram, rules: Sequence[ThresholdRule]) -> Reach:
    """The bins that hold something and those that the rules' bounds are in."""
    occupied, end = histogram.occupied(), len(histogram.edges) - 1
    if is_yes_no(histogram.measure):
        return Reach(0, end)
    places = [occupied.start, occupied.stop - 1] if occupied else [0]
    for rule in rules:
        places += [math.ceil(histogram.position(bound)) for bound in (rule.min, rule.max) if bound is not None]
    first, last = max(min(places), 0), max(places)
    last = min(max(last, first + _FEWEST_BINS), end)
    return Reach(max(min(first, last - _FEWEST_BINS), 0), last)


def slider_values(histogram: Histogram, shown: Reach, rules: Sequence[ThresholdRule]) -> list[float]:
    """The values that a slider over these bins can take: their edges, and the bounds of the rules as they are."""
    edges = histogram.edges[max(shown.first - 1, 0) : shown.last + 1]
    if is_share(histogram.measure):
        edges = tuple(edge for edge in edges if edge == 1 or edge <= 0.99)  # the bin of exactly 1 begins just below it
    bounds = [bound for rule in rules for bound in (rule.min, rule.max) if bound is not None]
    return sorted({*edges, *bounds})


def histogram_figure(histogram: Histogram, rule: ThresholdRule, shown: Reach) -> go.Figure:
    """The bins of `shown` over the rule's domains; heights are square roots of counts, so that few can be seen."""
    low = histogram.position_below(rule.min) if rule.min is not None else -1.0
    high = histogram.position(rule.max) if rule.max is not None else float(len(histogram.edges) - 1)
    bins = slice(shown.first, shown.last + 1)
    return _figure(
        histogram.measure,
        (histogram.edges[shown.first - 1] if shown.first else -math.inf, *histogram.edges[bins]),
        histogram.counts(rule.domains)[bins],
        shown.first,
        (low, high),
        (rule.min is not None, rule.max is not None),
        rule.enabled,
    )


@per_language(maxsize=256)
def _figure(
    measure: str,
    edges: tuple[float, ...],
    counts: tuple[int, ...],
    first: int,
    kept: tuple[float, float],
    lines: tuple[bool, bool],
    is_on: bool,
) -> go.Figure:
    """`edges`: (n + 1,); `counts`: (n,); bin i reaches from first + i - 1 to first + i, on the axis of `kept`."""
    middles, widths, heights, colours, hover = [], [], [], [], []
    for at, count in enumerate(counts):
        left, right = float(first + at - 1), float(first + at)
        words = [_values(measure, edges[at], edges[at + 1]), number(count)]
        cuts = sorted({left, right, *(min(max(bound, left), right) for bound in kept)})
        for start, stop in itertools.pairwise(cuts):
            middles.append((start + stop) / 2)
            widths.append(stop - start - min(0.14, (stop - start) / 2))
            heights.append(math.sqrt(count))
            passes = kept[0] <= start and stop <= kept[1]
            colours.append(CORRECT if passes and is_on else FAINT)
            hover.append(words)
    bars = {
        "type": "bar",
        "x": middles,
        "y": heights,
        "width": widths,
        "marker": {"color": colours, "line": {"width": 0}},
        "customdata": hover,
        "hovertemplate": "%{customdata[0]}<br><b>%{customdata[1]}</b> " + _("correct candidates") + "<extra></extra>",
    }
    yes_no = is_yes_no(measure)
    axis: dict[str, Any] = {"fixedrange": True, "showgrid": False, "zeroline": False, "ticks": ""}
    whole = {
        **layout(top=2, bottom=26 if yes_no else 2),
        "height": HEIGHT_PX + 24 * yes_no,
        "showlegend": False,
        "barmode": "overlay",
        "xaxis": {
            **axis,
            "range": [first - 1.06, first + len(counts) - 0.94],
            "showticklabels": yes_no,
            "tickvals": [-0.5, 0.5],
            "ticktext": [_("no"), _("yes")],
            "tickfont": {"size": TEXT_PX - 1, "color": INK},
        },
        "yaxis": {**axis, "visible": False, "range": [0, max(1.0, *heights) * 1.04]},
        "shapes": [_line(at) for at, is_drawn in zip(kept, lines, strict=True) if is_drawn],
    }
    return go.Figure({"data": [bars], "layout": whole})


def _line(at: float) -> dict[str, Any]:
    return {
        "type": "line", "xref": "x", "yref": "paper", "x0": at, "x1": at, "y0": 0, "y1": 1,
        "line": {"color": ACCENT, "width": 2},
    }  # fmt: skip


def _values(measure: str, above: float, up_to: float) -> str:
    """What is in the bin (above, up_to]: "161–180", "0.925–0.95", "yes"."""
    if is_yes_no(measure) or above == -math.inf or (is_share(measure) and up_to == 1 and above > 0.99):
        return setting_words(measure, up_to)
    if is_share(measure):
        return f"{setting_words(measure, above)}–{setting_words(measure, up_to)}"
    first = setting_words(measure, above + 1)
    return first if above + 1 == up_to else f"{first}–{setting_words(measure, up_to)}"
