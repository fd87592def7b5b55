"""Both models' responses to one prompt, side by side: the reasoning apart from the answer, and what the rule said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from components.check_words import check_words
from components.format import number
from components.marked_response import marked_response
from components.measure_words import rule_title
from components.palette import NOT_SCORED, VERDICTS, domain_name
from components.reading_pane import reading_text
from components.text import _, inert
from curation.jobs import Job
from curation.prompts.reading import iter_prompts
from curation.records import format_id
from curation.thresholds import ThresholdRule
from curation.workspace import Workspace
from training.evaluation.changes import ResponseRow, responses_to
from training.evaluation.results import habit_rules

QUESTION_PX = 150
RESPONSE_PX = 380


def draw_responses(workspace: Workspace, job: Job, left: str, right: str, prompt: int) -> None:
    """The question, its reference answer, and one sample of each model."""
    rows = responses_to(job, left, right, prompt)
    asked = _asked(workspace, prompt)
    if not rows:
        st.text(_("No response to prompt {prompt} is in this evaluation.").format(prompt=format_id(prompt)))
        return
    samples = sorted({row.sample for row in rows})
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        words = [format_id(prompt)]
        if asked is not None:
            words = [domain_name(asked["domain"]), asked["task"] or "", *words]
        st.caption(inert(" · ".join(word for word in words if word)), width="content")
        st.space("stretch")
        sample = samples[0]
        if len(samples) > 1:
            sample = int(
                st.segmented_control(
                    _("Sample"), samples, default=samples[0], required=True, label_visibility="collapsed",
                    format_func=lambda n: _("Sample {n}").format(n=n + 1), key=f"evaluation-sample-{job.id}",
                )
            )  # fmt: skip
    if asked is None:
        st.caption(_("The prompt itself is no longer in the workspace."))
    else:
        language = asked["target_language"] or ""
        reading_text(_question(asked["messages"]), key="evaluation-question", height=QUESTION_PX, language=language)
        if asked["reference"]:
            st.text(_("Reference answer: {answer}").format(answer=asked["reference"][:300]))
    for column, model, place in zip(st.columns(2, gap="small"), (left, right), ("a", "b"), strict=True):
        with column:
            row = next((row for row in rows if row.model == model and row.sample == sample), None)
            _response(model, row, place, (asked or {}).get("target_language") or "", habit_rules(job))


def _response(model: str, row: ResponseRow | None, place: str, language: str, rules: Sequence[ThresholdRule]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.markdown(f"**{inert(model)}**", width="content")
        if row is not None:
            mark = VERDICTS.get(row.verdict, NOT_SCORED)
            st.badge(mark.word, icon=mark.icon, color=mark.badge)
            for name in row.broken:
                st.badge(inert(rule_title(name)), color="gray")
    if row is None:
        st.caption(_("It has no such sample."))
        return
    parts = [_("{n} tokens").format(n=number(row.reasoning_tokens + row.answer_tokens)), check_words(row.detail)]
    if row.finish_reason == "length":
        parts.append(_("cut at the longest length"))
    st.caption(inert(" · ".join(part for part in parts if part)), wrap=False)
    broken = [rule for rule in rules if rule.name in row.broken]
    marked_response(row.text, broken, language, key=f"evaluation-response-{place}", height=RESPONSE_PX)


def _asked(workspace: Workspace, prompt: int) -> dict[str, Any] | None:
    for table in iter_prompts(workspace, np.array([prompt], np.uint64)):
        for row in table.to_pylist():
            return dict(row)
    return None


def _question(messages: Sequence[dict[str, str]]) -> str:
    if len(messages) == 1:
        return messages[0]["content"]
    return "\n\n".join(f"{message['role']}: {message['content']}" for message in messages)
