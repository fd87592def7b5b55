"""What a finished evaluation found: the finding in words, pass@1 by domain, habits, lengths, and every number."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from components.chart_style import show
from components.evaluation.comparison_chart import comparison_figure
from components.evaluation.figures import (
    breaks,
    domains_of,
    habit_columns,
    lengths_figure,
    mean_lengths,
    pass_columns,
    score_rows,
)
from components.evaluation.findings import finding, tuned_and_base
from components.format import number, percent
from components.measure_words import rule_title
from components.palette import domain_name
from components.text import _
from components.url_choice import url_segments
from curation.jobs import Job
from training.evaluation.results import EvaluationResults, habit_rules

_MOST_HABITS: Final = 6


def draw_finding(job: Job, results: EvaluationResults) -> None:
    """One sentence for each adapter; without one, for the first two models."""
    pairs = tuned_and_base(job)
    if not pairs and len(results.models) > 1:
        pairs = [(results.models[1].name, results.models[0].name)]
    for tuned, base in pairs[:3]:
        st.text(finding(results, tuned, base))


def draw_scores(job: Job, results: EvaluationResults) -> None:
    """The charts, and the table with its download."""
    models = tuple(model.name for model in results.models)
    st.subheader(_("pass@1"), anchor=False)
    show(
        comparison_figure(models, tuple(pass_columns(results))),
        key="evaluation-pass", alt=_("pass@1 of each model, over all domains and in each"),
    )  # fmt: skip
    samples = max((model.overall.samples for model in results.models), default=0)
    words = _("{prompts} prompts, {samples} samples a model; 95 % intervals, clustered by prompt.").format(
        prompts=number(results.prompts), samples=number(samples)
    )
    left_out = max((model.overall.left_out for model in results.models), default=0)
    if left_out:
        more = _("{n} samples a model are left out of pass@1: nothing here can decide them.")
        words = f"{words} {more.format(n=number(left_out))}"
    st.caption(words)
    _habits_and_lengths(job, results, models)
    with st.expander(_("Every number, with its interval"), icon=":material/table:", key="evaluation-table"):
        _table(job, results)


def _habits_and_lengths(job: Job, results: EvaluationResults, models: tuple[str, ...]) -> None:
    domains = ["all", *domains_of(results)]
    rules = _told(job.config.get("rules", []))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader(_("Habits and lengths"), anchor=False, width="content")
        st.space("stretch")
        domain = url_segments(
            _("Domain"), domains, "domain", words=lambda name: _("All") if name == "all" else domain_name(name)
        )
    chosen = "" if domain == "all" else domain
    left, right = st.columns([3, 1], gap="medium")
    with left:
        if rules:
            columns = tuple(habit_columns(results, rules, chosen))
            show(comparison_figure(models, columns), key="evaluation-habits", alt=_("Share of responses with a habit"))
            st.caption(_("Share of the responses that break each rule of the threshold set."))
        else:
            st.caption(_("The threshold set had no rule switched on."))
    with right:
        show(
            lengths_figure(models, mean_lengths(results, chosen)),
            key="evaluation-lengths", alt=_("Mean tokens of reasoning and answer of each model"),
        )  # fmt: skip
        st.caption(_("Tokens of a response, on average."))


def _told(rules: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return list(rules)[:_MOST_HABITS]


def _table(job: Job, results: EvaluationResults) -> None:
    rows = score_rows(results)
    shown = [
        {
            _("Model"): row["model"],
            _("Domain"): _("All") if row["domain"] == "all" else domain_name(str(row["domain"])),
            _("Samples"): row["samples"],
            "pass@1": _cell(row, "pass_at_1"),
            _("Undecided"): _cell(row, "undecided"),
            **{
                _("Breaks “{rule}”").format(rule=rule_title(rule.name)): _cell(row, breaks(rule.name))
                for rule in habit_rules(job)
            },
            _("Reasoning tokens"): _cell(row, "reasoning_tokens", is_share=False),
            _("Answer tokens"): _cell(row, "answer_tokens", is_share=False),
        }
        for row in rows
    ]
    st.dataframe(shown, hide_index=True, height="content", alt=_("Every number, with its interval"))
    out = io.StringIO()
    writer = csv.DictWriter(out, list(dict.fromkeys(name for row in rows for name in row)))
    writer.writeheader()
    writer.writerows(rows)
    st.download_button(
        _("Download as CSV"), out.getvalue(), file_name=f"{job.id}.csv", mime="text/csv", icon=":material/download:",
        on_click="ignore",
    )  # fmt: skip


def _cell(row: Mapping[str, Any], name: str, *, is_share: bool = True) -> str:
    value, low, high = (row.get(name + part) for part in ("", "_low", "_high"))
    if value is None:
        return "–"
    write = (lambda each: percent(each, 1)) if is_share else (lambda each: f"{each:,.1f}")
    return write(value) if low is None or high is None else f"{write(value)} ({write(low)} – {write(high)})"
