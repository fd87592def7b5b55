"""What one sampling job has brought so far: its counts, and a few of its responses to look at."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

from curation.index import Index, texts
from curation.index.predicates import reject_mask
from curation.records import Verdict
from curation.responses import split_response
from curation.thresholds import ThresholdSet

FIRST_CHARACTERS: Final = 2_000
"""Of each text so much is handed on: enough for a look."""

_OF_JOB: Final = "job = (SELECT j.job FROM jobs AS j WHERE j.job_id = ?)"

_PROMPTS: Final = "SELECT split::VARCHAR AS split, domain::VARCHAR AS domain, count(*) AS n FROM prompts GROUP BY ALL"

_PROMPTS_OF_JOB: Final = f"SELECT count(DISTINCT prompt_id) FROM scores WHERE {_OF_JOB}"

_COUNTS: Final = f"""
    SELECT verdict::VARCHAR, truncated, passes, count(*)
    FROM (SELECT verdict, truncated, ({{mask}}) = 0 AS passes FROM scores WHERE {_OF_JOB})
    GROUP BY ALL
"""

# Scored ones first; the shard that was taken in last holds the latest.
_LATEST: Final = f"""
    SELECT candidate_id, verdict::VARCHAR AS verdict, domain::VARCHAR AS domain, truncated, reasoning_tokens,
           answer_tokens
    FROM scores WHERE {_OF_JOB} AND (sample = 0 OR NOT ?)
    ORDER BY verdict IS NULL, shard DESC, rowid DESC LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class Sampled:
    """Counts of one job's candidates; `accepted` are correct and pass every enabled threshold."""

    prompts: int
    candidates: int
    truncated: int
    by_verdict: dict[str, int]  # those of the four verdicts that occur
    accepted: int

    @property
    def scored(self) -> int:
        """Candidates that have a verdict."""
        return sum(self.by_verdict.values())

    @property
    def correct(self) -> int:
        """Candidates whose verdict is correct."""
        return self.by_verdict.get(Verdict.CORRECT, 0)


@dataclass(frozen=True, slots=True)
class SampledResponse:
    """One response of a job; texts are cut after FIRST_CHARACTERS. `verdict` is None until it is scored."""

    candidate_id: int
    question: str
    domain: str
    reasoning: str
    answer: str
    verdict: str | None
    truncated: bool
    tokens: int


def prompt_counts(index: Index) -> dict[tuple[str, str], int]:
    """How many prompts there are by (split, domain)."""
    return {(row["split"], row["domain"]): int(row["n"]) for row in index.query(_PROMPTS).to_pylist()}


def sampled(index: Index, thresholds: ThresholdSet, job_id: str) -> Sampled:
    """Count a sampling job's candidates as far as the index has taken them in; all 0 for a job without any."""
    mask = reject_mask(thresholds.enabled)
    with index.reading() as cursor:
        rows = cursor.execute(_COUNTS.format(mask=mask.sql), [*mask.parameters, job_id]).fetchall()
        prompts = cursor.execute(_PROMPTS_OF_JOB, [job_id]).fetchall()[0][0]
    verdicts: Counter[str | None] = Counter()
    truncated = accepted = 0
    for verdict, is_truncated, passes, count in rows:
        verdicts[verdict] += count
        truncated += count if is_truncated else 0
        accepted += count if verdict == Verdict.CORRECT and passes else 0
    return Sampled(
        prompts=int(prompts),
        candidates=verdicts.total(),
        truncated=truncated,
        by_verdict={str(verdict): verdicts[verdict] for verdict in Verdict if verdicts[verdict]},
        accepted=accepted,
    )


def latest_responses(index: Index, job_id: str, limit: int, *, of_different_prompts: bool) -> list[SampledResponse]:
    """The responses of a job that came last, scored ones first; or one each of some prompts.

    Raises ShardError when a shard is damaged.
    """
    rows = index.query(_LATEST, [job_id, of_different_prompts, limit]).to_pylist()
    found = {row["candidate_id"]: row for row in texts(index, [row["candidate_id"] for row in rows]).to_pylist()}
    return [_response(row, found[row["candidate_id"]]) for row in rows if row["candidate_id"] in found]


def _response(row: dict[str, object], text: dict[str, object]) -> SampledResponse:
    response = split_response(str(text["text"] or ""))
    messages = text["messages"]
    asked = [turn["content"] for turn in messages if turn["role"] == "user"] if isinstance(messages, list) else []
    return SampledResponse(
        candidate_id=int(str(row["candidate_id"])),
        question=(asked[-1] if asked else "")[:FIRST_CHARACTERS],
        domain=str(row["domain"] or ""),
        reasoning=response.reasoning.strip()[:FIRST_CHARACTERS],
        answer=response.answer.strip()[:FIRST_CHARACTERS],
        verdict=None if row["verdict"] is None else str(row["verdict"]),
        truncated=bool(row["truncated"]),
        tokens=int(str(row["reasoning_tokens"])) + int(str(row["answer_tokens"])),
    )
