"""Which correct candidates change side when one threshold set takes the place of another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import pyarrow as pa

from curation.index import Index
from curation.index.predicates import CORRECT, IN_FUNNEL, reject_mask
from curation.index.queries import arrow, fill
from curation.thresholds import THRESHOLD_MEASURES, ThresholdSet

_CHANGED: Final = f"""
    FROM (SELECT *, {{before}} AS before, {{after}} AS after FROM scores WHERE {IN_FUNNEL} AND {CORRECT})
    WHERE (before = 0) <> (after = 0)
"""

_TOTALS: Final = f"SELECT count(*) FILTER (after = 0) AS accepted, count(*) FILTER (after <> 0) AS rejected {_CHANGED}"

_PAGE: Final = f"""
    WITH page AS (
        SELECT * {_CHANGED} AND {{side}} AND candidate_id >= ? ORDER BY candidate_id LIMIT ?
    )
    SELECT p.candidate_id, p.prompt_id, j.job_id AS job, p.domain::VARCHAR AS domain, t.spelling AS task,
           p.reasoning_tokens, {", ".join(f"p.{name}" for name in THRESHOLD_MEASURES if name != "reasoning_tokens")},
           p.before, p.after
    FROM page AS p JOIN jobs AS j ON j.job = p.job JOIN words AS t ON t.word = p.task
    ORDER BY p.candidate_id
"""

_PREVIOUS: Final = f"""
    SELECT min(candidate_id) FROM (
        SELECT candidate_id {_CHANGED} AND {{side}} AND candidate_id < ? ORDER BY candidate_id DESC LIMIT ?
    )
"""


class Side(StrEnum):
    """Where a candidate is that was on the other side before."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"


_SIDES: Final = {None: "TRUE", Side.ACCEPTED: "after = 0", Side.REJECTED: "after <> 0"}


@dataclass(frozen=True, slots=True)
class ChangedSides:
    """How many candidates changed side, and a page of them in the order of their ids.

    `rows`: candidate_id, prompt_id, job, domain, task, the measures, `side` (where it is now) and `rules`: the names
    of those that reject it now, or rejected it before. `next` and `previous`: the id to start those pages at, None
    where there is none.
    """

    accepted: int
    rejected: int
    rows: pa.Table
    next: int | None
    previous: int | None


def changed_sides(
    index: Index, before: ThresholdSet, after: ThresholdSet, *, side: Side | None = None, start: int = 0, limit: int = 8
) -> ChangedSides:
    """Compare two sets; the page holds up to `limit` candidates from id `start` on, of one `side` only if given."""
    old, new = reject_mask(before.enabled), reject_mask(after.enabled)
    masks: list[Any] = [*old.parameters, *new.parameters]
    parts = {"before": old.sql, "after": new.sql}
    on_side = _SIDES[side]
    with index.reading() as cursor:
        accepted, rejected = cursor.execute(fill(_TOTALS, **parts), masks).fetchall()[0]
        page = arrow(cursor, fill(_PAGE, **parts, side=on_side), [*masks, start, limit + 1])
        previous = None
        if start > 0:
            earlier = fill(_PREVIOUS, **parts, side=on_side)
            previous = cursor.execute(earlier, [*masks, start, limit]).fetchall()[0][0]
    more = page.column("candidate_id")[limit].as_py() if page.num_rows > limit else None
    return ChangedSides(int(accepted), int(rejected), _explained(page.slice(0, limit), before, after), more, previous)


def _explained(page: pa.Table, before: ThresholdSet, after: ThresholdSet) -> pa.Table:
    sides, rules = [], []
    for old, new in zip(page.column("before").to_pylist(), page.column("after").to_pylist(), strict=True):
        sides.append(str(Side.REJECTED if new else Side.ACCEPTED))
        rules.append(_names(new, after) if new else _names(old, before))
    return (
        page.drop_columns(["before", "after"])
        .append_column("side", pa.array(sides, pa.string()))
        .append_column("rules", pa.array(rules, pa.list_(pa.string())))
    )


def _names(mask: int, thresholds: ThresholdSet) -> Sequence[str]:
    return [rule.name for bit, rule in enumerate(thresholds.enabled) if mask >> bit & 1]
