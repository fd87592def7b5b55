"""Looking through candidates, accepted or not: pages by key, counts by reason, and one candidate in full."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

import pyarrow as pa

from curation.errors import InputError
from curation.index import Index
from curation.index.predicates import CORRECT, Expression, reject_mask
from curation.index.queries import (
    CANDIDATE_COUNTS,
    CANDIDATE_PAGE,
    CANDIDATES_BEFORE,
    ONE_CANDIDATE,
    REASON_COUNTS,
    SORT_KEY,
    arrow,
    fill,
)
from curation.records import Domain, Verdict
from curation.thresholds import THRESHOLD_MEASURES, ThresholdRule, ThresholdSet

REJECTING_VERDICTS: Final = (Verdict.INCORRECT, Verdict.UNDECIDED, Verdict.ERROR)
"""The verdicts that are a reason in themselves."""


class Status(StrEnum):
    """What became of a candidate; `all` are all three."""

    REJECTED = "rejected"
    ACCEPTED = "accepted"
    UNSCORED = "unscored"
    ALL = "all"


_STATUS_SQL: Final = {
    Status.REJECTED: f"verdict IS NOT NULL AND (mask <> 0 OR NOT {CORRECT})",
    Status.ACCEPTED: f"{CORRECT} AND mask = 0",
    Status.UNSCORED: "verdict IS NULL",
    Status.ALL: "TRUE",
}


@dataclass(frozen=True, slots=True)
class CandidateFilter:
    """Which candidates of `train` prompts to look through; an open side is None.

    `reason`: a verdict, or the name of an enabled rule, that is among a candidate's reasons; with `only`, it is the
    only one. `verdict`: the candidate's own; unscored ones have none. `job`: an id. Raises InputError for a status, a
    domain or a verdict that there is not, and for `only` without a reason.
    """

    status: str = Status.REJECTED
    reason: str | None = None
    only: bool = False
    domain: str | None = None
    job: str | None = None
    prompt: int | None = None
    verdict: str | None = None

    def __post_init__(self) -> None:
        if self.status not in set(Status):
            raise InputError(f"{self.status!r} is no status; known are {', '.join(Status)}.")
        if self.domain is not None and self.domain not in set(Domain):
            raise InputError(f"{self.domain!r} is no domain; known are {', '.join(Domain)}.")
        if self.verdict is not None and self.verdict not in set(Verdict):
            raise InputError(f"{self.verdict!r} is no verdict; known are {', '.join(Verdict)}.")
        if self.only and self.reason is None:
            raise InputError("'only' narrows a reason; name the reason too.")


@dataclass(frozen=True, slots=True)
class Order:
    """In the order of a measure (those that are not scored last), else of ids; of equals, in the order of ids."""

    measure: str | None = None
    descending: bool = False

    def __post_init__(self) -> None:
        if self.measure is not None and self.measure not in THRESHOLD_MEASURES:
            raise InputError(f"{self.measure!r} is no measure; known are {', '.join(THRESHOLD_MEASURES)}.")

    @property
    def sql(self) -> str:
        """What the rows are sorted by, ascending, before their ids."""
        if self.measure is None:
            return "0::DOUBLE"
        column = f"{self.measure}::INTEGER" if pa.types.is_boolean(THRESHOLD_MEASURES[self.measure]) else self.measure
        # an unscored candidate has counts of tokens all the same
        return f"coalesce({'-' if self.descending else ''}({column})::DOUBLE, 'infinity'::DOUBLE)"


@dataclass(frozen=True, slots=True)
class CandidatePage:
    """A page of candidates.

    `rows`: candidate_id, prompt_id, job, sample, domain, task, target_language, verdict, finish_reason, the measures,
    and `reasons`, a list of verdicts and rule names that is empty for accepted and unscored ones. `total`: candidates
    on all pages, of which `skipped` come before this page. `next` and `previous`: what to start the neighbouring pages
    with, None where there is none; `before`: the id just before this page.
    """

    rows: pa.Table
    total: int
    skipped: int
    next: int | None
    previous: int | None
    before: int | None


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """How many candidates have this reason, and how many have no other."""

    reason: str
    rejects: int
    only: int


@dataclass(frozen=True, slots=True)
class ReasonCounts:
    """What became of the candidates, and why; `reasons` are the rejecting verdicts, then the enabled rules."""

    candidates: int
    accepted: int
    rejected: int
    unscored: int
    reasons: tuple[ReasonCount, ...]

    def of(self, status: str) -> int:
        """How many candidates have this status."""
        counts: Mapping[str, int] = {
            Status.REJECTED: self.rejected,
            Status.ACCEPTED: self.accepted,
            Status.UNSCORED: self.unscored,
            Status.ALL: self.candidates,
        }
        return counts[status]


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """What the index knows of one candidate. `measures`: name → value, None until it is scored."""

    candidate_id: int
    prompt_id: int
    job: str
    sample: int
    domain: str | None
    task: str | None
    target_language: str | None
    verdict: str | None
    finish_reason: str
    reasons: tuple[str, ...]
    measures: Mapping[str, float | None]

    @property
    def status(self) -> Status:
        """Rejected, accepted or unscored."""
        if self.verdict is None:
            return Status.UNSCORED
        return Status.REJECTED if self.reasons else Status.ACCEPTED


def browse(
    index: Index,
    thresholds: ThresholdSet,
    wanted: CandidateFilter,
    *,
    order: Order | None = None,
    start: int | None = None,
    limit: int = 50,
) -> CandidatePage:
    """The page of `wanted` that begins with the candidate `start`, or where it would stand if it does not match.

    A `start` that the index does not have counts as the first page, except in the order of ids. Raises InputError for
    a reason that there is not.
    """
    order = order or Order()
    rules = thresholds.enabled
    mask = reject_mask(rules)
    where = _matches(wanted, rules)
    with index.reading() as cursor:
        ahead = Expression("TRUE")
        if start is not None and order.measure is None:
            ahead = Expression("candidate_id >= ?::UBIGINT", (start,))
        elif start is not None:
            found = cursor.execute(fill(SORT_KEY, key=order.sql), [start]).fetchone()
            if found is not None:
                ahead = Expression(
                    "(sort_key > ? OR (sort_key = ? AND candidate_id >= ?::UBIGINT))", (found[0], found[0], start)
                )
        parts = {"mask": mask.sql, "key": order.sql, "where": where.sql, "ahead": ahead.sql}
        parameters = [*mask.parameters, *where.parameters]
        total, skipped = cursor.execute(fill(CANDIDATE_COUNTS, **parts), [*ahead.parameters, *parameters]).fetchall()[0]
        parameters += ahead.parameters
        page = arrow(cursor, fill(CANDIDATE_PAGE, **parts), [*parameters, limit + 1])
        before = cursor.execute(fill(CANDIDATES_BEFORE, **parts), [*parameters, limit]).fetchall() if skipped else []
    return CandidatePage(
        rows=_with_reasons(page.slice(0, limit), rules),
        total=int(total),
        skipped=int(skipped),
        next=page.column("candidate_id")[limit].as_py() if page.num_rows > limit else None,
        previous=before[-1][0] if before else None,
        before=before[0][0] if before else None,
    )


def count_reasons(index: Index, thresholds: ThresholdSet, wanted: CandidateFilter) -> ReasonCounts:
    """What became of the candidates of the filter's domain, job, prompt and verdict, whatever its status and reason."""
    rules = thresholds.enabled
    mask = reject_mask(rules)
    where = _place(wanted)
    with index.reading() as cursor:
        rows = cursor.execute(
            fill(REASON_COUNTS, mask=mask.sql, where=where.sql), [*mask.parameters, *where.parameters]
        ).fetchall()
    counts: Counter[tuple[str, ...] | None] = Counter()
    names = [rule.name for rule in rules]
    for verdict, bits, count in rows:
        counts[None if verdict is None else tuple(reasons_of(verdict, bits, names))] += count
    accepted, unscored = counts[()], counts[None]
    return ReasonCounts(
        candidates=counts.total(),
        accepted=accepted,
        rejected=counts.total() - accepted - unscored,
        unscored=unscored,
        reasons=tuple(
            ReasonCount(
                reason,
                rejects=sum(count for reasons, count in counts.items() if reasons and reason in reasons),
                only=counts[(reason,)],
            )
            for reason in (*map(str, REJECTING_VERDICTS), *names)
        ),
    )


