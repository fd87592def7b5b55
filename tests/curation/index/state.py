"""What an index says, in words that do not depend on how it numbers things; and what it should say."""

from __future__ import annotations

from typing import Any

import pyarrow.parquet as pq

from curation import Workspace
from curation.index import Index
from curation.jobs import list_jobs, live_shards

_STATE = """
    SELECT s.candidate_id, s.response_hash, j.job_id, c.name AS shard, s.domain::VARCHAR AS domain,
           s.split::VARCHAR AS split, t.spelling AS task, s.verdict::VARCHAR AS verdict, sj.job_id AS score_job,
           r.name AS score_shard, s.rule_version
    FROM scores AS s JOIN jobs AS j USING (job) JOIN shards AS c USING (shard)
    LEFT JOIN words AS t ON t.word = s.task
    LEFT JOIN jobs AS sj ON sj.job = s.score_job LEFT JOIN shards AS r ON r.shard = s.score_shard
    ORDER BY s.candidate_id
"""

_PROMPTS = """
    SELECT prompt_id, split::VARCHAR AS split, t.spelling AS task, i.name AS import
    FROM prompts JOIN imports AS i USING (import) JOIN words AS t ON t.word = task ORDER BY prompt_id
"""


def state_of(index: Index) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Candidates with all that depends on which row counts, and prompts."""
    return index.query(_STATE).to_pylist(), index.query(_PROMPTS).to_pylist()


def state_by_hand(workspace: Workspace) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The same, worked out row by row from the files."""
    prompts: dict[int, dict[str, Any]] = {}
    domains: dict[int, str] = {}
    for path in sorted(workspace.prompts.glob("*.parquet")):
        for row in pq.read_table(path).to_pylist():
            domains.setdefault(row["prompt_id"], row["domain"])
            prompts.setdefault(
                row["prompt_id"],
                {
                    "prompt_id": row["prompt_id"],
                    "split": row["split"],
                    "task": row["task"],
                    "import": path.name,
                },
            )
    candidates: dict[int, dict[str, Any]] = {}
    for job in list_jobs(workspace):
        for path in live_shards(job.folder, "candidates"):
            for row in pq.read_table(path).to_pylist():
                prompt = prompts.get(row["prompt_id"], {"split": None, "task": None})
                candidates.setdefault(
                    row["candidate_id"],
                    {
                        "candidate_id": row["candidate_id"],
                        "response_hash": row["response_hash"],
                        "job_id": job.id,
                        "shard": path.name,
                        "domain": domains.get(row["prompt_id"]),
                        "split": prompt["split"],
                        "task": prompt["task"],
                        "verdict": None,
                        "score_job": None,
                        "score_shard": None,
                        "rule_version": None,
                    },
                )
    for job in list_jobs(workspace):  # later jobs overrule earlier ones
        said: dict[int, int] = {}
        for path in live_shards(job.folder, "scores"):
            for row in pq.read_table(path).to_pylist():
                candidate = candidates.get(row["candidate_id"])
                if candidate is None or candidate["response_hash"] != row["response_hash"]:
                    continue
                if row["rule_version"] > said.get(row["candidate_id"], 0):
                    said[row["candidate_id"]] = row["rule_version"]
                    candidate |= {
                        "verdict": row["rule_verdict"],
                        "score_job": job.id,
                        "score_shard": path.name,
                        "rule_version": row["rule_version"],
                    }
    return (
        [candidates[key] for key in sorted(candidates)],
        [prompts[key] for key in sorted(prompts)],
    )
