"""A workspace with prompts, scored candidates, jobs in every state and an evaluation, made by the real writers."""

from __future__ import annotations

import random
import signal

import pyarrow as pa
import pyarrow.parquet as pq

from curation import Workspace
from curation.jobs import Job, ShardWriter, create_job, launch, wait
from curation.jobs.state import live_attempts
from curation.records import (
    CANDIDATE_SCHEMA,
    PROMPT_SCHEMA,
    SCORE_SCHEMA,
    Domain,
    Message,
    Prompt,
    Split,
    candidate_id,
    response_hash,
)
from curation.thresholds import default_thresholds
from training.evaluation import EVALUATION_SCHEMA, FAMILY
from training.evaluation.results import write_results

STAGE = "tests.app.short_stage"
SHARES = {"math": (0.62, 0.25, 0.13), "stem": (0.55, 0.4, 0.05), "logic": (0.5, 0.42, 0.08), "code": (0.0, 0.0, 1.0)}
"""Domain → shares of correct, incorrect and undecided candidates."""

HOSTILE = "<script>alert('from a log')</script> **bold?** $x$ :red[tint] \x1b[31mred\x1b[0m"
"""What a log may hold, and no page may act on."""


def fill(workspace: Workspace, *, prompts: int = 40, samples: int = 4) -> None:
    """Bring in prompts, one finished sampling job with its candidates and scores, and one finished evaluation."""
    chosen = random.Random(7)
    train = _prompts(prompts, Split.TRAIN, chosen)
    _write_prompts(workspace, [*train, *_prompts(prompts // 2, Split.HELD_OUT, chosen)])
    n = len(train) * samples
    job = ended(
        create_job(workspace, "sample", STAGE, {"model": "/models/policy", "n": samples, "done": n, "total": n})
    )
    _write_candidates(job, train, samples, chosen)
    evaluation = ended(create_job(workspace, "evaluate", STAGE, _evaluation_config()))
    _write_evaluation(evaluation, train, chosen)


def ended(job: Job) -> Job:
    """Run a job to its end."""
    launch(job)
    assert wait(job, timeout_s=240).has_ended
    return job


def add_ended_jobs(workspace: Workspace) -> dict[str, Job]:
    """One job in each of the states finished, failed, lost and unstarted."""
    jobs = {
        "finished": ended(create_job(workspace, "export", STAGE, {"done": 512, "total": 512})),
        "failed": ended(
            create_job(workspace, "sft", STAGE, {"fails": "the base is missing; give --base", "says": HOSTILE})
        ),
        "lost": running(workspace, kind="score"),
        "unstarted": create_job(workspace, "judge", STAGE, {}),
    }
    for attempt in live_attempts(jobs["lost"].folder):
        attempt.process.signal(signal.SIGKILL)
    assert wait(jobs["lost"], timeout_s=60).has_ended
    return jobs


def running(workspace: Workspace, kind: str = "sample", **config: object) -> Job:
    """A job that runs until it is asked to stop; returns once it has reported."""
    settings = {"lasts_s": 600.0, "done": 1200, "total": 4800, "note": "math", **config}
    job = create_job(workspace, kind, STAGE, settings)
    launch(job)
    for _turn in range(2400):
        if job.progress() is not None:
            return job
        wait(job, timeout_s=0.1)
    raise AssertionError(f"{job.id} never reported: {job.log_tail()}")


def _prompts(count: int, split: str, chosen: random.Random) -> list[Prompt]:
    domains = list(SHARES)
    return [
        Prompt(
            (Message("user", f"{split} question {number}: {chosen.random()}"),),
            domain=domains[number % len(domains)],
            task="made",
            reference="42",
            verifier="math" if domains[number % len(domains)] != "code" else "code",
            target_language="en",
            split=split,
            source="made.jsonl:1",
        )
        for number in range(count)
    ]


def _write_prompts(workspace: Workspace, prompts: list[Prompt]) -> None:
    rows = [
        {
            "prompt_id": prompt.prompt_id,
            "messages": [{"role": message.role, "content": message.content} for message in prompt.messages],
            **{name: getattr(prompt, name) for name in PROMPT_SCHEMA.names if name not in ("prompt_id", "messages")},
        }
        for prompt in prompts
    ]
    pq.write_table(pa.Table.from_pylist(rows, schema=PROMPT_SCHEMA), workspace.prompts / "made.parquet")


def _write_candidates(job: Job, prompts: list[Prompt], samples: int, chosen: random.Random) -> None:
    candidates, scores = [], []
    for prompt in prompts:
        for sample in range(samples):
            text = f"<think>\nbecause {chosen.random()}\n</think>\n\n<b>42</b>"
            ids = {
                "candidate_id": candidate_id(job.id, prompt.prompt_id, sample),
                "prompt_id": prompt.prompt_id,
                "response_hash": response_hash(text),
            }
            candidates.append(
                {
                    **ids,
                    "sample": sample,
                    "text": text,
                    "finish_reason": "stop",
                    "prompt_tokens": 20,
                    "reasoning_tokens": chosen.randint(40, 300),
                    "answer_tokens": 8,
                    "seed": None,
                    "engine": "transformers",
                    "model": "policy",
                }
            )
            verdict = chosen.choices(("correct", "incorrect", "undecided"), SHARES[prompt.domain])[0]
            scores.append({**ids, **_score(verdict, chosen)})
    for family, schema, rows in (("candidates", CANDIDATE_SCHEMA, candidates), ("scores", SCORE_SCHEMA, scores)):
        with ShardWriter(job.shards, family, schema) as writer:
            writer.write(pa.Table.from_pylist(rows, schema=schema))


def _score(verdict: str, chosen: random.Random, habits: float = 1.0) -> dict[str, object]:
    return {
        "rule_verdict": verdict,
        "rule_detail": "made",
        "prediction": "42",
        "rule_version": 1,
        "measures_version": 1,
        "target_word_ratio": 0.8 if chosen.random() < 0.13 * habits else 1.0,
        "foreign_words": 0,
        "longest_paragraph": 1800 if chosen.random() < 0.07 * habits else 200,
        "code_blocks": 1 if chosen.random() < 0.11 * habits else 0,
        "code_ratio": 0.0,
        "repetition": 0.6 if chosen.random() < 0.02 * habits else 0.05,
        "well_formed": chosen.random() > 0.01 * habits,
    }


def _evaluation_config() -> dict[str, object]:
    rules = [
        {
            "name": rule.name,
            "measure": rule.measure,
            "min": rule.min,
            "max": rule.max,
            "domains": list(rule.domains),
            "enabled": rule.enabled,
        }
        for rule in default_thresholds().rules
        if rule.measure not in ("truncated",)
    ]
    models = [
        {"name": "policy", "model": "/models/policy", "adapter": None},
        {"name": "base", "model": "/models/base", "adapter": None},
        {"name": "tuned", "model": "/models/base", "adapter": "/models/tuned"},
    ]
    return {"models": models, "rules": rules, "done": 1, "total": 1}


def _write_evaluation(job: Job, prompts: list[Prompt], chosen: random.Random) -> None:
    rows = []
    for model, right, habits in (("policy", 0.6, 1.0), ("base", 0.2, 0.05), ("tuned", 0.56, 0.08)):
        for prompt in prompts:
            for sample in range(2):
                verdict = "undecided" if prompt.domain == Domain.CODE else "incorrect"
                if prompt.domain != Domain.CODE and chosen.random() < right:
                    verdict = "correct"
                rows.append(
                    {
                        "model": model,
                        "revision": f"{model}@1",
                        "prompt_id": prompt.prompt_id,
                        "sample": sample,
                        "domain": prompt.domain,
                        "verifier": prompt.verifier,
                        "text": "made",
                        "finish_reason": "stop",
                        "reasoning_tokens": 80,
                        "answer_tokens": 8,
                        "seed": None,
                        **_score(verdict, chosen, habits),
                    }
                )
    with ShardWriter(job.shards, FAMILY, EVALUATION_SCHEMA) as writer:
        writer.write(pa.Table.from_pylist(rows, schema=EVALUATION_SCHEMA))
    write_results(job)
