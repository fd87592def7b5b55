"""Where the Filters page keeps what is chosen: the set in the URL, and the keys of widgets that show a draft."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

CHOSEN: Final = "set"
"""Key of the chosen set's name in the URL."""

DRAFT: Final = "draft"
"""Key of the URL: what the draft of that set changes."""

_LATEST: Final = "filters-set"
_TURNS: Final = "filters-turns"


def set_in_url() -> str:
    """The name of the set that is asked for, or was last on the desk; there may be no such set."""
    if DRAFT in st.query_params:  # an address with a draft says whose it is
        return st.query_params.get(CHOSEN) or "default"
    return st.query_params.get(CHOSEN) or str(st.session_state.get(_LATEST, "default"))


def in_url(name: str) -> dict[str, str]:
    """What an address needs in addition for a page to use this set."""
    return {} if name == "default" else {CHOSEN: name}


def take_up(name: str) -> None:
    """Put another set on the desk."""
    st.session_state[_LATEST] = name
    if name == "default":
        st.query_params.pop(CHOSEN, None)
    elif st.query_params.get(CHOSEN) != name:
        st.query_params[CHOSEN] = name


def value_key(key: str, value: object) -> str:
    """`key` as the key of a widget that is to show `value`, which must also be given to it as its default.

    Where the value differs from what the widget has (another widget changed it, or what it asked for could not be), the
    key is a new one. Never is the value put into the session's state: from there it reaches the browser once, and where
    that redrawing is overtaken by the next one it is lost, and the browser reports a value that nobody chose.
    """
    turns: dict[str, int] = st.session_state.setdefault(_TURNS, {})
    if st.session_state.get(f"{key}-{turns.get(key, 0)}", value) != value:
        turns[key] = turns.get(key, 0) + 1
    return f"{key}-{turns.get(key, 0)}"


def is_current(key: str) -> bool:
    """Whether the widget of this key of `value_key` still stands, and no other in its place.

    A browser that has not yet heard that a widget was replaced goes on reporting it, and its callback is called.
    """
    plain, _dash, turn = key.rpartition("-")
    turns: dict[str, int] = st.session_state.get(_TURNS, {})
    return turns.get(plain, 0) == int(turn)


def taken(key: str) -> Any:
    """What the reader gave the widget of this key; None where it is no longer the one that stands."""
    return st.session_state.get(key) if is_current(key) else None
