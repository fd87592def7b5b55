"""How long the responses of a mix are, in the policy's tokens: totals, quantiles and a histogram by domain."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from curation.index import Index
from curation.mix import MixConfig, select
from curation.records import REASONING_DOMAINS
from curation.selection import SelectionConfig
from curation.thresholds import ThresholdSet

BINS_PER_DOUBLING: Final = 4
"""Bins of the histogram for every doubling of the length."""

_TOKENS: Final = "(s.reasoning_tokens + s.answer_tokens)"

_LENGTHS: Final = f"""
    SELECT s.domain::VARCHAR, count(*), sum({_TOKENS})::BIGINT,
           quantile_disc({_TOKENS}, 0.5), quantile_disc({_TOKENS}, 0.9), max({_TOKENS})
    FROM mix_ids AS m JOIN scores AS s ON s.candidate_id = m.id
    GROUP BY s.domain
"""

_HISTOGRAM: Final = f"""
    SELECT s.domain::VARCHAR, floor({BINS_PER_DOUBLING} * log2(greatest(1, {_TOKENS})))::INTEGER AS bin, count(*)
    FROM mix_ids AS m JOIN scores AS s ON s.candidate_id = m.id
    GROUP BY s.domain, bin
    ORDER BY bin
"""


@dataclass(frozen=True, slots=True)
class DomainLengths:
    """The responses of one domain in a mix; lengths are reasoning and answer together, in tokens.

    `bins`: (number, samples), ascending, those without samples left out; bin b holds lengths from
    2 ** (b / BINS_PER_DOUBLING) up to the next.
    """

    domain: str
    samples: int
    tokens: int
    median: int
    p90: int
    longest: int
    bins: tuple[tuple[int, int], ...]

    @property
    def mean(self) -> float:
        """Average length in tokens; 0 without samples."""
        return self.tokens / self.samples if self.samples else 0.0


def mix_lengths(
    index: Index, thresholds: ThresholdSet, selection: SelectionConfig, mix: MixConfig
) -> tuple[DomainLengths, ...]:
    """The lengths of exactly what `select` would take, a row for each reasoning domain that is in the mix.

    General samples come without token counts, and are left out.
    """
    rows = select(index, thresholds, selection, mix).rows
    ids = rows.filter(rows["prompt_id"].is_valid()).select(["id"])
    with index.reading() as cursor:
        cursor.register("mix_ids", ids)
        lengths = {str(domain): counts for domain, *counts in cursor.execute(_LENGTHS).fetchall()}
        bins: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for domain, number, count in cursor.execute(_HISTOGRAM).fetchall():
            bins[str(domain)].append((int(number), int(count)))
        cursor.unregister("mix_ids")
    found = []
    for domain in REASONING_DOMAINS:
        if domain in lengths:
            samples, tokens, median, p90, longest = (int(value) for value in lengths[domain])
            found.append(DomainLengths(str(domain), samples, tokens, median, p90, longest, tuple(bins[domain])))
    return tuple(found)
