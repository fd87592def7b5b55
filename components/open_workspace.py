"""Which workspace the app shows, and what the reader sees when it cannot be opened."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from components.text import _
from curation.errors import WinnowError
from curation.workspace import ENVIRONMENT_VARIABLE, Workspace

DEFAULT_FOLDER: Final = Path("demo-workspace")
ENTERED: Final = "entered"
"""Key of the session that says that app.py has run in it."""


def current_workspace() -> Workspace:
    """The workspace that `app.py` opened for this run; ends the run, saying why, where there is none."""
    if PagesManager.uses_pages_directory and ENTERED not in st.session_state:
        # The first visitor of a server came by the address of a page: Streamlit, which knows of `st.navigation` only
        # once app.py ran, takes pages/ for an app of the older kind and runs the page alone.
        PagesManager.uses_pages_directory = False
        st.rerun()
    workspace: Workspace | None = st.session_state.get("workspace") or open_workspace()
    if workspace is None:
        st.stop()
    return workspace


def open_workspace() -> Workspace | None:
    """Open the workspace that WINNOW_WORKSPACE names, or `./demo-workspace`, which is made if absent.

    Where that fails, draw why and what to do, and return None.
    """
    named = os.environ.get(ENVIRONMENT_VARIABLE)
    folder = Path(named) if named else DEFAULT_FOLDER
    try:
        if not named and _can_be_made(folder):
            Workspace.create(folder, name=_("Demo"))
        workspace = Workspace.open(folder)
        str(workspace.name)  # a damaged workspace.toml shows here
    except WinnowError as error:
        st.session_state.pop("workspace", None)
        _draw_problem(folder.absolute(), error)
        return None
    st.session_state["workspace"] = workspace
    return workspace


def _can_be_made(folder: Path) -> bool:
    return not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))


def _draw_problem(folder: Path, error: WinnowError) -> None:
    st.title(_("This workspace cannot be opened"), anchor=False)
    with st.container(border=True):
        st.markdown(f":red[:material/error:] **{_('What happened')}**")
        st.text(str(error))
        st.markdown(f":material/folder: **{_('Folder')}**")
        st.code(str(folder), language=None, wrap_lines=True)
    with st.container(border=True):
        st.markdown(f":material/lightbulb: **{_('What to do')}**")
        if _can_be_made(folder):
            st.markdown(
                _("Nothing is there yet. Make a new workspace in this folder, or start Winnow with another one:")
            )
        else:
            st.markdown(
                _("Nothing in the folder was changed. Put it right and try again, or start Winnow with another:")
            )
        st.code("winnow app --workspace DIR", language=None)
        with st.container(horizontal=True):
            if _can_be_made(folder) and st.button(
                _("Make a workspace here"), type="primary", icon=":material/add:", key="make-workspace"
            ):
                try:
                    Workspace.create(folder)
                except WinnowError as refusal:
                    st.error(str(refusal).replace("$", "\\$"))
                    return
                st.rerun()
            st.button(_("Try again"), icon=":material/refresh:")
