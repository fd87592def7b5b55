"""The thin bars of the Sampling page: how responses ended, their verdicts and what is accepted, with the numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import plotly.graph_objects as go
import streamlit as st

from components.chart_style import FAINT, show
from components.format import number, share
from components.palette import ACCENT, CORRECT, NEUTRAL, NOT_SCORED, VERDICTS, Badge, tint
from components.text import _
from curation.sampled import Sampled

BAR_PX: Final = 12
SPARK_PX: Final = 34


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of a bar: a word, how many, and its colour with the badge that goes with it."""

    word: str
    count: int
    colour: str
    icon: str
    badge: Badge


def outcome_bars(counts: Sampled) -> None:
    """Three bars over the same whole, the candidates so far; each keeps its height."""
    _bar(_("How they ended"), ending_slices(counts), key="sampling-endings")
    _bar(_("Verdicts"), verdict_slices(counts), key="sampling-verdicts")
    _bar(_("Of the correct ones, under the default thresholds"), acceptance_slices(counts), key="sampling-accepted")


def ending_slices(counts: Sampled) -> list[Slice]:
    """By themselves, or at the limit of tokens."""
    ended = counts.candidates - counts.truncated
    return [
        Slice(_("Ended by itself"), ended, ACCENT, ":material/check:", "blue"),
        Slice(_("Cut at the limit"), counts.truncated, FAINT, ":material/content_cut:", "gray"),
    ]


def verdict_slices(counts: Sampled) -> list[Slice]:
    """The verdicts so far; a failed check only where there is one."""
    slices = [
        Slice(mark.word, counts.by_verdict.get(name, 0), mark.colour, mark.icon, mark.badge)
        for name, mark in VERDICTS.items()
        if name != "error" or counts.by_verdict.get(name, 0)
    ]
    unscored = counts.candidates - counts.scored
    if unscored:
        slices.append(Slice(NOT_SCORED.word, unscored, FAINT, NOT_SCORED.icon, NOT_SCORED.badge))
    return slices


def acceptance_slices(counts: Sampled) -> list[Slice]:
    """Of the correct ones: within every threshold, or not."""
    return [
        Slice(_("Accepted"), counts.accepted, CORRECT, ":material/done_all:", "green"),
        Slice(
            _("Rejected by a threshold"),
            counts.correct - counts.accepted,
            FAINT,
            ":material/filter_alt_off:",
            "gray",
        ),
    ]


def _bar(title: str, slices: Sequence[Slice], *, key: str) -> None:
    whole = sum(each.count for each in slices)
    with st.container(gap="xxsmall", key=key):
        st.caption(title)
        pieces = tuple((each.word, each.count / max(whole, 1), each.colour) for each in slices)
        alt = f"{title}: " + ", ".join(f"{each.word} {number(each.count)}" for each in slices)
        show(thin_bar(pieces), key=f"{key}-bar", alt=alt)
        st.markdown(
            " ".join(
                f":{each.badge}-badge[{each.icon} {each.word} **{number(each.count)}**"
                + (f" · {share(each.count, whole)}]" if whole else "]")
                for each in slices
            )
        )


def thin_bar(pieces: tuple[tuple[str, float, str], ...]) -> go.Figure:
    """One horizontal bar over the whole width: (word, share, colour) from left to right; faint where nothing is."""
    rest = 1 - sum(share_ for _word, share_, _colour in pieces)
    shown = [*pieces, ("", rest, tint(NEUTRAL, 0.12))] if rest > 1e-9 else list(pieces)
    traces = [
        {
            "type": "bar",
            "orientation": "h",
            "y": [""],
            "x": [share_],
            "marker": {"color": colour, "line": {"width": 0}},
            "hoverinfo": "skip",
        }
        for _word, share_, colour in shown
    ]
    axis = {"visible": False, "fixedrange": True}
    whole = {
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
        "height": BAR_PX,
        "barmode": "stack",
        "bargap": 0,
        "showlegend": False,
        "dragmode": False,
        "xaxis": {**axis, "range": [0, 1]},
        "yaxis": axis,
        "uirevision": "keep",
    }
    return go.Figure({"data": traces, "layout": whole})


def sparkline(values: Sequence[float]) -> go.Figure:
    """How a rate went, from nought up; the latest value is on the right."""
    trace = {
        "type": "scatter",
        "mode": "lines",
        "y": list(values),
        "fill": "tozeroy",
        "fillcolor": tint(ACCENT, 0.14),
        "line": {"color": ACCENT, "width": 1.5},
        "hoverinfo": "skip",
    }
    axis = {"visible": False, "fixedrange": True}
    whole = {
        "margin": {"l": 0, "r": 0, "t": 2, "b": 0},
        "height": SPARK_PX,
        "showlegend": False,
        "dragmode": False,
        "xaxis": {**axis, "range": [0, max(1, len(values) - 1)]},
        "yaxis": {**axis, "range": [0, max([1e-9, *values]) * 1.05]},
        "uirevision": "keep",
    }
    return go.Figure({"data": [trace], "layout": whole})
