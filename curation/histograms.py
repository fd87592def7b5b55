"""Histograms of every measure over the correct candidates, counted in one pass over the narrow index."""

from __future__ import annotations

import bisect
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from curation.index import Index
from curation.index.predicates import CORRECT, IN_FUNNEL
from curation.thresholds import THRESHOLD_MEASURES

_PER_UNIT: Final = 40  # bins of a share
_BELOW_ONE: Final = float(np.nextafter(np.float32(1), np.float32(0)))
_FIRST_DIGITS: Final = (12, 14, 16, 18, 20, 25, 30, 35, 40, 45, 50, 60, 70, 80, 90, 100)  # tenths: 16 bins a decade
_DECADES: Final = 8

YES_NO_EDGES: Final = (0.0, 1.0)
SHARE_EDGES: Final = (*(part / _PER_UNIT for part in range(_PER_UNIT)), _BELOW_ONE, 1.0)
"""Steps of 0.025; exactly 0 and exactly 1 have bins of their own, since many responses are there."""
COUNT_EDGES: Final = (
    *(float(whole) for whole in range(11)),
    *(float(digits * 10**decade) for decade in range(_DECADES) for digits in _FIRST_DIGITS),
)
"""One bin a whole number up to 10, then steps of about a tenth of the value: 12, 14, … 20, 25, … 50, 60, … 100, 120."""

_SHARE_BIN: Final = (
    f"CASE WHEN {{measure}} <= 0 THEN 0 WHEN {{measure}} >= 1 THEN {_PER_UNIT + 1} "
    f"ELSE ceil({{measure}} * {_PER_UNIT}::FLOAT) END"
)
# of a whole number above 10, the two leading digits of the number before it say which bin it is in
_COUNT_BIN: Final = (
    "CASE WHEN {measure} IS NULL THEN NULL WHEN {measure} <= 10 THEN greatest({measure}, 0) "
    + " ".join(
        f"WHEN {{measure}} <= {10 ** (decade + 2)} THEN {11 + len(_FIRST_DIGITS) * decade} + "
        "CASE "
        f"WHEN ({{measure}} - 1) // {10**decade} < 20 THEN (({{measure}} - 1) // {10**decade} - 10) // 2 "
        f"WHEN ({{measure}} - 1) // {10**decade} < 50 THEN 5 + (({{measure}} - 1) // {10**decade} - 20) // 5 "
        f"ELSE 11 + (({{measure}} - 1) // {10**decade} - 50) // 10 END"
        for decade in range(_DECADES)
    )
    + f" ELSE {10 + len(_FIRST_DIGITS) * _DECADES} END"
)

