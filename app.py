"""Winnow's app: `streamlit run app.py`. It opens the workspace, draws the navigation and runs the chosen page."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from components.open_workspace import open_workspace
from components.problem import problems_in_place
from components.text import _, inert

IMAGES = Path(__file__).parent / "components" / "images"

st.set_page_config(page_title="Winnow", page_icon=str(IMAGES / "mark.svg"), layout="wide", initial_sidebar_state=232)
st.logo(str(IMAGES / "wordmark.svg"), icon_image=str(IMAGES / "mark.svg"), size="large")

overview = st.Page("pages/overview.py", title=_("Overview"), icon=":material/filter_alt:", default=True)
jobs = st.Page("pages/jobs.py", title=_("Jobs"), icon=":material/play_circle:")
page = st.navigation({"": [overview], _("Background"): [jobs]})

workspace = open_workspace()
if workspace is None:
    st.stop()

st.sidebar.caption(f":material/folder_open: {inert(workspace.name)}", help=inert(str(workspace.folder)))
with problems_in_place():
    page.run()
