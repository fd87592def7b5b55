"""The list of jobs, newest first; the chosen one lives in the URL as `?job=`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import streamlit as st

from components.format import clock, duration, number
from components.job_card import state_markdown
from components.jobs_seen import SeenJob, amount_line, reader_zone, taken_s
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
    pages = -(-len(seen) // PER_PAGE)
    page = min(max(_page_in_url(seen.index(chosen) // PER_PAGE), 0), pages - 1)
    for each in seen[page * PER_PAGE : (page + 1) * PER_PAGE]:
        _row(each, is_chosen=each is chosen)
    if pages > 1:
        _pager(page, pages, len(seen))
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


def _page_in_url(default: int) -> int:
    try:
        return int(st.query_params["page"]) - 1
    except (KeyError, ValueError):
        return default


def _turn_to(page: int) -> None:
    st.query_params["page"] = str(page + 1)


def _pager(page: int, pages: int, total: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.button(
            _("Newer"), icon=":material/chevron_left:", type="tertiary", key="newer", disabled=page == 0,
            on_click=_turn_to, args=(page - 1,),
        )  # fmt: skip
        first = page * PER_PAGE + 1
        st.caption(
            f"{number(first)}–{number(min(first + PER_PAGE - 1, total))} {_('of')} {number(total)}", width="content"
        )
        st.button(
            _("Older"), icon=":material/chevron_right:", icon_position="right", type="tertiary", key="older",
            disabled=page == pages - 1, on_click=_turn_to, args=(page + 1,),
        )  # fmt: skip
