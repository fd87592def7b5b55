"""Sampling jobs as they lie on the disk when they have ended: candidates and their scores, in shards."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from curation import Workspace
from curation.jobs import Job, ShardWriter, create_job
from curation.prompts import read_prompts
from curation.records import CANDIDATE_SCHEMA, SCORE_SCHEMA, candidate_id, response_hash

SAMPLES = 4


def write_lines(path: Path, rows: Iterable[Any]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def text_of(prompt: int, sample: int, filler: int = 0) -> str:
    """A response as a policy writes it; `filler` characters make it long."""
    return f"<think>\n先看 {prompt:016x}.\n{'x' * filler}\n</think>\n\nThe answer is \\boxed{{{sample}}}."


def candidate_rows(job: Job, prompts: Sequence[int], filler: int = 0) -> pa.Table:
    keys = [(prompt, sample) for prompt in prompts for sample in range(SAMPLES)]
    texts = [text_of(prompt, sample, filler) for prompt, sample in keys]
    return pa.Table.from_pylist(
        [
            {
                "candidate_id": candidate_id(job.id, prompt, sample),
                "prompt_id": prompt,
                "sample": sample,
                "text": text,
                "response_hash": response_hash(text),
                "finish_reason": "stop",
                "prompt_tokens": 10,
                "reasoning_tokens": 20,
                "answer_tokens": 5,
                "seed": sample,
                "engine": "transformers",
                "model": "policy@abc123",
            }
            for (prompt, sample), text in zip(keys, texts, strict=True)
        ],
        schema=CANDIDATE_SCHEMA,
    )


def score_rows(candidates: pa.Table, *, correct: bool = True) -> pa.Table:
    """Samples 0 and 1 of each prompt are correct, the others are not; all pass every threshold."""
    fine = {
        "target_word_ratio": 1.0,
        "foreign_words": 0,
        "longest_paragraph": 10,
        "code_blocks": 0,
        "code_ratio": 0.0,
        "repetition": 0.0,
        "well_formed": True,
    }
    return pa.Table.from_pylist(
        [
            {
                "candidate_id": row["candidate_id"],
                "prompt_id": row["prompt_id"],
                "response_hash": row["response_hash"],
                "rule_verdict": "correct" if correct and row["sample"] < 2 else "incorrect",
                "rule_detail": "same number",
                "prediction": str(row["sample"]),
                "rule_version": 1,
                "measures_version": 1,
                **fine,
            }
            for row in candidates.drop_columns(["text"]).to_pylist()
        ],
        schema=SCORE_SCHEMA,
    )


def sample_job(
    workspace: Workspace,
    *,
    shards: int = 3,
    filler: int = 0,
    correct: bool = True,
    prompts: Sequence[int] | None = None,
) -> Job:
    """A sampling job as it lies on the disk when it has ended, its candidates in `shards` files."""
    if prompts is None:
        prompts = read_prompts(workspace, columns=["prompt_id"])["prompt_id"].to_pylist()
    job = create_job(workspace, "sample", "curation.sampling.stage", {"model": "/models/policy", "n": SAMPLES})
    for part in range(shards):
        rows = candidate_rows(job, prompts[part::shards], filler)
        with ShardWriter(job.shards, "candidates", CANDIDATE_SCHEMA) as writer:
            writer.write(rows)
        with ShardWriter(job.shards, "scores", SCORE_SCHEMA) as writer:
            writer.write(score_rows(rows, correct=correct))
    return job
