"""Threshold rules as SQL over the index's `scores`: values are parameters, names come from a fixed registry."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from curation.records import Split, Verdict
from curation.thresholds import THRESHOLD_MEASURES, ThresholdRule


@dataclass(frozen=True, slots=True)
class Expression:
    """A piece of SQL and the parameters of its question marks."""

    sql: str
    parameters: tuple[object, ...] = ()


_INT32_MAX = 2**31 - 1

IN_FUNNEL = f"split = '{Split.TRAIN}'"
"""Held-out prompts are for evaluation; their candidates are never counted nor taken."""

CORRECT = f"verdict = '{Verdict.CORRECT}'"
"""The verdict policy, which comes before every threshold."""


def fails(rule: ThresholdRule) -> Expression:
    """Whether a row is rejected by `rule`. A measure that is missing is rejected."""
    type_ = THRESHOLD_MEASURES[rule.measure]
    column = f"{rule.measure}::INTEGER" if pa.types.is_boolean(type_) else rule.measure
    # a bound is compared as what is stored: the double 0.95 is above the float 0.95, and casting a column costs time
    real = pa.types.is_float32(type_)
    tests = []
    parameters: list[object] = []
    for comparison, value, whole in ((">=", rule.min, math.ceil), ("<=", rule.max, math.floor)):
        if value is not None:
            tests.append(f"{column} {comparison} {'?::FLOAT' if real else '?::INTEGER'}")
            parameters.append(value if real else min(max(whole(value), -_INT32_MAX), _INT32_MAX))
    sql = f"(({' AND '.join(tests)}) IS NOT TRUE)"
    if rule.domains:
        sql = f"({sql} AND domain IN ({', '.join('?' * len(rule.domains))}))"
        parameters += rule.domains
    return Expression(sql, tuple(parameters))


def reject_mask(rules: Sequence[ThresholdRule]) -> Expression:
    """A BIGINT whose bit i says that rule i rejects the row."""
    expressions = [fails(rule) for rule in rules]
    terms = [f"({expression.sql}::BIGINT << {bit})" for bit, expression in enumerate(expressions)]
    return Expression(
        " + ".join(terms) or "0::BIGINT",
        tuple(parameter for expression in expressions for parameter in expression.parameters),
    )
