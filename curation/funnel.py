"""The funnel: how many candidates each step leaves, how many each rule rejects, and the rejects with their reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import pyarrow as pa

from curation.errors import InputError
from curation.index import Index
from curation.index.predicates import reject_mask
from curation.index.queries import FUNNEL_COUNTS, PROMPT_COUNTS, REJECT_PAGE, REJECT_TOTAL, SELECTED_COUNTS, arrow, fill
from curation.records import Domain, Verdict
from curation.selection import SelectionConfig
from curation.thresholds import ThresholdRule, ThresholdSet

REJECTING_VERDICTS: Final = (Verdict.INCORRECT, Verdict.UNDECIDED, Verdict.ERROR)
"""The verdicts that are a reason in themselves."""


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """One enabled rule: of the correct candidates, how many it rejects, how many only it does, and how many remain
    after it and the rules before it."""

    rule: str
    rejects: int
    only: int
    remaining: int


@dataclass(frozen=True, slots=True)
class Counts:
    """What is left at each stage. Unscored candidates count as candidates only; all are of `train` prompts."""

    prompts: int
    candidates: int
    scored: int
    correct: int
    incorrect: int
    undecided: int
    error: int
    accepted: int
    selected: int  # after de-duplication and the cap per prompt, before the quota


@dataclass(frozen=True, slots=True)
class Funnel(Counts):
    """Counts over all domains, with the rules' steps, and by domain (those that have prompts or candidates)."""

    steps: tuple[FunnelStep, ...]
    by_domain: dict[str, Counts]

    def as_json(self) -> dict[str, Any]:
        """The same as plain values, for `--json` and for manifests."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class RejectPage:
    """A page of rejects in the order of their ids.

    `rows`: candidate_id, prompt_id, job, sample, domain, task, target_language, verdict, finish_reason, the measures,
    and `reasons`, a list of verdicts and rule names that is never empty. `total`: rejects on all pages. `after`: what
    to give for the next page, None on the last.
    """

    rows: pa.Table
    total: int
    after: int | None


def funnel(index: Index, thresholds: ThresholdSet, selection: SelectionConfig | None = None) -> Funnel:
    """Count every stage under `thresholds` and `selection` (its defaults where None)."""
    selection = selection or SelectionConfig()
    rules = thresholds.enabled
    mask = reject_mask(rules)
    with index.reading() as cursor:
        prompts = dict(cursor.execute(PROMPT_COUNTS).fetchall())
        counts = cursor.execute(fill(FUNNEL_COUNTS, mask=mask.sql), mask.parameters).fetchall()
        selected_query = fill(
            SELECTED_COUNTS, mask=mask.sql, what="DISTINCT response_hash" if selection.deduplicate else "*"
        )
        selected = dict(cursor.execute(selected_query, (selection.cap, *mask.parameters)).fetchall())
    by_domain = {
        str(domain): _counts(
            prompts.get(domain, 0), [row for row in counts if row[0] == domain], int(selected.get(domain, 0))
        )
        for domain in Domain
        if domain in prompts or any(row[0] == domain for row in counts)
    }
    total = _counts(sum(prompts.values()), counts, sum(int(count) for count in selected.values()))
    masks: Counter[int] = Counter()
    for _domain, verdict, bits, count in counts:
        if verdict == Verdict.CORRECT:
            masks[bits] += count
    return Funnel(**asdict(total), steps=_steps(rules, masks), by_domain=by_domain)


def rejects(
    index: Index,
    thresholds: ThresholdSet,
    *,
    reason: str | None = None,
    domain: str | None = None,
    job: str | None = None,
    after: int | None = None,
    limit: int = 50,
) -> RejectPage:
    """A page of the scored candidates that fail the verdict policy or an enabled rule.

    `reason` (a rule's name or a verdict), `domain` and `job` (an id) each narrow it. `after`: the `after` of the page
    before. Raises InputError for a reason or a domain that there is not.
    """
    rules = thresholds.enabled
    names = [rule.name for rule in rules]
    mask = reject_mask(rules)
    conditions = ["TRUE"]
    parameters: list[object] = [*mask.parameters]
    if reason in names:
        conditions.append(f"(mask & (1::BIGINT << {names.index(reason)})) <> 0")
    elif reason in REJECTING_VERDICTS:
        conditions.append("verdict = ?::verdict")
        parameters.append(str(reason))
    elif reason is not None:
        known = ", ".join([*REJECTING_VERDICTS, *names])
        raise InputError(f"{reason!r} is no reason for a reject here; there are: {known}.")
    if domain is not None:
        if domain not in set(Domain):
            raise InputError(f"{domain!r} is no domain; known are {', '.join(Domain)}.")
        conditions.append("domain = ?::domain")
        parameters.append(str(domain))
    if job is not None:
        conditions.append("job = (SELECT j.job FROM jobs AS j WHERE j.job_id = ?)")
        parameters.append(job)
    where = " AND ".join(conditions)
    with index.reading() as cursor:
        total = cursor.execute(fill(REJECT_TOTAL, mask=mask.sql, where=where), parameters).fetchall()[0][0]
        if after is not None:
            where += " AND candidate_id > ?"
            parameters.append(after)
        page = arrow(cursor, fill(REJECT_PAGE, mask=mask.sql, where=where), [*parameters, limit + 1])
    rows = page.slice(0, limit)
    reasons = [
        _reasons(verdict, bits, names)
        for verdict, bits in zip(rows.column("verdict").to_pylist(), rows.column("mask").to_pylist(), strict=True)
    ]
    rows = rows.drop_columns(["mask"]).append_column("reasons", pa.array(reasons, pa.list_(pa.string())))
    more = page.num_rows > limit and limit > 0
    return RejectPage(rows, int(total), rows.column("candidate_id")[-1].as_py() if more else None)


def _counts(prompts: int, rows: Iterable[tuple[str, str | None, int, int]], selected: int) -> Counts:
    verdicts: Counter[str | None] = Counter()
    accepted = 0
    for _domain, verdict, bits, count in rows:
        verdicts[verdict] += count
        if verdict == Verdict.CORRECT and bits == 0:
            accepted += count
    return Counts(
        prompts=prompts,
        candidates=verdicts.total(),
        scored=verdicts.total() - verdicts[None],
        correct=verdicts["correct"],
        incorrect=verdicts["incorrect"],
        undecided=verdicts["undecided"],
        error=verdicts["error"],
        accepted=accepted,
        selected=selected,
    )


def _steps(rules: Sequence[ThresholdRule], masks: Counter[int]) -> tuple[FunnelStep, ...]:
    steps = []
    for bit, rule in enumerate(rules):
        own, so_far = 1 << bit, (2 << bit) - 1
        steps.append(
            FunnelStep(
                rule.name,
                rejects=sum(count for mask, count in masks.items() if mask & own),
                only=masks[own],
                remaining=sum(count for mask, count in masks.items() if not mask & so_far),
            )
        )
    return tuple(steps)


def _reasons(verdict: str, mask: int, names: Sequence[str]) -> list[str]:
    own = [] if verdict == Verdict.CORRECT else [verdict]
    return own + [name for bit, name in enumerate(names) if mask >> bit & 1]
