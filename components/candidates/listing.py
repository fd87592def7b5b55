"""A page of candidates as a narrow list: verdict, reasons, length and first words; with a pager and a download."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import streamlit as st

from components.candidates.reasons import ACCEPTED, reason_title
from components.candidates.view import choose
from components.format import number
from components.palette import NOT_SCORED, VERDICTS, Mark
from components.text import _, inert, plural
from curation.browsing import CandidatePage, CandidateRow
from curation.records import format_id
from curation.spreadsheets import spreadsheet_cell

PER_PAGE: Final = 12


def candidate_mark(row: CandidateRow) -> Mark:
    """Its verdict; accepted ones have a word of their own."""
    if row.verdict is None:
        return NOT_SCORED
    return VERDICTS[row.verdict] if row.reasons else ACCEPTED


def draw_list(
    rows: Sequence[CandidateRow], words: Mapping[int, str | None], chosen: int | None, page: CandidatePage
) -> None:
    """`words`: how each begins, None where its text cannot be read."""
    with st.container(border=True, gap="small"):
        for place, row in enumerate(rows, start=page.skipped + 1):
            _row(place, row, words.get(row.candidate_id), is_chosen=row.candidate_id == chosen, start=rows[0])
        _pager(page, len(rows))


def _row(place: int, row: CandidateRow, words: str | None, *, is_chosen: bool, start: CandidateRow) -> None:
    mark = candidate_mark(row)
    tokens = int(row.measures["reasoning_tokens"] or 0)
    badges = [f":gray-badge[{inert(reason_title(each))}]" for each in row.reasons if each not in VERDICTS]
    beginning = _("The text cannot be read.") if words is None else inert(words) or _("(empty)")
    length = plural("{n} token", "{n} tokens", tokens).format(n=number(tokens))
    label = f":gray[{number(place)}] :{mark.badge}[{mark.icon}] **{mark.word}**"
    if is_chosen:
        label = f":blue[**{number(place)}**] :{mark.badge}[{mark.icon}] :blue[**{mark.word}** :material/chevron_right:]"
    with st.container(gap=None):
        st.button(
            label, type="tertiary", key=f"rejects-choose-{format_id(row.candidate_id)}",
            on_click=choose, args=(row.candidate_id, start.candidate_id),
        )  # fmt: skip
        if badges:
            st.markdown(" ".join(badges))
        st.caption(f"{length} · {beginning}", wrap=False)


def _pager(page: CandidatePage, n_rows: int) -> None:
    if page.skipped == 0 and page.next is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.button(
            _("Back"), icon=":material/chevron_left:", type="tertiary", key="rejects-page-back",
            disabled=page.previous is None, on_click=_turn, args=(page.previous,),
        )  # fmt: skip
        place = f"{number(page.skipped + 1)}–{number(page.skipped + n_rows)}"
        st.caption(place, width="content")
        st.button(
            _("More"), icon=":material/chevron_right:", icon_position="right", type="tertiary",
            key="rejects-page-more", disabled=page.next is None, on_click=_turn, args=(page.next,),
        )  # fmt: skip


def _turn(start: int) -> None:
    choose(start, start)


def draw_downloads(records: Callable[[], list[dict[str, Any]]]) -> None:
    """The page on show as a file; `records` fetches it with its texts when it is asked for."""
    with st.popover(_("Download"), icon=":material/download:", type="tertiary", key="rejects-download"):
        st.caption(_("What is on this page of the list, with texts, measures and reasons."))
        for form, make, mime in (("jsonl", as_jsonl, "application/jsonl"), ("csv", as_csv, "text/csv")):
            st.download_button(
                form.upper(), data=lambda make=make: make(records()), file_name=f"candidates.{form}", mime=mime,
                key=f"rejects-download-{form}", on_click="ignore", icon=":material/download:",
            )  # fmt: skip


def as_jsonl(records: Sequence[Mapping[str, Any]]) -> bytes:
    """One object a line."""
    return "".join(f"{json.dumps(record, ensure_ascii=False)}\n" for record in records).encode("utf-8", "replace")


def as_csv(records: Sequence[Mapping[str, Any]]) -> bytes:
    """One row a candidate, as spreadsheets read it; lists and objects are written as JSON."""
    lines = io.StringIO()
    names = list(records[0]) if records else []
    writer = csv.writer(lines)
    writer.writerow(names)
    writer.writerows([spreadsheet_cell(record[name]) for name in names] for record in records)
    return lines.getvalue().encode("utf-8-sig", "replace")
