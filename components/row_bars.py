"""Charts of horizontal bars, one row a thing: bars, the track behind them, words at their ends, axis and layout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from components.chart_style import INK, TEXT_PX, layout
from components.palette import NEUTRAL, tint

LONGEST: Final = 28
"""Characters of a row's label."""

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


def row_layout(
    rows: int, longest: float, *, room: float, gap: float = 0.3, overlay: bool = False, row_px: int = ROW_PX
) -> dict[str, Any]:
    """The layout of so many rows. `room`: the axis is so many times as long as the `longest` bar, for words beside it;
    `gap`: between rows, as a share of a row; `overlay`: bars lie over one another instead of end to end."""
    return {
        **layout(),
        "xaxis": {"visible": False, "fixedrange": True, "range": [0, longest * room]},
        "yaxis": ROW_AXIS,
        "barmode": "overlay" if overlay else "stack",
        "bargap": gap,
        "showlegend": False,
        "height": row_px * rows + 12,
    }


def bars(
    rows: Sequence[str],
    lengths: Sequence[float],
    colour: str | Sequence[str] | dict[str, Any],
    hover: Sequence[Sequence[str]],
    template: str,
) -> dict[str, Any]:
    """A trace of bars. `colour`: of all, of each, or a whole marker; `hover`: for each bar, what `template`, the words
    below its name, reads as customdata."""
    marker = colour if isinstance(colour, dict) else {"color": colour, "line": {"width": 0}}
    return {
        "type": "bar",
        "orientation": "h",
        "y": list(rows),
        "x": list(lengths),
        "marker": marker,
        "customdata": [list(row) for row in hover],
        "hovertemplate": f"<b>%{{y}}</b><br>{template}<extra></extra>",
    }


def tracks(rows: Sequence[str], length: float = 1.0) -> dict[str, Any]:
    """A trace of faint bars of one length: what a full bar would be."""
    return {
        "type": "bar",
        "orientation": "h",
        "y": list(rows),
        "x": [length] * len(rows),
        "marker": {"color": tint(NEUTRAL, 0.16), "line": {"width": 0}},
        "hoverinfo": "skip",
    }


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


def row_label(text: str, longest: int = LONGEST) -> str:
    """A name as the label of a row: short, and inert."""
    # Plotly reads a few tags; names that people or models chose are not to become links or line breaks
    shown = text if len(text) <= longest else f"{text[: longest - 1]}…"
    return shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def row_labels(names: Sequence[str]) -> list[str]:
    """A label for each of some names that differ: one row each, so those that begin alike are cut in their midst."""
    labels: list[str] = []
    for name in names:
        alike = [each for each in names if each[: LONGEST - 1] == name[: LONGEST - 1]]
        short = name if len(alike) == 1 or len(name) <= LONGEST else f"{name[:8]}…{name[-(LONGEST - 9) :]}"
        label, again = row_label(short), 1
        while label in labels:
            again += 1
            label = f"{row_label(short)} ({again})"
        labels.append(label)
    return labels
