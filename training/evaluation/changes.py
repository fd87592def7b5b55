"""What changed from one evaluated model to another: prompt by prompt in SQL over the job's shards, and the responses.

Narrow columns are counted and paged by DuckDB; texts are read for one prompt at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import duckdb

from curation.errors import ShardError
from curation.index.predicates import reject_mask
from curation.index.queries import fill
from curation.index.staging import literal
from curation.jobs import Job, live_shards
from curation.verification import DECIDING_RULES
from training.evaluation.records import FAMILY
from training.evaluation.results import habit_rules

_ATTEMPTS: Final = 3


class Outcome(StrEnum):
    """What became of a prompt from the left model to the right one."""

    RIGHT = "right"  # more of its samples are correct
    WRONG = "wrong"  # fewer are
    SAME = "same"


@dataclass(frozen=True, slots=True)
class PromptChange:
    """Correct samples of one prompt by both models; every sample counts that the verifier could decide."""

    prompt_id: int
    domain: str
    outcome: Outcome
    left_correct: int
    left_samples: int
    right_correct: int
    right_samples: int


@dataclass(frozen=True, slots=True)
class ResponseRow:
    """One response of one model, with what the rule said of it; `broken`: names of the threshold rules it breaks."""

    broken: tuple[str, ...]
    model: str
    sample: int
    text: str
    finish_reason: str
    reasoning_tokens: int
    answer_tokens: int
    verdict: str
    detail: str
    prediction: str | None


# Of a sample that two attempts wrote, the first by file name counts, as in the results.
_CHANGES: Final = """
    WITH once AS (
        SELECT DISTINCT ON (prompt_id, model, sample) prompt_id, model, sample, domain, verifier, rule_verdict
        FROM read_parquet($paths, filename = true, file_row_number = true, hive_partitioning = false)
        WHERE model IN ($left, $right) AND ($domain = '' OR domain = $domain)
        ORDER BY prompt_id, model, sample, filename, file_row_number
    ),
    counted AS (
        SELECT prompt_id, any_value(domain) AS domain,
               count(*) FILTER (model = $left) AS left_samples,
               count(*) FILTER (model = $left AND rule_verdict = 'correct') AS left_correct,
               count(*) FILTER (model = $right) AS right_samples,
               count(*) FILTER (model = $right AND rule_verdict = 'correct') AS right_correct
        FROM once
        WHERE list_contains($verifiers, verifier) AND rule_verdict <> 'error'
        GROUP BY prompt_id
    ),
    changes AS (
        SELECT *, right_correct * left_samples - left_correct * right_samples AS change,
               CASE WHEN change > 0 THEN 'right' WHEN change < 0 THEN 'wrong' ELSE 'same' END AS outcome
        FROM counted
        WHERE left_samples > 0 AND right_samples > 0
    )
"""
_COUNTS: Final = _CHANGES + "SELECT outcome, count(*) FROM changes GROUP BY outcome"
_PAGE: Final = (
    _CHANGES
    + """
    SELECT prompt_id, domain, outcome, left_correct, left_samples, right_correct, right_samples
    FROM changes
    WHERE outcome = $outcome
    ORDER BY abs(change) DESC, right_correct DESC, prompt_id
    LIMIT $limit OFFSET $offset
    """
)
_ONE: Final = (
    _CHANGES
    + """
    SELECT prompt_id, domain, outcome, left_correct, left_samples, right_correct, right_samples
    FROM changes
    WHERE prompt_id = $prompt::UBIGINT
    """
)
_RESPONSES: Final = """
    SELECT DISTINCT ON (model, sample) {mask} AS mask, model, sample, text, finish_reason, reasoning_tokens,
           answer_tokens, rule_verdict, rule_detail, prediction
    FROM (
        SELECT *, finish_reason = 'length' AS truncated
        FROM read_parquet(?, filename = true, file_row_number = true, hive_partitioning = false)
        WHERE prompt_id = ?::UBIGINT AND model IN (?, ?)
    )
    ORDER BY model, sample, filename, file_row_number
"""


def count_changes(job: Job, left: str, right: str, *, domain: str = "") -> dict[Outcome, int]:
    """How many prompts of a domain ("" for all) became right, became wrong and stayed, from `left` to `right`.

    Prompts whose verifier cannot decide are left out. Raises ShardError when a shard cannot be read.
    """
    found = dict(_query(job, _COUNTS, _named(_pair(left, right, domain))))
    return {outcome: int(found.get(outcome.value, 0)) for outcome in Outcome}


def page_of_changes(
    job: Job, left: str, right: str, outcome: Outcome, *, domain: str = "", limit: int = 20, offset: int = 0
) -> list[PromptChange]:
    """Prompts with one outcome, the largest change first; raises ShardError when a shard cannot be read."""
    asked = {**_pair(left, right, domain), "outcome": outcome.value, "limit": limit, "offset": offset}
    return [_change(row) for row in _query(job, _PAGE, _named(asked))]


def change_of(job: Job, left: str, right: str, prompt_id: int) -> PromptChange | None:
    """What became of one prompt, None where it was not asked or not decided by both."""
    rows = _query(job, _ONE, _named({**_pair(left, right, ""), "prompt": str(prompt_id)}))
    return _change(rows[0]) if rows else None


def responses_to(job: Job, left: str, right: str, prompt_id: int) -> list[ResponseRow]:
    """Both models' responses to one prompt, by model and sample; reads only the row groups that hold them."""
    rules = habit_rules(job)
    mask = reject_mask(rules)
    sql = fill(_RESPONSES, mask=mask.sql)
    found = _query(job, sql, lambda paths: [*mask.parameters, paths, str(prompt_id), left, right])
    names = [rule.name for rule in rules]
    return [ResponseRow(_broken(names, bits), *row) for bits, *row in found]


def _broken(names: Sequence[str], mask: int) -> tuple[str, ...]:
    return tuple(name for bit, name in enumerate(names) if mask >> bit & 1)


def _pair(left: str, right: str, domain: str) -> dict[str, Any]:
    return {"left": left, "right": right, "domain": domain, "verifiers": [str(rule) for rule in DECIDING_RULES]}


def _named(parameters: Mapping[str, Any]) -> Callable[[list[str]], object]:
    return lambda paths: {**parameters, "paths": paths}


def _change(row: tuple[Any, ...]) -> PromptChange:
    prompt, domain, outcome, *counts = row
    return PromptChange(int(prompt), str(domain), Outcome(outcome), *(int(count) for count in counts))


def _query(job: Job, sql: str, parameters: Callable[[list[str]], object]) -> list[tuple[Any, ...]]:
    for attempt in range(_ATTEMPTS):
        paths = [literal(path) for path in live_shards(job.folder, FAMILY)]
        if not paths:
            return []
        try:
            with duckdb.connect(config={"threads": 2}) as connection:
                return connection.execute(sql, parameters(paths)).fetchall()
        except duckdb.IOException as error:
            if attempt + 1 == _ATTEMPTS:  # before that a compaction may have replaced a shard
                raise _unreadable(job, error) from error
        except duckdb.Error as error:
            raise _unreadable(job, error) from error
    return []


def _unreadable(job: Job, error: Exception) -> ShardError:
    return ShardError(
        f"the samples of job {job.id} cannot be read ({str(error).splitlines()[0]}). Move the file that is named out "
        f"of {job.shards} and resume the job: its rows are produced again."
    )