def find_candidate(index: Index, thresholds: ThresholdSet, candidate_id: int) -> CandidateRow | None:
    """One candidate by its id, also of a held-out prompt; None where the index does not have it."""
    rules = thresholds.enabled
    mask = reject_mask(rules)
    with index.reading() as cursor:
        found = arrow(cursor, fill(ONE_CANDIDATE, mask=mask.sql), [*mask.parameters, candidate_id])
    rows = rows_of(_with_reasons(found, rules))
    return rows[0] if rows else None


def rows_of(table: pa.Table) -> list[CandidateRow]:
    """The rows of a page, typed."""
    return [_row(row) for row in table.to_pylist()]


def reasons_of(verdict: str | None, mask: int, names: Sequence[str]) -> list[str]:
    """The reasons of a scored candidate: its verdict unless that is correct, then the rules whose bits are set."""
    if verdict is None:
        return []
    own = [] if verdict == Verdict.CORRECT else [verdict]
    return own + [name for bit, name in enumerate(names) if mask >> bit & 1]


def _matches(wanted: CandidateFilter, rules: Sequence[ThresholdRule]) -> Expression:
    """The whole filter, over rows that carry their mask."""
    names = [rule.name for rule in rules]
    place = _place(wanted)
    conditions = [_STATUS_SQL[Status(wanted.status)], place.sql]
    parameters: list[object] = [*place.parameters]
    reason = wanted.reason
    if reason in names:
        bit = f"(1::BIGINT << {names.index(reason)})"
        conditions.append("verdict IS NOT NULL")
        conditions.append(f"{CORRECT} AND mask = {bit}" if wanted.only else f"(mask & {bit}) <> 0")
    elif reason in REJECTING_VERDICTS:
        conditions.append("verdict = ?::verdict")
        parameters.append(str(reason))
        if wanted.only:
            conditions.append("mask = 0")
    elif reason is not None:
        known = ", ".join([*REJECTING_VERDICTS, *names])
        raise InputError(f"{reason!r} is no reason for a reject here; there are: {known}.")
    return Expression(" AND ".join(conditions), tuple(parameters))


