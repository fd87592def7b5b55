"""Rows of prompts, candidates and scores for the index to take in, written as the stages write them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from curation import Workspace
from curation.jobs import Job, create_job
from curation.records import (
    CANDIDATE_SCHEMA,
    GENERAL_SCHEMA,
    PROMPT_SCHEMA,
    SCORE_SCHEMA,
    Message,
    Prompt,
    candidate_id,
    response_hash,
    sample_id,
)


def question(number: int, domain: str = "math", split: str = "train") -> Prompt:
    return Prompt(
        (Message("user", f"{domain} question {number}"),), domain, "sums", str(number), "math", "en", split, "made"
    )


@dataclass(frozen=True)
class Response:
    """One candidate and, if it is scored, what its score says."""

    prompt: Prompt
    sample: int = 0
    text: str = "<think>a reason</think>an answer"
    finish_reason: str = "stop"
    reasoning_tokens: int = 10
    verdict: str = "correct"
    rule_version: int = 1
    detail: str = "same number"
    target_word_ratio: float = 1.0
    longest_paragraph: int = 10
    code_blocks: int = 0
    repetition: float = 0.0
    well_formed: bool = True

    def but(self, **changes: object) -> Response:
        return replace(self, **changes)  # type: ignore[arg-type]


def write_prompts(workspace: Workspace, name: str, prompts: Sequence[Prompt]) -> Path:
    rows = [
        {
            "prompt_id": prompt.prompt_id,
            "messages": [{"role": message.role, "content": message.content} for message in prompt.messages],
            **{
                key: getattr(prompt, key)
                for key in ("domain", "task", "reference", "verifier", "target_language", "split", "source")
            },
        }
        for prompt in prompts
    ]
    return _write(workspace.prompts / f"{name}.parquet", rows, PROMPT_SCHEMA)


def write_general(workspace: Workspace, name: str, texts: Sequence[str], task: str = "writing") -> list[int]:
    """General samples of one turn each; returns their ids."""
    ids = [sample_id((Message("user", "Write."), Message("assistant", text)), task) for text in texts]
    rows = [
        {
            "sample_id": identifier,
            "messages": [{"role": "user", "content": "Write."}, {"role": "assistant", "content": text}],
            "task": task,
            "language": "en",
            "source": "made",
        }
        for identifier, text in zip(ids, texts, strict=True)
    ]
    _write(workspace.general / f"{name}.parquet", rows, GENERAL_SCHEMA)
    return ids


def new_job(workspace: Workspace, kind: str = "sample") -> Job:
    return create_job(workspace, kind, f"tests.{kind}", {})


def id_of(job: Job, response: Response) -> int:
    return candidate_id(job.id, response.prompt.prompt_id, response.sample)


def write_candidates(job: Job, name: str, responses: Sequence[Response]) -> Path:
    rows = [
        {
            "candidate_id": id_of(job, response),
            "prompt_id": response.prompt.prompt_id,
            "sample": response.sample,
            "text": response.text,
            "response_hash": response_hash(response.text),
            "finish_reason": response.finish_reason,
            "prompt_tokens": 5,
            "reasoning_tokens": response.reasoning_tokens,
            "answer_tokens": 2,
            "seed": 1,
            "engine": "made",
            "model": "policy@1",
        }
        for response in responses
    ]
    return _write(job.shards / f"candidates-{name}-000000.parquet", rows, CANDIDATE_SCHEMA)


def write_scores(job: Job, name: str, responses: Sequence[Response], sampled_by: Job | None = None) -> Path:
    rows = [
        {
            "candidate_id": id_of(sampled_by or job, response),
            "prompt_id": response.prompt.prompt_id,
            "response_hash": response_hash(response.text),
            "rule_verdict": response.verdict,
            "rule_detail": response.detail,
            "prediction": response.prompt.reference,
            "rule_version": response.rule_version,
            "measures_version": 1,
            "target_word_ratio": response.target_word_ratio,
            "foreign_words": 0,
            "longest_paragraph": response.longest_paragraph,
            "code_blocks": response.code_blocks,
            "code_ratio": 0.0,
            "repetition": response.repetition,
            "well_formed": response.well_formed,
        }
        for response in responses
    ]
    return _write(job.shards / f"scores-{name}-000000.parquet", rows, SCORE_SCHEMA)


def sampled(workspace: Workspace, responses: Sequence[Response], *, shards: int = 1) -> Job:
    """A sampling job with these candidates, all scored, in so many shards."""
    job = new_job(workspace)
    for part in range(shards):
        write_candidates(job, f"{part:03d}", responses[part::shards])
        write_scores(job, f"{part:03d}", responses[part::shards])
    return job


def _write(path: Path, rows: Sequence[dict[str, object]], schema: pa.Schema) -> Path:
    path.parent.mkdir(exist_ok=True)
    pq.write_table(pa.Table.from_pylist(list(rows), schema), path)
    return path
