"""The list of jobs, newest first; the chosen one lives in the URL as `?job=`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import streamlit as st

from components.format import clock, duration, reader_zone
from components.jobs.card import state_markdown
from components.jobs.seen import SeenJob, amount_line, taken_s
from components.numbered_pages import draw_pages, page_in_url
from components.palette import kind_icon, kind_name
from components.text import _, inert

PER_PAGE: Final = 8


def job_list(seen: Sequence[SeenJob]) -> SeenJob:
    """Draw the list (not empty), and return the chosen job: the one in the URL, else the newest that runs."""
    wanted = st.query_params.get("job", "")
    chosen = next((each for each in seen if each.job.id == wanted), None)
    if chosen is None:
        if wanted:
            st.caption(_(":material/info: The job in the address is not in this workspace; another is shown."))
        chosen = next((each for each in seen if each.is_active), seen[0])
    page = page_in_url("page", at=seen.index(chosen), total=len(seen), per_page=PER_PAGE)
    for each in seen[page * PER_PAGE : (page + 1) * PER_PAGE]:
        _row(each, is_chosen=each is chosen)
    draw_pages("page", page, total=len(seen), per_page=PER_PAGE)
    return chosen


def _row(seen: SeenJob, *, is_chosen: bool) -> None:
    with st.container(border=True, gap="xxsmall", key=f"job-{seen.job.id}"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            name = inert(kind_name(seen.job.kind))
            st.button(
                f":primary[**{name}**]" if is_chosen else f"**{name}**",
                key=f"choose-{seen.job.id}", type="tertiary", icon=kind_icon(seen.job.kind),
                on_click=_choose, args=(seen.job.id,),
            )  # fmt: skip
            st.markdown(state_markdown(seen), width="content")
            st.space("stretch")
            if is_chosen:
                st.markdown(":primary[:material/chevron_right:]", width="content")
        if seen.is_active:
            st.progress(seen.progress.share if seen.progress else 0.0)
        st.caption(" · ".join((_times(seen), amount_line(seen.progress))), wrap=False)


def _times(seen: SeenJob) -> str:
    text = clock(datetime.fromisoformat(seen.job.created), reader_zone())
    took = taken_s(seen)
    return text if took is None else f"{text} · {duration(took)}"


def _choose(job_id: str) -> None:
    st.query_params["job"] = job_id