_TAKEN_IN: Final = """
    SELECT shards.files, shards.latest, shards.bytes, imports.files AS imports, imports.latest AS latest_import,
           imports.changed
    FROM (SELECT count(*) AS files, coalesce(max(shard), 0) AS latest, coalesce(sum(bytes), 0) AS bytes FROM shards)
             AS shards,
         (SELECT count(*) AS files, coalesce(max(import), 0) AS latest, coalesce(sum(changed_ns), 0) AS changed
          FROM imports) AS imports
"""


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many correct candidates have which values of one measure.

    `edges`: (n,) ascending; bin i holds the values in (edges[i - 1], edges[i]], bin 0 everything up to edges[0], the
    last one everything above as well; yes-or-no measures are 0 and 1. `by_domain`: domain → (n,) counts. Rows without
    a value are left out.
    """

    measure: str
    edges: tuple[float, ...]
    by_domain: Mapping[str, tuple[int, ...]]

    def counts(self, domains: Sequence[str] = ()) -> tuple[int, ...]:
        """(n,) counts over `domains`, over all of them where empty."""
        chosen = [counts for domain, counts in self.by_domain.items() if not domains or domain in domains]
        return tuple(map(sum, zip(*chosen, strict=True))) if chosen else (0,) * len(self.edges)

    def occupied(self) -> range:
        """From the first bin that holds something to the last; empty where none does."""
        held = [at for at, count in enumerate(self.counts()) if count]
        return range(held[0], held[-1] + 1) if held else range(0)

    def quantile(self, share: float) -> float | None:
        """The edge of the bin in which that share of the values, in [0, 1], is reached; None without any."""
        counts = self.counts()
        wanted, seen = share * sum(counts), 0
        for edge, count in zip(self.edges, counts, strict=True):
            seen += count
            if count and seen >= wanted:
                return edge
        return None

    def position(self, value: float) -> float:
        """Where `value` is on an axis on which bin i reaches from i - 1 to i; in [-1, n - 1]."""
        at = bisect.bisect_left(self.edges, value)
        if at == 0:
            return 0.0 if value == self.edges[0] else -1.0
        if at == len(self.edges):
            return float(at - 1)
        low, high = self.edges[at - 1], self.edges[at]
        return at - 1 + (value - low) / (high - low)

    def position_below(self, value: float) -> float:
        """Like `position`, of the greatest value that is less than `value`: where a lower bound is drawn."""
        if pa.types.is_float32(THRESHOLD_MEASURES[self.measure]):
            return self.position(float(np.nextafter(np.float32(value), np.float32(-math.inf))))
        return self.position(math.ceil(value) - 1)


def edges_of(measure: str) -> tuple[float, ...]:
    """The bins of a measure, whatever the workspace holds: see `Histogram.edges`."""
    type_ = THRESHOLD_MEASURES[measure]
    if pa.types.is_boolean(type_):
        return YES_NO_EDGES
    return SHARE_EDGES if pa.types.is_float32(type_) else COUNT_EDGES


def histograms(index: Index, measures: Sequence[str] = tuple(THRESHOLD_MEASURES)) -> dict[str, Histogram]:
    """Measure → its histogram over the correct candidates of `train` prompts."""
    names = list(dict.fromkeys(measures))
    counted: dict[str, dict[str, list[int]]] = {name: {} for name in names}
    if names:
        with index.reading() as cursor:
            rows = cursor.execute(_query(names)).fetchall()
        for which, domain, at, count in rows:
            name = names[which]
            by_bin = counted[name].setdefault(domain, [0] * len(edges_of(name)))
            by_bin[at] += count
    return {
        name: Histogram(
            name, edges_of(name), {domain: tuple(by_bin) for domain, by_bin in sorted(counted[name].items())}
        )
        for name in names
    }


def taken_in(index: Index) -> tuple[int, ...]:
    """A fingerprint of what the index has taken in: equal as long as no file of the workspace came, went or changed."""
    return tuple(int(number) for number in index.query(_TAKEN_IN).to_pylist()[0].values())


def _query(names: Sequence[str]) -> str:
    """Rows (number of the measure, domain, number of the bin, candidates); `names` are keys of THRESHOLD_MEASURES."""
    bins = [f"({_bin(name)})::SMALLINT AS {name}" for name in names]
    sets = [f"(domain, {name})" for name in names]
    which = " ".join(f"WHEN GROUPING({name}) = 0 THEN {number}" for number, name in enumerate(names))
    return f"""
        WITH binned AS (
            SELECT domain::VARCHAR AS domain, {", ".join(bins)} FROM scores WHERE {IN_FUNNEL} AND {CORRECT}
        ), counted AS (
            SELECT CASE {which} END AS which, domain, coalesce({", ".join(names)}) AS bin, count(*) AS candidates
            FROM binned GROUP BY GROUPING SETS ({", ".join(sets)})
        )
        SELECT which, domain, bin, candidates FROM counted WHERE bin IS NOT NULL
    """


def _bin(name: str) -> str:
    type_ = THRESHOLD_MEASURES[name]
    if pa.types.is_boolean(type_):
        return f"{name}::INTEGER"
    return (_SHARE_BIN if pa.types.is_float32(type_) else _COUNT_BIN).format(measure=name)
