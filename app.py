"""Winnow's app: `streamlit run app.py`. It opens the workspace, draws the navigation and runs the chosen page."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from components.open_workspace import ENTERED, open_workspace
from components.problem import problems_in_place
from components.reviewer import require_sign_in
from components.sidebar import draw_sidebar, keep_language_in_url
from components.text import _

IMAGES = Path(__file__).parent / "components" / "images"

st.set_page_config(page_title="Winnow", page_icon=str(IMAGES / "mark.svg"), layout="wide", initial_sidebar_state=232)
st.logo(str(IMAGES / "wordmark.svg"), icon_image=str(IMAGES / "mark.svg"), size="large")
keep_language_in_url()
st.session_state[ENTERED] = True

page = st.navigation(
    {
        "": [st.Page("pages/overview.py", title=_("Overview"), icon=":material/filter_alt:", default=True)],
        _("Candidates"): [
            st.Page("pages/prompts.py", title=_("Prompts"), icon=":material/quiz:"),
            st.Page("pages/sampling.py", title=_("Sampling"), icon=":material/casino:"),
            st.Page("pages/filters.py", title=_("Filters"), icon=":material/tune:"),
            st.Page("pages/rejects.py", title=_("Rejects"), icon=":material/rule:"),
        ],
        _("Model"): [
            st.Page("pages/mix.py", title=_("Mix and export"), icon=":material/inventory_2:"),
            st.Page("pages/training.py", title=_("Training"), icon=":material/model_training:"),
            st.Page("pages/evaluation.py", title=_("Evaluation"), icon=":material/monitoring:"),
        ],
        _("Background"): [st.Page("pages/jobs.py", title=_("Jobs"), icon=":material/play_circle:")],
    }
)

if not require_sign_in():
    draw_sidebar(None)
    st.stop()
workspace = open_workspace()
draw_sidebar(workspace)
if workspace is None:
    st.stop()
with problems_in_place():
    page.run()
