"""The foot of a paged list: which rows these are of how many, back and on."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from components.format import number
from components.text import _


def pager(
    first: int, last: int, total: int, *, back: Callable[[], None] | None, on: Callable[[], None] | None, key: str
) -> None:
    """Draw it for the rows `first` to `last` (counted from 1) of `total`; `back` and `on` are None at the ends."""
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", width="content", key=f"{key}-pager"):
        st.button(
            _("Previous"), icon=":material/chevron_left:", type="tertiary", key=f"{key}-back", disabled=back is None,
            on_click=back,
        )  # fmt: skip
        st.caption(
            _("{first}–{last} of {total}").format(first=number(first), last=number(last), total=number(total)),
            width="content",
        )
        st.button(
            _("Next"), icon=":material/chevron_right:", icon_position="right", type="tertiary", key=f"{key}-on",
            disabled=on is None, on_click=on,
        )  # fmt: skip
