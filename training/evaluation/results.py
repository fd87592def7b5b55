"""What an evaluation found: pass@1, habits and lengths of each model, and the differences between models."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from curation.errors import JobError
from curation.files import write_json
from curation.jobs import Job, read_keys
from curation.records import TEXT_MEASURES, Verdict
from curation.thresholds import ThresholdRule
from curation.verification import DECIDING_RULES
from training.evaluation.intervals import Interval, mean_interval, paired_difference, rate_interval
from training.evaluation.records import FAMILY

RESULTS: Final = "results.json"
_MEASURES: Final = tuple(field.name for field in TEXT_MEASURES)
_COLUMNS: Final = (
    "model",
    "revision",
    "prompt_id",
    "sample",
    "domain",
    "verifier",
    "finish_reason",
    "reasoning_tokens",
    "answer_tokens",
    "rule_verdict",
    *_MEASURES,
)

Columns = dict[str, np.ndarray[Any, np.dtype[Any]]]


@dataclass(frozen=True, slots=True)
class Scores:
    """One model on some prompts; rates are shares in [0, 1] with 95 % intervals clustered by prompt.

    pass_at_1: correct samples, over the prompts whose verifier can decide here (see `left_out`); a sample that stayed
    undecided counts as not correct. habits: for each rule of the threshold set, the samples that break it, over the
    domains the rule is for. undecided: of the samples that pass_at_1 is over. left_out: samples whose verifier cannot
    decide (`none`, or code without a sandbox) or whose check failed. Lengths are means in tokens.
    """

    samples: int
    pass_at_1: Interval
    undecided: Interval
    left_out: int
    well_formed: Interval
    truncated: Interval
    reasoning_tokens: Interval
    answer_tokens: Interval
    habits: Mapping[str, Interval]


@dataclass(frozen=True, slots=True)
class ModelResult:
    """One model: over everything, and by domain."""

    name: str
    revision: str
    overall: Scores
    by_domain: Mapping[str, Scores]


@dataclass(frozen=True, slots=True)
class Difference:
    """Left minus right, paired by prompt: 95 % intervals; one that leaves out 0 is a difference."""

    left: str
    right: str
    pass_at_1: Interval
    well_formed: Interval
    habits: Mapping[str, Interval]


@dataclass(frozen=True, slots=True)
class EvaluationResults:
    """What `results.json` holds."""

    prompts: int
    models: tuple[ModelResult, ...]
    differences: tuple[Difference, ...]

    def as_json(self) -> dict[str, Any]:
        """The same as plain values; null stands for what could not be computed, since JSON has no NaN."""
        plain: dict[str, Any] = _plain(asdict(self))
        return plain

    def model(self, name: str) -> ModelResult:
        """The result of one model; raises KeyError for a name that was not evaluated."""
        found = [each for each in self.models if each.name == name]
        return found[0] if found else _absent(name)

    def difference(self, left: str, right: str) -> Difference:
        """Left minus right; raises KeyError for a pair that is not in the results in this order."""
        found = [each for each in self.differences if (each.left, each.right) == (left, right)]
        return found[0] if found else _absent(f"{left} minus {right}")


def habit_rules(job: Job) -> tuple[ThresholdRule, ...]:
    """The rules that an evaluation counts as habits."""
    return tuple(ThresholdRule(**{**rule, "domains": tuple(rule["domains"])}) for rule in job.config.get("rules", ()))


def write_results(job: Job) -> EvaluationResults:
    """Compute the results of a job's samples, and write them into its folder."""
    table = read_keys(job.folder, FAMILY, _COLUMNS)
    results = compute_results(table, habit_rules(job), [str(each["name"]) for each in job.config["models"]])
    write_json(job.folder / RESULTS, results.as_json())
    return results


def read_results(job: Job) -> EvaluationResults:
    """The results of a finished evaluation; raises JobError when there are none yet."""
    path = job.folder / RESULTS
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise JobError(f"job {job.id} has no results yet: it is {job.state().name}.") from None
    except (OSError, ValueError) as error:
        raise JobError(f"{path} cannot be read: {error}. Remove it and resume the job.") from error
    return EvaluationResults(
        content["prompts"],
        tuple(
            ModelResult(
                each["name"],
                each["revision"],
                _scores(each["overall"]),
                {domain: _scores(scores) for domain, scores in each["by_domain"].items()},
            )
            for each in content["models"]
        ),
        tuple(
            Difference(
                each["left"],
                each["right"],
                _interval(each["pass_at_1"]),
                _interval(each["well_formed"]),
                {name: _interval(value) for name, value in each["habits"].items()},
            )
            for each in content["differences"]
        ),
    )


