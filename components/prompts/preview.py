"""What an import would do with a file: how its first rows will look, and every bad row with its line and reason."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import streamlit as st

from components.format import number
from components.pager import pager
from components.palette import domain_name
from components.text import _, inert, plural
from curation.prompts import GeneralSample
from curation.prompts.checking import CheckedFile
from curation.records import Prompt

_SHOWN_ROWS: Final = 5
_BAD_ROWS: Final = 10
_CELL: Final = 300


def draw_check(checked: CheckedFile[Any], *, key: str) -> None:
    """Draw the counts, the first rows and the bad rows."""
    colour = "green" if checked.new else "gray"
    words = [
        f":{colour}-badge[:material/check: {plural('{n} new', '{n} new', checked.new).format(n=number(checked.new))}]"
    ]
    if checked.known:
        known = _("{n} here already, or twice in the file").format(n=number(checked.known))
        words.append(f":gray-badge[:material/content_copy: {known}]")
    if checked.bad:
        bad = plural("{n} bad row", "{n} bad rows", checked.bad).format(n=number(checked.bad))
        words.append(f":red-badge[:material/error: {bad}]")
    st.markdown(" ".join(words))
    if checked.first:
        st.markdown(f"**{_('How the first rows will look')}**")
        rows = [_row(each) for each in checked.first[:_SHOWN_ROWS]]
        st.dataframe(
            {name: [row[name] for row in rows] for name in rows[0]},
            hide_index=True,
            key=f"{key}-first",
            column_config={
                _("Question"): st.column_config.TextColumn(width=320),
                _("Reference"): st.column_config.TextColumn(width=110),
                _("Response"): st.column_config.TextColumn(width=320),
            },
            alt=_("How the first rows will look"),
        )
    if checked.problems:
        _draw_problems(checked, key=key)
    if not (checked.new or checked.known or checked.bad):
        st.caption(_(":material/info: The file has no rows."))


def _row(each: Prompt | GeneralSample) -> dict[str, str]:
    if isinstance(each, Prompt):
        return {
            _("Question"): _cell("\n".join(message.content for message in each.messages)),
            _("Reference"): _cell(each.reference or ""),
            _("Domain"): domain_name(each.domain),
            _("Task"): _cell(each.task),
            _("Verifier"): each.verifier,
            _("Language"): each.target_language,
            _("Split"): split_word(each.split),
        }
    return {
        _("Question"): _cell("\n".join(message.content for message in each.messages[:-1])),
        _("Response"): _cell(each.messages[-1].content),
        _("Task"): _cell(each.task),
        _("Language"): each.language,
    }


def split_word(split: str) -> str:
    """What a split is called in tables and charts."""
    return {"train": _("train"), "held_out": _("held out")}.get(split, split)


def _draw_problems(checked: CheckedFile[Any], *, key: str) -> None:
    unit = _("Line") if checked.unit == "line" else _("Row")
    st.markdown(f"**{_('Bad rows')}**")
    page_key = f"{key}-bad-page"
    last_page = (len(checked.problems) - 1) // _BAD_ROWS
    page = min(st.session_state.get(page_key, 0), last_page)
    shown = checked.problems[page * _BAD_ROWS : (page + 1) * _BAD_ROWS]
    st.dataframe(
        {unit: [bad.number for bad in shown], _("What is wrong"): [bad.reason for bad in shown]},
        hide_index=True,
        key=f"{key}-bad-{page}",
        column_config={
            unit: st.column_config.NumberColumn(format="localized", width=72),
            _("What is wrong"): st.column_config.TextColumn(width=720),
        },
        alt=_("Bad rows"),
    )
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        if last_page:
            pager(
                page * _BAD_ROWS + 1,
                page * _BAD_ROWS + len(shown),
                len(checked.problems),
                back=partial(_turn, page_key, page - 1) if page else None,
                on=partial(_turn, page_key, page + 1) if page < last_page else None,
                key=f"{key}-bad",
            )
        st.download_button(
            _("Download the list"),
            data=lambda: "".join(
                f"{checked.name} {checked.unit} {bad.number}: {bad.reason}\n" for bad in checked.problems
            ),
            file_name="bad-rows.txt",
            mime="text/plain",
            icon=":material/download:",
            type="tertiary",
            on_click="ignore",
            key=f"{key}-bad-download",
        )
    if checked.bad > len(checked.problems):
        st.caption(
            inert(_("The first {n} are listed.").format(n=number(len(checked.problems)))),
        )


def _turn(page_key: str, page: int) -> None:
    st.session_state[page_key] = page


def _cell(text: str) -> str:
    return " ".join(text[:_CELL].split())
