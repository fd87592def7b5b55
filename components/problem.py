"""How a page says that something is wrong: what happened and what to do, in place, without a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from components.text import _
from curation.errors import WinnowError


def show_problem(title: str, message: str) -> None:
    """A box with a headline of ours and, as plain text, a message that may quote file names or what somebody wrote."""
    with st.container(border=True):
        st.markdown(f":red[:material/error:] **{title}**")
        st.text(message)


@contextmanager
def problems_in_place(title: str | None = None) -> Iterator[None]:
    """Show a WinnowError where it happened; whatever else goes wrong is a bug and passes through."""
    try:
        yield
    except WinnowError as error:
        show_problem(title or _("This cannot be shown"), str(error))
