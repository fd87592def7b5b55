"""A list that is read page by page, newest first; the page lives in the URL, counted from 1."""

from __future__ import annotations

import streamlit as st

from components.format import number
from components.text import _


def page_in_url(parameter: str, *, at: int, total: int, per_page: int) -> int:
    """The page on show, counted from 0: the one in the URL, else the one that holds row `at` of `total`."""
    try:
        page = int(st.query_params[parameter]) - 1
    except (KeyError, ValueError):
        page = at // per_page
    return min(max(page, 0), max(0, -(-total // per_page) - 1))


def draw_pages(parameter: str, page: int, *, total: int, per_page: int, key: str = "") -> None:
    """Newer and older, and which rows these are; nothing where one page holds all. `key` starts the buttons' keys."""
    if total <= per_page:
        return
    first = page * per_page + 1
    last = min(first + per_page - 1, total)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.button(
            _("Newer"), icon=":material/chevron_left:", type="tertiary", key=f"{key}newer", disabled=page == 0,
            on_click=_turn_to, args=(parameter, page - 1),
        )  # fmt: skip
        st.caption(
            _("{first}–{last} of {total}").format(first=number(first), last=number(last), total=number(total)),
            width="content",
        )
        st.button(
            _("Older"), icon=":material/chevron_right:", icon_position="right", type="tertiary", key=f"{key}older",
            disabled=last == total, on_click=_turn_to, args=(parameter, page + 1),
        )  # fmt: skip


def _turn_to(parameter: str, page: int) -> None:
    st.query_params[parameter] = str(page + 1)
