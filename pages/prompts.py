"""Prompts: what there is to sample from; importing more; looking through them, and at the candidates of one."""

from __future__ import annotations

import streamlit as st

from components.jobs.seen import IDLE_S, REFRESH_S
from components.live_index import Counted, live_index
from components.open_workspace import current_workspace
from components.problem import problems_in_place, show_problem
from components.prompts.browser import (
    download_button,
    find_page,
    id_in_url,
    prompt_filters,
    prompt_pager,
    prompt_table,
    wanted_prompts,
)
from components.prompts.counts import draw_counts, draw_sentence
from components.prompts.detail import prompt_detail
from components.prompts.importing import draw_imported, import_panel
from components.text import _
from curation.prompts.browsing import PromptCount, count_prompts
from curation.thresholds import ThresholdSet

workspace = current_workspace()
index = live_index(workspace)


def open_import() -> None:
    """Show the panel."""
    st.query_params["import"] = "open"


def close_import() -> None:
    """Shut the panel."""
    st.query_params.pop("import", None)


def draw_head(counts: list[PromptCount]) -> None:
    """The sentence beside the primary action."""
    left, right = st.columns([4, 1], vertical_alignment="center")
    with left:
        draw_sentence(counts)
    with right, st.container(horizontal=True, horizontal_alignment="right"):
        if "import" not in st.query_params:
            st.button(
                _("Import prompts"), type="primary", icon=":material/upload_file:", key="prompts-import-open",
                on_click=open_import,
            )  # fmt: skip


def draw_browser(thresholds: ThresholdSet) -> None:
    """The filtered list, and beside it the chosen prompt."""
    wanted = wanted_prompts()
    st.subheader(_("Browse"), anchor=False)
    prompt_filters(wanted)
    page = find_page(workspace, thresholds, wanted)
    if page is None:
        return
    chosen = id_in_url("prompt")
    if not page.total:
        st.caption(_(":material/search_off: No prompt fits. Search for other words, or widen the filters."))
        if chosen is None:
            return
    ids = page.rows.column("prompt_id").to_pylist()
    left, right = st.columns([2, 3], gap="medium") if chosen is not None else (st.container(), None)
    with left:
        if ids:
            prompt_table(page, chosen, is_narrow=chosen is not None)
            with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
                prompt_pager(page)
                download_button(workspace, thresholds, wanted, page.total)
    if right is not None and chosen is not None:
        at = ids.index(chosen) if chosen in ids else -1
        with right, problems_in_place():
            prompt_detail(
                workspace,
                thresholds,
                chosen,
                ids[at - 1] if at > 0 else None,
                ids[at + 1] if 0 <= at < len(ids) - 1 else None,
            )


def draw_empty() -> None:
    """What this page will show."""
    st.markdown(
        _(
            "No prompts yet. This page will show how many there are of each domain, let you look through them, and "
            "read the candidates of each."
        )
    )


def draw_left_out(counted: Counted) -> None:
    """The imported files that cannot be read."""
    for message in counted.left_out:
        if str(workspace.prompts) in message:
            show_problem(_("A file was left out"), message)


def watch() -> None:
    """Look whether prompts or candidates have come in since the page was drawn."""
    with problems_in_place():
        if index.view().counted != view.counted:
            st.rerun()


st.title(_("Prompts"), anchor=False)
with problems_in_place():
    draw_imported(workspace)
    view = index.view()
    counts = index.ask(count_prompts)
    if view.counted is None or counts is None:
        st.caption(_("Taking in the workspace for the first time …"))
        st.skeleton(height=420)
    elif not counts:
        draw_left_out(view.counted)
        draw_empty()
        import_panel(workspace, close=None)
        st.page_link("pages/overview.py", label=_("Or run the demo, which brings its own"), icon=":material/home:")
    else:
        draw_head(counts)
        if "import" in st.query_params:
            import_panel(workspace, close=close_import)
        draw_left_out(view.counted)
        draw_counts(workspace, counts)
        draw_browser(view.counted.thresholds)
    st.fragment(watch, run_every=REFRESH_S if view.is_behind else IDLE_S)()
