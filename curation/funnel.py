"""The funnel: how many candidates each step leaves, and how many each rule rejects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from curation.index import Index
from curation.index.predicates import reject_mask
from curation.index.queries import FUNNEL_COUNTS, PROMPT_COUNTS, SELECTED_COUNTS, fill
from curation.records import REASONING_DOMAINS, Domain, Verdict
from curation.selection import SelectionConfig
from curation.thresholds import ThresholdRule, ThresholdSet


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
    selected: int  # of the reasoning domains, after de-duplication and the cap per prompt, before the quota


@dataclass(frozen=True, slots=True)
class Funnel(Counts):
    """Counts over all domains, with the rules' steps, and by domain (those that have prompts or candidates)."""

    steps: tuple[FunnelStep, ...]
    by_domain: dict[str, Counts]

    def as_json(self) -> dict[str, Any]:
        """The same as plain values, for `--json` and for manifests."""
        return asdict(self)


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
        found = cursor.execute(selected_query, (selection.cap, *mask.parameters)).fetchall()
    selected = {
        domain: int(count) for domain, count in found if domain in REASONING_DOMAINS
    }  # general data comes ready
    by_domain = {
        str(domain): _counts(
            prompts.get(domain, 0), [row for row in counts if row[0] == domain], selected.get(domain, 0)
        )
        for domain in Domain
        if domain in prompts or any(row[0] == domain for row in counts)
    }
    total = _counts(sum(prompts.values()), counts, sum(selected.values()))
    masks: Counter[int] = Counter()
    for _domain, verdict, bits, count in counts:
        if verdict == Verdict.CORRECT:
            masks[bits] += count
    return Funnel(**asdict(total), steps=_steps(rules, masks), by_domain=by_domain)


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