def compute_results(table: pa.Table, rules: tuple[ThresholdRule, ...], models: list[str]) -> EvaluationResults:
    """Rows of the `evaluations` family (each key once), the rules that count as habits, the models' order → results."""
    columns: Columns = {name: table[name].to_numpy(zero_copy_only=False) for name in table.column_names}
    verdicts = columns["rule_verdict"]
    columns["counts"] = np.isin(columns["verifier"], DECIDING_RULES) & (verdicts != Verdict.ERROR)
    columns["correct"] = (verdicts == Verdict.CORRECT).astype(np.float64)
    columns["undecided"] = (verdicts == Verdict.UNDECIDED).astype(np.float64)
    columns["truncated"] = (columns["finish_reason"] == "length").astype(np.float64)
    parts = {name: _where(columns, columns["model"] == name) for name in models}
    results = tuple(
        ModelResult(
            name,
            str(part["revision"][0]) if len(part["revision"]) else "",
            _measure(part, rules),
            {
                str(domain): _measure(_where(part, part["domain"] == domain), rules)
                for domain in np.unique(part["domain"])
            },
        )
        for name, part in parts.items()
    )
    differences = tuple(
        _difference(left, parts[left], right, parts[right], rules) for left, right in itertools.permutations(models, 2)
    )
    return EvaluationResults(len(np.unique(columns["prompt_id"])), results, differences)


def _measure(part: Columns, rules: tuple[ThresholdRule, ...]) -> Scores:
    prompts = part["prompt_id"]
    counted = _where(part, part["counts"])
    return Scores(
        samples=len(prompts),
        pass_at_1=rate_interval(counted["correct"], counted["prompt_id"]),
        undecided=rate_interval(counted["undecided"], counted["prompt_id"]),
        left_out=len(prompts) - len(counted["prompt_id"]),
        well_formed=rate_interval(part["well_formed"].astype(np.float64), prompts),
        truncated=rate_interval(part["truncated"], prompts),
        reasoning_tokens=mean_interval(part["reasoning_tokens"].astype(np.float64), prompts),
        answer_tokens=mean_interval(part["answer_tokens"].astype(np.float64), prompts),
        habits={rule.name: rate_interval(*_breaks(part, rule)) for rule in rules},
    )


def _difference(left: str, ours: Columns, right: str, theirs: Columns, rules: tuple[ThresholdRule, ...]) -> Difference:
    counted = [_where(part, part["counts"]) for part in (ours, theirs)]
    whole = [(part["well_formed"].astype(np.float64), part["prompt_id"]) for part in (ours, theirs)]
    return Difference(
        left,
        right,
        paired_difference(*itertools.chain(*((part["correct"], part["prompt_id"]) for part in counted))),
        paired_difference(*whole[0], *whole[1]),
        {rule.name: paired_difference(*_breaks(ours, rule), *_breaks(theirs, rule)) for rule in rules},
    )


def _breaks(part: Columns, rule: ThresholdRule) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Whether each sample that the rule is for breaks it, and the samples' prompts."""
    if rule.domains:
        part = _where(part, np.isin(part["domain"], rule.domains))
    values = part[rule.measure]
    # a bound is compared as what is stored: the double 0.95 is above the float 0.95
    stored = values.dtype if values.dtype.kind == "f" else np.dtype(np.float64)
    broken = np.zeros(len(values), dtype=bool)
    if rule.min is not None:
        broken |= values < stored.type(rule.min)
    if rule.max is not None:
        broken |= values > stored.type(rule.max)
    return broken.astype(np.float64), part["prompt_id"]


def _where(columns: Columns, mask: np.ndarray[Any, Any]) -> Columns:
    return {name: values[mask] for name, values in columns.items()}


def _scores(content: Mapping[str, Any]) -> Scores:
    return Scores(
        samples=content["samples"],
        pass_at_1=_interval(content["pass_at_1"]),
        undecided=_interval(content["undecided"]),
        left_out=content["left_out"],
        well_formed=_interval(content["well_formed"]),
        truncated=_interval(content["truncated"]),
        reasoning_tokens=_interval(content["reasoning_tokens"]),
        answer_tokens=_interval(content["answer_tokens"]),
        habits={name: _interval(value) for name, value in content["habits"].items()},
    )


def _interval(content: Mapping[str, Any]) -> Interval:
    value, low, high = (math.nan if content[name] is None else content[name] for name in ("value", "low", "high"))
    return Interval(value, low, high, content["prompts"], content["samples"])


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _absent(what: str) -> Any:
    raise KeyError(what)
