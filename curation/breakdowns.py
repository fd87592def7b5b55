"""How acceptance depends on how hard a prompt is, and how long the accepted and the other responses are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from curation.index import Index
from curation.index.predicates import CORRECT, IN_FUNNEL, reject_mask
from curation.index.queries import fill
from curation.thresholds import ThresholdSet

BANDS: Final = 6
"""Bands of difficulty: never solved, up to 1/4, 1/2 and 3/4 of the samples, almost always, always."""


@dataclass(frozen=True, slots=True)
class DifficultyBand:
    """Prompts whose candidates are correct in a share above `low` and at most `high`; 0 and 1 are bands of their own.

    `accepted` of their scored `candidates` also pass every threshold.
    """

    low: float
    high: float
    prompts: int
    candidates: int
    accepted: int


@dataclass(frozen=True, slots=True)
class LengthBin:
    """Scored candidates of `low` to below `high` tokens, reasoning and answer together."""

    low: int
    high: int
    candidates: int
    accepted: int


_EDGES: Final = ((0.0, 0.0), (0.0, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 1.0), (1.0, 1.0))

_DIFFICULTY: Final = f"""
    SELECT CASE WHEN correct = 0 THEN 0 WHEN correct = scored THEN 5
                WHEN correct * 4 <= scored THEN 1 WHEN correct * 2 <= scored THEN 2
                WHEN correct * 4 <= scored * 3 THEN 3 ELSE 4 END AS band,
           count(*), sum(scored), sum(accepted)
    FROM (
        SELECT count(*) AS scored, count(*) FILTER ({CORRECT}) AS correct,
               count(*) FILTER ({CORRECT} AND ({{mask}}) = 0) AS accepted
        FROM scores WHERE {IN_FUNNEL} AND verdict IS NOT NULL GROUP BY prompt_id
        HAVING count(*) FILTER (verdict IN ('correct', 'incorrect')) > 0
    ) GROUP BY band
"""

# A bin is half an octave: its number is twice the base-2 logarithm of the length, rounded down.
_LENGTHS: Final = f"""
    SELECT floor(2 * log2(greatest(reasoning_tokens + answer_tokens, 1)))::INTEGER AS bin, count(*),
           count(*) FILTER ({CORRECT} AND ({{mask}}) = 0)
    FROM scores WHERE {IN_FUNNEL} AND verdict IS NOT NULL GROUP BY bin ORDER BY bin
"""


def by_difficulty(index: Index, thresholds: ThresholdSet) -> tuple[DifficultyBand, ...]:
    """All BANDS, hardest first; prompts of which no candidate could be decided are in none."""
    mask = reject_mask(thresholds.enabled)
    with index.reading() as cursor:
        rows = cursor.execute(fill(_DIFFICULTY, mask=mask.sql), mask.parameters).fetchall()
    found = {int(band): (int(prompts), int(scored), int(accepted)) for band, prompts, scored, accepted in rows}
    return tuple(DifficultyBand(low, high, *found.get(band, (0, 0, 0))) for band, (low, high) in enumerate(_EDGES))


def by_length(index: Index, thresholds: ThresholdSet) -> tuple[LengthBin, ...]:
    """Bins of half an octave (their bounds grow by √2), without gaps, from the shortest to the longest candidate."""
    mask = reject_mask(thresholds.enabled)
    with index.reading() as cursor:
        rows = cursor.execute(fill(_LENGTHS, mask=mask.sql), mask.parameters).fetchall()
    if not rows:
        return ()
    found = {int(number): (int(candidates), int(accepted)) for number, candidates, accepted in rows}
    bins = []
    for number in range(min(found), max(found) + 1):
        low, high = _bound(number), _bound(number + 1)
        if high > low:  # whole numbers: the lowest bins are empty
            bins.append(LengthBin(low, high, *found.get(number, (0, 0))))
    return tuple(bins)


def _bound(number: int) -> int:
    """The least whole length whose bin is `number` or above."""
    bound = 2.0 ** (number / 2)
    whole = int(bound)
    return whole if whole == bound else whole + 1
