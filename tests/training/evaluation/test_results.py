"""Promise: pass@1 is over what the rules can decide, and says what it left out; habits are the thresholds' rules."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from curation.records import TEXT_MEASURES
from curation.thresholds import ThresholdRule, default_thresholds
from training.evaluation import EVALUATION_SCHEMA
from training.evaluation.results import EvaluationResults, compute_results

RULES = default_thresholds().enabled


def row(model: str, prompt: int, verdict: str, sample: int = 0, **values: Any) -> dict[str, Any]:
    measures = {field.name: 0 for field in TEXT_MEASURES} | {"target_word_ratio": 1.0, "well_formed": True}
    return {
        "model": model,
        "revision": f"{model}@0",
        "prompt_id": prompt,
        "sample": sample,
        "domain": "math",
        "verifier": "math",
        "text": "",
        "finish_reason": "stop",
        "reasoning_tokens": 10,
        "answer_tokens": 2,
        "seed": 0,
        "rule_verdict": verdict,
        "rule_detail": "",
        "prediction": None,
        "rule_version": 1,
        "measures_version": 1,
        **measures,
        **values,
    }


def results(rows: list[dict[str, Any]], rules: tuple[ThresholdRule, ...] = RULES) -> EvaluationResults:
    models = list(dict.fromkeys(each["model"] for each in rows))
    return compute_results(pa.Table.from_pylist(rows, EVALUATION_SCHEMA), rules, models)


def test_pass_at_1_is_over_what_can_be_decided() -> None:
    found = results(
        [
            row("a", 1, "correct"),
            row("a", 2, "incorrect"),
            row("a", 3, "undecided"),  # math can decide: an answer that nobody could read is not correct
            row("a", 4, "undecided", domain="code", verifier="code"),  # code without a sandbox cannot
            row("a", 5, "undecided", domain="general", verifier="none"),
            row("a", 6, "error"),
        ]
    )
    overall = found.model("a").overall
    assert overall.pass_at_1.value == pytest.approx(1 / 3)
    assert (overall.pass_at_1.prompts, overall.left_out, overall.samples) == (3, 3, 6)
    assert overall.undecided.value == pytest.approx(1 / 3)
    assert math.isnan(found.model("a").by_domain["code"].pass_at_1.value)
    assert found.model("a").by_domain["code"].left_out == 1


def test_code_that_cannot_be_run_stays_out_even_where_a_response_has_no_answer() -> None:
    found = results(
        [
            row("a", 1, "correct"),
            row("a", 2, "incorrect", domain="code", verifier="code"),
            row("b", 1, "incorrect"),
            row("b", 2, "undecided", domain="code", verifier="code"),
        ]
    )
    assert found.model("a").overall.pass_at_1.value == 1
    assert [found.model(name).overall.left_out for name in ("a", "b")] == [1, 1]
    assert found.difference("a", "b").pass_at_1.value == 1


def test_habits_are_the_rules_with_the_bounds_themselves_passing() -> None:
    rules = (*RULES, ThresholdRule("short", "reasoning_tokens", max=20, domains=("logic",)))
    found = results(
        [
            row("a", 1, "correct", target_word_ratio=np.float32(0.95), code_blocks=1),
            row("a", 2, "correct", target_word_ratio=0.94, longest_paragraph=1501),
            row("a", 3, "correct", finish_reason="length", well_formed=False),
            row("a", 4, "correct", reasoning_tokens=21, domain="logic", longest_paragraph=1500),
        ],
        rules,
    )
    habits = found.model("a").overall.habits
    rates = {name: interval.value for name, interval in habits.items()}
    assert rates == {
        "malformed": 0.25,
        "truncated": 0.25,
        "mixed_language": 0.25,
        "long_paragraph": 0.25,
        "code_blocks": 0.25,
        "repetition": 0,
        "short": 1,
    }
    assert habits["short"].samples == 1
    assert found.model("a").overall.well_formed.value == 0.75
    assert found.model("a").overall.reasoning_tokens.value == pytest.approx((10 * 3 + 21) / 4)


def test_differences_are_paired_and_point_both_ways() -> None:
    rows = [
        row(model, prompt, "correct" if prompt < bound else "incorrect", sample)
        for model, bound in (("tuned", 60), ("base", 20))
        for prompt in range(100)
        for sample in range(2)
    ]
    found = results(rows)
    difference = found.difference("tuned", "base").pass_at_1
    assert difference.value == pytest.approx(0.4)
    assert 0.2 < difference.low < 0.4 < difference.high < 0.6
    assert found.difference("base", "tuned").pass_at_1.value == pytest.approx(-0.4)
    assert found.model("tuned").overall.pass_at_1.low > found.model("base").overall.pass_at_1.high
    with pytest.raises(KeyError):
        found.difference("tuned", "policy")


def test_the_results_are_json_even_where_nothing_could_be_computed() -> None:
    plain = results([row("a", 1, "undecided", verifier="none")]).as_json()
    assert json.loads(json.dumps(plain, allow_nan=False))["models"][0]["overall"]["pass_at_1"]["value"] is None
