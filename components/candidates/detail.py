"""One candidate in full: why it was rejected, the question, what was found and wanted, and the response to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd
import streamlit as st

from components.candidates.reasons import reason_in_words, reason_title
from components.check_words import NOT_READ, check_words
from components.marked_response import marked_response
from components.measure_words import MEASURES, bound_in_words, measure_title, with_unit
from components.palette import VERDICTS, domain_name
from components.problem import problems_in_place
from components.reading_pane import reading_text
from components.text import _, inert
from curation.browsing import CandidateRow, Status
from curation.records import format_id
from curation.thresholds import ThresholdRule

LONGEST_SHORT_TEXT: Final = 2000
"""Predictions, references and details are cut after so many characters."""


def draw_why(row: CandidateRow, rules: Sequence[ThresholdRule]) -> None:
    """Each reason with the measured value and the bound."""
    by_name = {rule.name: rule for rule in rules}
    if row.status == Status.UNSCORED:
        st.caption(_(":material/pending: It is not scored yet, so nothing is decided."))
        return
    if row.status == Status.ACCEPTED:
        st.markdown(_(":green[:material/check_circle:] **Accepted**: correct, and within every threshold."))
        return
    lines = []
    for reason in row.reasons:
        icon = VERDICTS[reason].icon if reason in VERDICTS else ":material/rule:"
        words = reason_in_words(reason, by_name.get(reason), row)
        lines.append(f":red[{icon}] **{inert(reason_title(reason))}**: {inert(words)}")
    st.markdown("  \n".join(lines))


def draw_question(texts: Mapping[str, Any], language: str) -> None:
    """The prompt, every turn of it."""
    st.markdown(f"**{_('Question')}**")
    messages = texts["messages"]
    if not messages:
        st.caption(_("The prompt is not in this workspace."))
        return
    if len(messages) == 1:
        words = messages[0]["content"]
    else:
        words = "\n\n".join(f"{message['role']}: {message['content']}" for message in messages)
    reading_text(words, key="rejects-question", height=190, language=language)


def draw_answers(row: CandidateRow, texts: Mapping[str, Any]) -> None:
    """What was found in the response beside what is right, and what the check says."""
    with st.container(horizontal=True, gap="medium"):
        is_unread = texts["rule_detail"] in NOT_READ
        _short(_("Found"), texts["prediction"], _("not looked for") if is_unread else _("no final answer was found"))
        _short(_("Reference"), texts["reference"], _("the prompt has none"))
        _short(_("Check"), check_words(texts["rule_detail"] or ""), _("not checked yet"))


def draw_response(row: CandidateRow, texts: Mapping[str, Any], rules: Sequence[ThresholdRule]) -> None:
    """The reading pane, with what the failing rules object to."""
    failing = [rule for rule in rules if rule.name in row.reasons]
    st.markdown(f"**{_('Response')}**")
    marked_response(texts["text"], failing, row.target_language or "", key="rejects-pane")


def draw_measures(row: CandidateRow, rules: Sequence[ThresholdRule]) -> None:
    """Every measure, with the bounds that hold for it."""
    with st.expander(_("All measures"), icon=":material/straighten:", key="rejects-measures"):
        holding = [rule for rule in rules if not rule.domains or row.domain in rule.domains]
        bounds = {
            name: "; ".join(bound_in_words(rule) for rule in holding if rule.measure == name) for name in MEASURES
        }
        failed = {rule.measure for rule in holding if rule.name in row.reasons}
        table = pd.DataFrame(
            {
                _("Measure"): [measure_title(name) for name in MEASURES],
                _("Value"): [with_unit(name, row.measures.get(name)) for name in MEASURES],
                _("Wanted"): [bounds[name] or "–" for name in MEASURES],
                _("Within"): [
                    "–" if not bounds[name] or row.verdict is None else _("no") if name in failed else _("yes")
                    for name in MEASURES
                ],
            }
        )
        st.dataframe(table, hide_index=True, key="rejects-measure-table")


def draw_origin(row: CandidateRow, texts: Mapping[str, Any] | None) -> None:
    """Where it comes from, with ids to copy and the way to its prompt."""
    prompt = format_id(row.prompt_id)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.page_link("pages/prompts.py", label=_("Its prompt"), icon=":material/quiz:", query_params={"prompt": prompt})
        st.page_link("pages/jobs.py", label=_("Its job"), icon=":material/casino:", query_params={"job": row.job})
    with st.expander(_("Where it is from"), icon=":material/fingerprint:", key="rejects-origin"):
        st.caption(_("Candidate"))
        st.code(format_id(row.candidate_id), language=None)
        st.caption(_("Prompt"))
        st.code(prompt, language=None)
        lines = [
            (_("Job"), row.job),
            (_("Sample"), str(row.sample)),
            (_("Domain"), domain_name(row.domain) if row.domain else "–"),
            (_("Task"), row.task or "–"),
            (_("Target language"), row.target_language or "–"),
            (_("Finish reason"), row.finish_reason),
        ]
        if texts is not None:
            lines += [(_("Model"), texts["model"]), (_("Source"), texts["source"] or "–")]
        st.text("\n".join(f"{name}: {value}" for name, value in lines))


def draw_detail(row: CandidateRow, texts: Mapping[str, Any] | None, rules: Sequence[ThresholdRule]) -> None:
    """All of it; without `texts` (they could not be read) what the index knows."""
    draw_why(row, rules)
    if texts is not None:
        with problems_in_place():
            draw_question(texts, row.target_language or "")
            draw_answers(row, texts)
            draw_response(row, texts, rules)
    draw_measures(row, rules)
    draw_origin(row, texts)


def _short(title: str, text: str | None, otherwise: str) -> None:
    with st.container(gap=None):
        st.caption(title)
        if text:
            st.text(text if len(text) <= LONGEST_SHORT_TEXT else f"{text[:LONGEST_SHORT_TEXT]}…")
        else:
            st.caption(f"*{otherwise}*")
