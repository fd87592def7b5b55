"""What an evaluation found, in a sentence: whether an adapter is better than the model without it."""

from __future__ import annotations

import math

from components.text import _
from curation.jobs import Job
from training.evaluation.results import EvaluationResults


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
    if difference.low > 0:
        text = _("{tuned} beats {base} by {points} points of pass@1 (95 % interval {low} to {high}).")
        points, low, high = _in_points(difference.value, difference.low, difference.high)
    elif difference.high < 0:
        text = _("{tuned} is worse than {base} by {points} points of pass@1 (95 % interval {low} to {high}).")
        points, low, high = _in_points(-difference.value, -difference.high, -difference.low)
    else:
        text = _("{tuned} and {base} cannot be told apart: {points} points of pass@1 (95 % interval {low} to {high}).")
        points, low, high = _in_points(difference.value, difference.low, difference.high, sign="+")
    return text.format(tuned=tuned, base=base, points=points, low=low, high=high)


def _in_points(*ratios: float, sign: str = "") -> list[str]:
    """Percentage points, with decimals where one of them would read as zero without being it."""
    points = [100 * ratio for ratio in ratios]
    digits = next((n for n in range(3) if all(round(each, n) or abs(each) < 1e-9 for each in points)), 3)
    return [f"{each:{sign}.{digits}f}".replace("-", "−") for each in points]
