"""From the results of an evaluation to its charts and its table: pass@1 by domain, habits, lengths."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import plotly.graph_objects as go

from components.chart_style import QUIET, layout
from components.evaluation.comparison_chart import Measured, ModelColumn
from components.format import number
from components.measure_words import rule_title
from components.palette import ACCENT, DOMAINS, domain_name, tint
from components.row_bars import ROW_AXIS, row_labels, words_beside
from components.text import _, per_language
from training.evaluation.intervals import Interval
from training.evaluation.results import EvaluationResults, ModelResult, Scores

HABITS: Final = ("target_word_ratio", "code_blocks", "longest_paragraph", "repetition")
"""Measures whose rules are shown beside pass@1: what makes reasoning hard to read."""

_ROOM: Final = 1.9  # the longest bar leaves this share of the width to the numbers beside it


def domains_of(results: EvaluationResults) -> list[str]:
    """Domains that were asked, in the order of the design."""
    known = list(DOMAINS)
    found = {domain for model in results.models for domain in model.by_domain}
    return sorted(found, key=lambda domain: (known.index(domain) if domain in known else len(known), domain))


def scores_of(model: ModelResult, domain: str) -> Scores | None:
    """A model's scores in a domain, "" for all of them."""
    return model.by_domain.get(domain) if domain else model.overall


def pass_columns(results: EvaluationResults) -> list[ModelColumn]:
    """pass@1 over everything, and in each domain whose verifier can decide."""
    columns = []
    for domain in ("", *domains_of(results)):
        scores = [scores_of(model, domain) for model in results.models]
        values = tuple(measured(each.pass_at_1) if each else None for each in scores)
        if not domain or any(value is not None for value in values):
            columns.append(ModelColumn(domain_name(domain) if domain else _("All domains"), values, is_headline=True))
    return columns


def habit_columns(results: EvaluationResults, rules: Sequence[Mapping[str, Any]], domain: str) -> list[ModelColumn]:
    """The share of responses that break each rule."""
    columns = []
    for rule in rules:
        name = str(rule["name"])
        scores = [scores_of(model, domain) for model in results.models]
        values = tuple(measured(each.habits[name]) if each and name in each.habits else None for each in scores)
        columns.append(ModelColumn(rule_title(name), values))
    return columns


def headline_columns(results: EvaluationResults, rules: Sequence[Mapping[str, Any]]) -> list[ModelColumn]:
    """pass@1 over everything, then the share of responses that break each rule on how the reasoning reads."""
    values = tuple(measured(model.overall.pass_at_1) for model in results.models)
    kept = sorted((rule for rule in rules if rule["measure"] in HABITS), key=lambda r: HABITS.index(r["measure"]))
    return [ModelColumn("pass@1", values, is_headline=True), *habit_columns(results, kept, "")]


@per_language(maxsize=16)
def lengths_figure(models: tuple[str, ...], lengths: tuple[tuple[float, float], ...]) -> go.Figure:
    """One bar a model: mean tokens of the reasoning, then of the answer."""
    rows = row_labels(models)
    traces: list[dict[str, Any]] = [
        {
            "type": "bar", "orientation": "h", "y": rows, "x": [pair[part] for pair in lengths], "name": name,
            "marker": {"color": colour, "line": {"width": 0}},
            "hovertemplate": f"<b>%{{y}}</b><br>{name}: %{{x:,.1f}}<extra></extra>",
        }
        for part, name, colour in ((0, _("Reasoning"), QUIET), (1, _("Answer"), tint(ACCENT, 0.75)))
    ]  # fmt: skip
    ends = [sum(pair) for pair in lengths]
    words = words_beside(rows, ends, [f"{number(left)} + {number(right)}" for left, right in lengths])
    whole = {
        **layout(top=40, bottom=24),
        "xaxis": {"visible": False, "fixedrange": True, "range": [0, max([1.0, *ends]) * _ROOM]},
        "yaxis": {**ROW_AXIS, "categoryorder": "array", "categoryarray": rows},
        "barmode": "stack",
        "bargap": 0.42,
        "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "traceorder": "normal"},
        "height": 46 * len(rows) + 76,
    }
    return go.Figure({"data": [*traces, words], "layout": whole})


def mean_lengths(results: EvaluationResults, domain: str) -> tuple[tuple[float, float], ...]:
    """(reasoning, answer) in tokens of each model, 0 where a model has no sample."""
    pairs = []
    for model in results.models:
        scores = scores_of(model, domain)
        values = (scores.reasoning_tokens.value, scores.answer_tokens.value) if scores else (0.0, 0.0)
        pairs.append((0.0 if math.isnan(values[0]) else values[0], 0.0 if math.isnan(values[1]) else values[1]))
    return tuple(pairs)


def score_rows(results: EvaluationResults) -> list[dict[str, str | float | int | None]]:
    """Every number as a table: a row for each model and domain, shares in [0, 1], with the bounds of each interval."""
    rows = []
    for model in results.models:
        for domain in ("", *domains_of(results)):
            scores = scores_of(model, domain)
            if scores is None:
                continue
            row: dict[str, str | float | int | None] = {
                "model": model.name,
                "revision": model.revision,
                "domain": domain or "all",
                "samples": scores.samples,
            }
            named: dict[str, Interval] = {"pass_at_1": scores.pass_at_1, "undecided": scores.undecided}
            named |= {"well_formed": scores.well_formed, "truncated": scores.truncated}
            named |= {breaks(rule): interval for rule, interval in scores.habits.items()}
            named |= {"reasoning_tokens": scores.reasoning_tokens, "answer_tokens": scores.answer_tokens}
            for name, interval in named.items():
                for part, suffix in (("value", ""), ("low", "_low"), ("high", "_high")):
                    value = getattr(interval, part)
                    row[name + suffix] = None if not math.isfinite(value) else round(value, 6)
            row["left_out"] = scores.left_out
            rows.append(row)
    return rows


def breaks(rule: str) -> str:
    """The column of `score_rows` with the share that breaks a rule; a rule may be called like another column."""
    return f"breaks_{rule}"


def measured(interval: Interval) -> Measured | None:
    """An interval for a chart; None without samples."""
    return None if math.isnan(interval.value) else Measured(interval.value, interval.low, interval.high)
