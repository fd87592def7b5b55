"""What all charts share: sizes, the colour of text, the axis of labelled rows, and how a figure is shown.

Only colours that carry a meaning are set in charts; text, grid and background follow the theme of the app.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import plotly.graph_objects as go
import streamlit as st

from components.palette import NEUTRAL, tint

TEXT_PX: Final = 13
INK: Final = "#000037"
"""Streamlit's placeholder for the colour of text; the browser puts in that of the theme, and follows its changes."""

QUIET: Final = tint(NEUTRAL, 0.8)
FAINT: Final = tint(NEUTRAL, 0.32)

ROW_PX: Final = 34
"""Height of a row that holds one bar."""

ROW_AXIS: Final[dict[str, Any]] = {
    "autorange": "reversed",
    "fixedrange": True,
    "ticks": "",
    "showgrid": False,
    "zeroline": False,
    "automargin": True,
    "ticklabelstandoff": 6,
    "tickfont": {"size": TEXT_PX, "color": INK},
}
"""A vertical axis whose rows are named, the first one on top."""


def show(figure: go.Figure, *, key: str, alt: str) -> None:
    """Draw a figure at its own height, without the tool bar and without catching the page's scrolling."""
    st.plotly_chart(figure, key=key, alt=alt, config={"displayModeBar": False, "scrollZoom": False})


def words_beside(rows: Sequence[str], ends: Sequence[float], words: Sequence[str]) -> dict[str, Any]:
    """A trace that only writes, to the right of where each bar ends."""
    return {
        "type": "scatter",
        "mode": "text",
        "y": list(rows),
        "x": list(ends),
        "text": [f"  {word}" for word in words],
        "textposition": "middle right",
        "textfont": {"size": TEXT_PX, "color": INK},
        "cliponaxis": False,
        "hoverinfo": "skip",
        "showlegend": False,
    }


def bars_of(
    rows: Sequence[str], lengths: Sequence[float], colours: Sequence[str], hover: Sequence[Sequence[str]], template: str
) -> dict[str, Any]:
    """A trace of horizontal bars; `hover` holds, for each, what `template` reads as customdata."""
    return {
        "type": "bar",
        "orientation": "h",
        "y": list(rows),
        "x": list(lengths),
        "marker": {"color": list(colours), "line": {"width": 0}},
        "customdata": [list(row) for row in hover],
        "hovertemplate": template,
    }


def row_label(text: str, longest: int = 28) -> str:
    """A name as the label of a row: short, and inert."""
    # Plotly reads a few tags; names that people or models chose are not to become links or line breaks
    shown = text if len(text) <= longest else f"{text[: longest - 1]}…"
    return shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def layout(top: int = 4, bottom: int = 4) -> dict[str, Any]:
    """The layout that every chart starts from; margins in pixels."""
    return {
        "font": {"size": TEXT_PX, "color": INK},
        "margin": {"l": 0, "r": 0, "t": top, "b": bottom},
        "dragmode": False,
        "hovermode": "closest",
        "hoverlabel": {"align": "left"},
        "uirevision": "keep",
    }
