"""The list of past exports, newest first; the chosen one lives in the URL as `?export=`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from components.format import clock, number, reader_zone, size
from components.numbered_pages import draw_pages, page_in_url
from components.text import _, inert, plural
from curation.export_folders import ExportFolder

PER_PAGE: Final = 8


def export_list(exports: Sequence[ExportFolder]) -> ExportFolder:
    """Draw the list (not empty), and return the chosen export: the one in the URL, else the newest."""
    wanted = st.query_params.get("export", "")
    chosen = next((each for each in exports if each.name == wanted), None)
    if chosen is None:
        if wanted:
            st.caption(_(":material/info: The export in the address is not in this workspace; another is shown."))
        chosen = exports[0]
    page = page_in_url("exports", at=exports.index(chosen), total=len(exports), per_page=PER_PAGE)
    for each in exports[page * PER_PAGE : (page + 1) * PER_PAGE]:
        _row(each, is_chosen=each is chosen)
    draw_pages("exports", page, total=len(exports), per_page=PER_PAGE, key="export-")
    return chosen


def _row(export: ExportFolder, *, is_chosen: bool) -> None:
    with st.container(border=True, gap="xxsmall", key=f"export-{export.name}"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            name = inert(export.name)
            st.button(
                f":primary[**{name}**]" if is_chosen else f"**{name}**",
                key=f"choose-export-{export.name}", type="tertiary",
                icon=":material/inventory_2:" if export.manifest else ":material/broken_image:",
                on_click=_choose, args=(export.name,),
            )  # fmt: skip
            st.space("stretch")
            if is_chosen:
                st.markdown(":primary[:material/chevron_right:]", width="content")
        st.caption(_facts(export), wrap=False)


def _facts(export: ExportFolder) -> str:
    when = clock(export.when, reader_zone())
    if export.manifest is None:
        return f"{when} · :red[:material/error: {_('Damaged')}]"
    samples = export.manifest.samples
    words = plural("{n} sample", "{n} samples", samples).format(n=number(samples))
    return " · ".join((when, words, size(export.manifest.bytes)))


def _choose(name: str) -> None:
    st.query_params["export"] = name