def _place(wanted: CandidateFilter) -> Expression:
    """Domain, job, prompt and verdict, which need no mask."""
    conditions = ["TRUE"]
    parameters: list[object] = []
    if wanted.domain is not None:
        conditions.append("domain = ?::domain")
        parameters.append(str(wanted.domain))
    if wanted.job is not None:
        conditions.append("job = (SELECT j.job FROM jobs AS j WHERE j.job_id = ?)")
        parameters.append(wanted.job)
    if wanted.prompt is not None:
        conditions.append("prompt_id = ?::UBIGINT")
        parameters.append(wanted.prompt)
    if wanted.verdict is not None:
        conditions.append("verdict = ?::verdict")
        parameters.append(str(wanted.verdict))
    return Expression(" AND ".join(conditions), tuple(parameters))


def _with_reasons(rows: pa.Table, rules: Sequence[ThresholdRule]) -> pa.Table:
    names = [rule.name for rule in rules]
    reasons = [
        reasons_of(verdict, bits, names)
        for verdict, bits in zip(rows.column("verdict").to_pylist(), rows.column("mask").to_pylist(), strict=True)
    ]
    return rows.drop_columns(["mask"]).append_column("reasons", pa.array(reasons, pa.list_(pa.string())))


def _row(row: Mapping[str, Any]) -> CandidateRow:
    own = {name: row[name] for name in CandidateRow.__slots__ if name not in ("reasons", "measures")}
    measures = {name: None if row[name] is None else float(row[name]) for name in THRESHOLD_MEASURES}
    return CandidateRow(**own, reasons=tuple(row["reasons"]), measures=MappingProxyType(measures))
