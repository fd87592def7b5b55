"""From counts and results to the charts of the Overview: which bars, with which words and colours."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from components.charts import FunnelBar, VerdictCounts
from components.comparison_chart import Measured, ModelColumn
from components.live_index import Counted
from components.palette import ACCENT, CORRECT, NEUTRAL, VERDICTS, domain_name, tint
from components.text import N_, _
from curation.jobs import Job
from curation.thresholds import ThresholdRule
from training.comparison import Interval
from training.evaluation_results import EvaluationResults

_RULE_TITLES: Final[Mapping[str, str]] = {
    "malformed": N_("Malformed"),
    "truncated": N_("Truncated"),
    "mixed_language": N_("Mixed language"),
    "long_paragraph": N_("Long paragraph"),
    "code_blocks": N_("Code blocks"),
    "repetition": N_("Repetition"),
}
HABITS: Final = ("target_word_ratio", "code_blocks", "longest_paragraph", "repetition")
"""Measures whose rules are shown beside pass@1: what makes reasoning hard to read."""


def rule_title(rule: str) -> str:
    """A rule's name as a heading."""
    return _(_RULE_TITLES[rule]) if rule in _RULE_TITLES else rule.replace("_", " ").capitalize()


def funnel_bars(counted: Counted) -> list[FunnelBar]:
    """Prompts, candidates, correct, one bar a rule, accepted, selected."""
    funnel = counted.funnel
    rules = {rule.name: rule for rule in counted.thresholds.rules}
    whole = funnel.candidates
    quiet = tint(NEUTRAL, 0.8)
    bars = [
        FunnelBar(
            _("Prompts"), funnel.prompts, 0, quiet, definition=_("to sample from; none held out"), is_apart=True
        ),
        FunnelBar(_("Candidates"), whole, 0, quiet, definition=_("sampled responses")),
        FunnelBar(
            _("Correct"), funnel.correct, whole - funnel.correct, CORRECT, whole,
            _("the others are incorrect, undecided or not scored yet"),
        ),
    ]  # fmt: skip
    before = funnel.correct
    for step in funnel.steps:
        definition = bound(rules[step.rule]) if step.rule in rules else ""
        bars.append(
            FunnelBar(rule_title(step.rule), step.remaining, before - step.remaining, CORRECT, whole, definition)
        )
        before = step.remaining
    bars.append(FunnelBar(_("Accepted"), funnel.accepted, 0, CORRECT, whole, _("correct, and within every threshold")))
    bars.append(
        FunnelBar(
            _("Selected"),
            funnel.selected,
            funnel.accepted - funnel.selected,
            ACCENT,
            whole,
            _("after de-duplication and the cap per prompt"),
        )
    )
    return bars


def bound(rule: ThresholdRule) -> str:
    """What a rule lets pass: "target_word_ratio at least 0.95"."""
    parts = []
    if rule.min is not None:
        parts.append(_("at least {bound:g}").format(bound=rule.min))
    if rule.max is not None:
        parts.append(_("at most {bound:g}").format(bound=rule.max))
    return f"{rule.measure} {_(' and ').join(parts)}"


def verdict_counts(counted: Counted) -> list[VerdictCounts]:
    """Every domain that has candidates, in the order of the design."""
    return [
        VerdictCounts(domain_name(domain), counts.candidates, tuple((name, getattr(counts, name)) for name in VERDICTS))
        for domain, counts in counted.funnel.by_domain.items()
        if counts.candidates
    ]


def model_columns(results: EvaluationResults, rules: Sequence[Mapping[str, object]]) -> list[ModelColumn]:
    """pass@1, then the share of responses that break each habit's rule."""
    columns = [
        ModelColumn("pass@1", tuple(_measured(model.overall.pass_at_1) for model in results.models), is_headline=True)
    ]
    for rule in sorted(
        (rule for rule in rules if rule["measure"] in HABITS), key=lambda r: HABITS.index(str(r["measure"]))
    ):
        name = str(rule["name"])
        values = tuple(
            _measured(model.overall.habits[name]) if name in model.overall.habits else None for model in results.models
        )
        columns.append(ModelColumn(rule_title(name), values))
    return columns


def tuned_and_base(job: Job) -> list[tuple[str, str]]:
    """Names of (adapter, the same model without it) among the models of an evaluation job."""
    models = job.config["models"]
    plain = {each["model"]: each["name"] for each in models if not each.get("adapter")}
    return [(each["name"], plain[each["model"]]) for each in models if each.get("adapter") and each["model"] in plain]


def finding(results: EvaluationResults, tuned: str, base: str) -> str:
    """One sentence: whether the adapter is better, by how much, and how sure that is."""
    difference = results.difference(tuned, base).pass_at_1
    if math.isnan(difference.value):
        return _("{tuned} and {base} were not compared on the same prompts.").format(tuned=tuned, base=base)
    points, low, high = (
        f"{100 * value:+.0f}".replace("-", "−") for value in (difference.value, difference.low, difference.high)
    )
    if difference.low > 0:
        text = _("{tuned} beats {base} by {points} points of pass@1 (95 % interval {low} to {high}).")
    elif difference.high < 0:
        text = _("{tuned} is worse than {base} by {points} points of pass@1 (95 % interval {low} to {high}).")
    else:
        text = _("{tuned} and {base} cannot be told apart: {points} points of pass@1 (95 % interval {low} to {high}).")
    return text.format(tuned=tuned, base=base, points=points, low=low, high=high)


def _measured(interval: Interval) -> Measured | None:
    return None if math.isnan(interval.value) else Measured(interval.value, interval.low, interval.high)
