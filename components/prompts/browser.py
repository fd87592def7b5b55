"""The list of prompts: filters, a page of the table, paging and download. All of it lives in the URL.

`?domain=`, `?split=` and `?search=` narrow the list, `?from=` is the id that the page starts with, `?prompt=` the
chosen one.
"""

from __future__ import annotations

import io
from functools import partial
from typing import Any, Final

import streamlit as st

from components.format import number
from components.live_index import live_index
from components.pager import pager
from components.palette import domain_name
from components.prompts.preview import split_word
from components.text import _
from curation.errors import InputError
from curation.prompts.browsing import PromptFilter, PromptPage, page_of_prompts, write_prompts_csv
from curation.records import Domain, Split, format_id, parse_id
from curation.thresholds import ThresholdSet
from curation.workspace import Workspace

PER_PAGE: Final = 25
_NARROW: Final = ("question", "domain", "accepted")


def wanted_prompts() -> PromptFilter:
    """The filter that the URL names; parts of it that cannot be are left out."""
    domain, split = st.query_params.get("domain"), st.query_params.get("split")
    return PromptFilter(
        domain if domain in tuple(Domain) else None,
        split if split in tuple(Split) else None,
        st.query_params.get("search", "").strip(),
    )


def id_in_url(name: str) -> int | None:
    """The id that the URL gives under `name`; None without one, or where it is no id."""
    try:
        return parse_id(st.query_params[name])
    except (KeyError, InputError):
        return None


def prompt_filters(wanted: PromptFilter) -> None:
    """Draw the search and the filters; what they hold goes to the URL, which decides."""
    for name, value in (("domain", wanted.domain), ("split", wanted.split), ("search", wanted.text)):
        st.session_state[f"prompts-{name}"] = value or ""
    search, domain, split = st.columns([3, 1, 1], gap="small", vertical_alignment="bottom")
    search.text_input(
        _("Search"),
        key="prompts-search",
        type="search",
        icon=":material/search:",
        placeholder=_("Words of the question, or an id"),
        on_change=partial(_narrow, "search"),
    )
    domain.selectbox(
        _("Domain"),
        ["", *(str(each) for each in Domain)],
        key="prompts-domain",
        format_func=lambda each: domain_name(each) if each else _("All"),
        on_change=partial(_narrow, "domain"),
    )
    split.selectbox(
        _("Split"),
        ["", *(str(each) for each in Split)],
        key="prompts-split",
        format_func=lambda each: split_word(each) if each else _("All"),
        on_change=partial(_narrow, "split"),
    )


def find_page(workspace: Workspace, thresholds: ThresholdSet, wanted: PromptFilter) -> PromptPage | None:
    """The page that the URL names; None before the index was first taken in."""
    start = id_in_url("from") or 0
    index = live_index(workspace)
    page = index.ask(lambda index: page_of_prompts(index, thresholds, wanted, start=start, limit=PER_PAGE))
    if page is not None and page.total and not page.rows.num_rows:  # beyond the last one
        page = index.ask(lambda index: page_of_prompts(index, thresholds, wanted, limit=PER_PAGE))
    return page


def prompt_table(page: PromptPage, chosen: int | None, *, is_narrow: bool) -> None:
    """Draw a page with rows, the chosen one marked; a click on a row chooses it."""
    rows = page.rows.to_pylist()
    ids = [row["prompt_id"] for row in rows]
    # a key of its own for each page and width: what was selected in one means nothing in another
    key = f"prompts-table-{format_id(ids[0])}-{len(ids)}-{is_narrow}-{format_id(chosen or 0)}"
    selected = {"rows": [ids.index(chosen)] if chosen in ids else [], "columns": [], "cells": []}
    st.dataframe(
        {name: [_shown(row, name) for row in rows] for name in _COLUMNS},
        hide_index=True,
        key=key,
        height="content",
        column_order=_NARROW if is_narrow else None,
        column_config=_column_config(is_narrow=is_narrow),
        on_select=partial(_choose, key, ids, chosen),
        selection_mode=["single-row", "single-cell"],
        selection_default={"selection": selected},
        alt=_("Prompts"),
    )


def prompt_pager(page: PromptPage) -> None:
    """Which prompts are on show of how many, back and on."""
    pager(
        page.before + 1,
        page.before + page.rows.num_rows,
        page.total,
        back=partial(_go, page.previous) if page.previous is not None else None,
        on=partial(_go, page.next) if page.next is not None else None,
        key="prompts",
    )


def download_button(workspace: Workspace, thresholds: ThresholdSet, wanted: PromptFilter, total: int) -> None:
    """A button that gives every prompt on all pages as CSV; the file is made when it is pressed."""

    def made() -> bytes:
        text = io.StringIO(newline="")
        live_index(workspace).ask(lambda index: write_prompts_csv(index, thresholds, wanted, text))
        return text.getvalue().encode("utf-8-sig", "replace")  # a spreadsheet needs the mark

    st.download_button(
        _("Download {n} as CSV").format(n=number(total)),
        data=made,
        file_name="prompts.csv",
        mime="text/csv",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
        key="prompts-download",
    )


def show_prompt(prompt_id: int | None) -> None:
    """Put the chosen prompt into the URL; None chooses none."""
    for stale in ("candidate", "candidates"):
        st.query_params.pop(stale, None)
    if prompt_id is None:
        st.query_params.pop("prompt", None)
    else:
        st.query_params["prompt"] = format_id(prompt_id)


_COLUMNS: Final = ("question", "domain", "split", "task", "reference", "candidates", "correct", "accepted")


def _column_config(*, is_narrow: bool) -> dict[str, Any]:
    return {
        "question": st.column_config.TextColumn(_("Question"), width=148 if is_narrow else 250),
        "domain": st.column_config.TextColumn(_("Domain"), width=62),
        "split": st.column_config.TextColumn(_("Split"), width=70),
        "task": st.column_config.TextColumn(_("Task"), width=90),
        "reference": st.column_config.TextColumn(_("Reference"), width=76),
        "candidates": st.column_config.NumberColumn(_("Candidates"), format="localized", width=84),
        "correct": st.column_config.NumberColumn(_("Correct"), format="localized", width=64),
        "accepted": st.column_config.NumberColumn(_("Accepted"), format="localized", width=74),
    }


def _shown(row: dict[str, Any], name: str) -> Any:
    value = row[name]
    if name == "domain":
        return domain_name(value)
    if name == "split":
        return split_word(value)
    return " ".join(value.split()) if isinstance(value, str) else value


def _choose(key: str, ids: list[int], chosen: int | None) -> None:
    selection = st.session_state[key]["selection"]
    cells, rows = selection["cells"], selection["rows"]
    at = cells[0][0] if cells else rows[0] if rows else None
    show_prompt(None if at is None or ids[at] == chosen else ids[at])


def _narrow(name: str) -> None:
    value = str(st.session_state[f"prompts-{name}"] or "").strip()
    for stale in ("from", "prompt", "candidate", "candidates"):
        st.query_params.pop(stale, None)
    if value:
        st.query_params[name] = value
    else:
        st.query_params.pop(name, None)


def _go(start: int | None) -> None:
    for stale in ("prompt", "candidate", "candidates"):
        st.query_params.pop(stale, None)
    st.query_params["from"] = format_id(start or 0)
