"""What all charts share: sizes, the colour of text, the layout they start from, and how a figure is shown.

Only colours that carry a meaning are set in charts; text, grid and background follow the theme of the app.
"""

from __future__ import annotations

from typing import Any, Final

import plotly.graph_objects as go
import streamlit as st

from components.palette import NEUTRAL, tint

TEXT_PX: Final = 13
INK: Final = "#000037"
"""Streamlit's placeholder for the colour of text; the browser puts in that of the theme, and follows its changes."""

QUIET: Final = tint(NEUTRAL, 0.8)
FAINT: Final = tint(NEUTRAL, 0.52)


def show(figure: go.Figure, *, key: str, alt: str) -> None:
    """Draw a figure at its own height, without the tool bar and without catching the page's scrolling."""
    st.plotly_chart(figure, key=key, alt=alt, config={"displayModeBar": False, "scrollZoom": False})


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
