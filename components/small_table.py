"""Tables of a few rows: whole numbers to the right with thousands separators, everything else as plain text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd
import streamlit as st

ROW_PX: Final = 33
MOST_ROWS: Final = 8
"""A longer table scrolls."""


def show_table(columns: Mapping[str, Sequence[str] | Sequence[int]], *, key: str, alt: str) -> None:
    """Draw `columns` (title → one value a row); its height is that of its rows, up to MOST_ROWS."""
    frame = pd.DataFrame(dict(columns))
    counts = {
        name: st.column_config.NumberColumn(format="localized")
        for name, values in columns.items()
        if values and all(isinstance(value, int) for value in values)
    }
    height = ROW_PX * (min(len(frame), MOST_ROWS) + 1) + 3
    st.dataframe(frame, hide_index=True, height=height, column_config=counts, key=key, alt=alt)
