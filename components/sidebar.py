"""The foot of the sidebar: the workspace, the reader's name, and the language of the interface."""

from __future__ import annotations

import streamlit as st

from components.about import draw_about
from components.reviewer import draw_reviewer
from components.text import CHOSEN, LANGUAGES, _, inert, language, spoken
from curation.workspace import Workspace


def keep_language_in_url() -> None:
    """A language in the address (`?language=zh_CN`) counts until another is chosen, and one that was chosen against the
    browser's own stays in the address of every page, so that a reload and a copied link keep it."""
    named = st.query_params.get(CHOSEN)
    if named in LANGUAGES and CHOSEN not in st.session_state:
        st.session_state[CHOSEN] = named
    chosen = st.session_state.get(CHOSEN)
    if chosen in LANGUAGES and chosen != spoken(st.context.locale or ""):
        st.query_params[CHOSEN] = chosen
    elif named is not None:
        del st.query_params[CHOSEN]


def draw_sidebar(workspace: Workspace | None) -> None:
    """Draw it; without a workspace only the language."""
    with st.sidebar:
        if workspace is not None:
            st.caption(f":material/folder_open: {inert(workspace.name)}", help=inert(str(workspace.folder)))
            draw_reviewer()
            draw_about(workspace)
        st.selectbox(
            _("Language"),
            list(LANGUAGES),
            index=list(LANGUAGES).index(language()),
            format_func=LANGUAGES.__getitem__,
            key="language-switch",
            label_visibility="collapsed",
            on_change=_choose,
        )


def _choose() -> None:
    st.session_state[CHOSEN] = st.session_state["language-switch"]
