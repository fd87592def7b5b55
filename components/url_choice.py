"""Choices that live in the URL by their own names, whatever the language of their labels.

    axis = url_segments(_("Horizontal axis"), ["step", "tokens"], "axis", words=…)       ?axis=tokens

A widget's own `bind="query-params"` writes the label, which a reader of another language could not open.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st


def url_segments(
    label: str, options: Sequence[str], name: str, *, words: Callable[[str], str] = str, chosen: str = "",
    forget: Sequence[str] = (),
) -> str:  # fmt: skip
    """Options side by side. `chosen` counts where the URL names none of them (the first option if it is ""); a change
    takes the parameters `forget` out of the URL."""
    value, key = _value(options, name, chosen), f"url-{name}"
    st.session_state[key] = value
    st.segmented_control(
        label, list(options), required=True, key=key, format_func=words, label_visibility="collapsed",
        on_change=_write, args=(name, forget),
    )  # fmt: skip
    return value


def url_select(
    label: str, options: Sequence[str], name: str, *, words: Callable[[str], str] = str, chosen: str = "",
    forget: Sequence[str] = (),
) -> str:  # fmt: skip
    """The same as a list that opens."""
    value, key = _value(options, name, chosen), f"url-{name}"
    st.session_state[key] = value
    st.selectbox(label, list(options), key=key, format_func=words, on_change=_write, args=(name, forget))
    return value


def _value(options: Sequence[str], name: str, chosen: str) -> str:
    named = st.query_params.get(name, "")
    return named if named in options else (chosen or options[0])


def _write(name: str, forget: Sequence[str]) -> None:
    st.query_params[name] = st.session_state[f"url-{name}"]
    for below in forget:
        st.query_params.pop(below, None)
