"""What the page Mix and export opens by itself: a mix that was just saved, an export that was just written.

A browser that has not heard of the change yet may still send the address and the values that it had; they must not undo
it. So the widgets get new keys (`turn`), and for a moment an address without the export does not count.
"""

from __future__ import annotations

import time
from typing import Final

import streamlit as st

_TURN: Final = "mix-turn"
_SHOW: Final = "mix-show"
_MOMENT_S: Final = 10.0


def turn() -> int:
    """Part of the key of each widget whose value the page replaces; it changes when it does."""
    return int(st.session_state.get(_TURN, 0))


def next_turn() -> None:
    """Let go of the widgets' values."""
    st.session_state[_TURN] = turn() + 1


def open_export(name: str) -> None:
    """Show an export from the next run on."""
    next_turn()
    st.query_params["export"] = name
    st.session_state[_SHOW] = (name, time.monotonic() + _MOMENT_S)


def close_exports() -> None:
    """Show the mix."""
    st.session_state.pop(_SHOW, None)
    st.query_params.pop("export", None)


def is_export_open() -> bool:
    """Whether the address names an export, or did so a moment ago."""
    name, until = st.session_state.get(_SHOW, ("", 0.0))
    if name and "export" not in st.query_params and time.monotonic() < until:
        st.query_params["export"] = name
    return "export" in st.query_params
