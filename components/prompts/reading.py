"""Reading what somebody wrote as plain text, long texts cut with more on request."""

from __future__ import annotations

from typing import Final

import streamlit as st

from components.format import number
from components.reading_pane import reading_pane
from components.text import _

SHOWN_CHARACTERS: Final = 20_000


def read_response(text: str, language: str, *, key: str) -> None:
    """Draw a response, think tags and all; nothing in it is taken for Markdown or HTML."""
    reading_pane(text, key=key, language=language)


def read_text(text: str, *, key: str) -> None:
    """Draw one text as it is: its first SHOWN_CHARACTERS, and as many more with each click."""
    if not text:
        st.caption(_("Empty."))
        return
    shown_key = f"{key}-shown"
    shown = int(st.session_state.get(shown_key, SHOWN_CHARACTERS))
    with st.container(border=True, key=key):
        st.text(text[:shown], width="stretch")
        if len(text) > shown:
            st.button(
                _("Show more: {n} characters left").format(n=number(len(text) - shown)),
                key=f"{key}-more", type="tertiary", icon=":material/expand_more:",
                on_click=_show_more, args=(shown_key, shown + SHOWN_CHARACTERS),
            )  # fmt: skip


def _show_more(key: str, characters: int) -> None:
    st.session_state[key] = characters
