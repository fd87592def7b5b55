"""One prompt in full: what it asks, its reference and metadata, its candidates, and one of them to read."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import streamlit as st

from components.format import number
from components.live_index import live_index
from components.pager import pager
from components.palette import NOT_SCORED, VERDICTS, domain_name
from components.prompts.browser import id_in_url, show_prompt
from components.prompts.preview import split_word
from components.prompts.reading import read_response, read_text
from components.text import _, inert
from curation.index import texts
from curation.prompts.browsing import CandidatePage, candidates_of, find_prompt
from curation.records import Prompt, Verdict, format_id
from curation.thresholds import ThresholdSet
from curation.workspace import Workspace

PER_PAGE: Final = 16
_SHORT: Final = 4_000
_LAST_PAGE: Final = 1_000_000
_ROLES: Final = {"system": "System", "user": "User", "assistant": "Assistant"}


def prompt_detail(
    workspace: Workspace, thresholds: ThresholdSet, prompt_id: int, previous: int | None, following: int | None
) -> None:
    """Draw the prompt; `previous` and `following` are its neighbours in the list."""
    prompt = find_prompt(workspace, prompt_id)
    with st.container(border=True, gap="xsmall", key="prompts-detail"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.subheader(_("Prompt"), anchor=False, width="content")
            st.caption(f"`{format_id(prompt_id)}`", width="content")
            st.space("stretch")
            for name, label, icon, other in (
                ("previous", _("Previous prompt"), ":material/keyboard_arrow_up:", previous),
                ("following", _("Next prompt"), ":material/keyboard_arrow_down:", following),
            ):
                st.button(
                    "", icon=icon, help=label, type="tertiary", key=f"prompts-{name}", disabled=other is None,
                    on_click=show_prompt, args=(other,),
                )  # fmt: skip
            st.button(
                "", icon=":material/close:", help=_("Close"), type="tertiary", key="prompts-close",
                on_click=show_prompt, args=(None,),
            )  # fmt: skip
        if prompt is None:
            st.caption(_(":material/info: The prompt in the address is not in this workspace."))
            return
        _draw_prompt(prompt, format_id(prompt_id))
        _draw_candidates(workspace, thresholds, prompt_id, prompt.target_language)


def _draw_prompt(prompt: Prompt, identity: str) -> None:
    badges = [
        f":blue-badge[{inert(domain_name(prompt.domain))}]",
        f":gray-badge[{inert(split_word(prompt.split))}]",
        f":gray-badge[{inert(prompt.target_language)}]",
    ]
    facts = _("{task} · verified by {verifier} · {source}").format(
        task=inert(prompt.task), verifier=inert(prompt.verifier), source=inert(prompt.source or _("unknown source"))
    )
    st.markdown(" ".join(badges))
    st.caption(facts)
    for number_, message in enumerate(prompt.messages):
        if len(prompt.messages) > 1:
            st.caption(inert(_ROLES.get(message.role, message.role)))
        read_text(message.content, key=f"prompts-message-{identity}-{number_}")
    st.caption(_("Reference"))
    if prompt.reference is None:
        st.caption(_("None: candidates of this prompt are not verified by a rule."))
    elif len(prompt.reference) <= _SHORT:
        st.code(prompt.reference, language=None, wrap_lines=True)
    else:
        read_text(prompt.reference, key=f"prompts-reference-{identity}")


def _draw_candidates(workspace: Workspace, thresholds: ThresholdSet, prompt_id: int, language: str) -> None:
    index = live_index(workspace)
    page = _page_in_url()
    found = index.ask(lambda index: candidates_of(index, thresholds, prompt_id, offset=page * PER_PAGE, limit=PER_PAGE))
    st.markdown(f"**{_('Candidates')}**")
    if found is None or not found.total:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(_("None yet."), width="content")
            st.page_link("pages/sampling.py", label=_("Sample responses"), icon=":material/casino:", width="content")
        return
    marks = [(verdict, VERDICTS[verdict] if verdict else NOT_SCORED) for verdict in (*VERDICTS, None)]
    st.markdown(
        " ".join(
            f":{mark.badge}-badge[{mark.icon} {number(found.verdicts[verdict])} {mark.word}]"
            for verdict, mark in marks
            if found.verdicts.get(verdict)
        )
    )
    if not found.rows.num_rows:  # beyond the last page
        page = 0
        found = index.ask(lambda index: candidates_of(index, thresholds, prompt_id, limit=PER_PAGE)) or found
    ids = found.rows.column("candidate_id").to_pylist()
    fetched = index.ask(lambda index: texts(index, ids))
    read = {row["candidate_id"]: row for row in fetched.to_pylist()} if fetched is not None else {}
    chosen = id_in_url("candidate")
    chosen = chosen if chosen in ids else ids[0]
    _candidate_table(found, read, ids, chosen)
    last_page = (found.total - 1) // PER_PAGE
    if last_page:
        pager(
            page * PER_PAGE + 1,
            page * PER_PAGE + len(ids),
            found.total,
            back=partial(_turn, page - 1) if page else None,
            on=partial(_turn, page + 1) if page < last_page else None,
            key="prompts-candidates",
        )
    row = found.rows.to_pylist()[ids.index(chosen)]
    _draw_candidate(row, read.get(chosen, {}), language)


def _candidate_table(found: CandidatePage, read: dict[int, dict[str, Any]], ids: list[int], chosen: int) -> None:
    rows = found.rows.to_pylist()
    key = f"prompts-candidates-{format_id(ids[0])}-{format_id(chosen)}"
    st.dataframe(
        {
            _("Verdict"): [(VERDICTS[row["verdict"]] if row["verdict"] else NOT_SCORED).word for row in rows],
            _("Filters"): [_kept(row["reasons"]) for row in rows],
            _("Prediction"): [_prediction(read.get(row["candidate_id"], {})) for row in rows],
            _("Reasoning"): [row["reasoning_tokens"] for row in rows],
            _("Answer"): [row["answer_tokens"] for row in rows],
        },
        hide_index=True,
        key=key,
        height="content",
        column_config={
            name: st.column_config.NumberColumn(format=_("%d tokens"), width=84)
            for name in (_("Reasoning"), _("Answer"))
        },
        on_select=partial(_choose, key, ids),
        selection_mode=["single-row", "single-cell"],
        selection_default={"selection": {"rows": [ids.index(chosen)], "columns": [], "cells": []}},
        alt=_("Candidates of this prompt"),
    )


def _draw_candidate(row: dict[str, Any], text: dict[str, Any], language: str) -> None:
    mark = VERDICTS[row["verdict"]] if row["verdict"] else NOT_SCORED
    badges = [f":{mark.badge}-badge[{mark.icon} {mark.word}]"]
    if row["reasons"] == []:
        badges.append(f":green-badge[:material/done_all: {_('Accepted')}]")
    badges += [f":gray-badge[{inert(reason)}]" for reason in row["reasons"] or () if reason not in tuple(Verdict)]
    st.markdown(" ".join(badges))
    facts = [str(text.get("model") or ""), str(row["job"]), _("sample {n}").format(n=row["sample"])]
    if text.get("rule_detail"):
        facts.append(str(text["rule_detail"]))
    st.caption(inert(" · ".join(fact for fact in facts if fact)))
    if text.get("text") is None:
        st.caption(_(":material/info: The text of this candidate cannot be found."))
        return
    read_response(text["text"], language, key="prompts-reading")


def _kept(reasons: list[str] | None) -> str:
    if reasons == []:
        return _("accepted")
    return ", ".join(reason for reason in reasons or () if reason not in tuple(Verdict)) or "–"


def _prediction(text: dict[str, Any]) -> str:
    return " ".join(str(text.get("prediction") or "–")[:200].split())


def _choose(key: str, ids: list[int]) -> None:
    selection = st.session_state[key]["selection"]
    cells, rows = selection["cells"], selection["rows"]
    at = cells[0][0] if cells else rows[0] if rows else None
    if at is not None:
        st.query_params["candidate"] = format_id(ids[at])


def _page_in_url() -> int:
    try:
        return min(max(int(st.query_params["candidates"]) - 1, 0), _LAST_PAGE)
    except (KeyError, ValueError):
        return 0


def _turn(page: int) -> None:
    st.query_params.pop("candidate", None)
    st.query_params["candidates"] = str(page + 1)
