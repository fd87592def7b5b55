"""Taking the candidates and the scores of one job into the index, exactly once by key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

from curation.index.imports import learn_words
from curation.index.staging import PLACE, READ, drop_doubles, stage
from curation.records import TEXT_MEASURES

Files = Sequence[tuple[Path, int]]
"""Paths of shards, by name, each with its number in the index."""


@dataclass(frozen=True, slots=True)
class Taken:
    """How many candidates are new, and how many candidates got a score or a better one."""

    candidates: int = 0
    scores: int = 0


_MEASURES: Final = ", ".join(field.name for field in TEXT_MEASURES)
_RESULT: Final = f"rule_verdict, score_job, score_shard, rule_version, measures_version, {_MEASURES}"
_RESULT_OF_R: Final = ", ".join(f"r.{column}" for column in _RESULT.split(", "))

_CANDIDATES = f"""
    SELECT f.candidate_id, f.prompt_id, f.response_hash, s.id AS shard, f.sample, f.finish_reason,
           f.prompt_tokens, f.reasoning_tokens, f.answer_tokens, {PLACE} AS place
    FROM {READ} JOIN staged_files AS s ON s.path = f.filename
"""

# Candidates that the index has already. The same row may only have moved (compaction), or be a later double of one that
# counts; anything else means that another row counts from now on.
_MET = """
    CREATE OR REPLACE TEMP TABLE met AS
    SELECT n.candidate_id, n.shard,
           n.response_hash = e.response_hash AND v.shard IS NOT NULL AS moved,
           v.shard IS NULL AND theirs.name <= mine.name AS double
    FROM new_candidates AS n
    JOIN scores AS e ON e.job = $job AND e.candidate_id = n.candidate_id
    JOIN shards AS mine ON mine.shard = n.shard
    JOIN shards AS theirs ON theirs.shard = e.shard
    LEFT JOIN vanished AS v ON v.shard = e.shard
"""

_INSERT = f"""
    INSERT INTO scores BY NAME
    SELECT n.candidate_id, n.prompt_id, n.response_hash, $job AS job, n.shard, n.sample,
           p.domain, p.split, p.task, p.target_language,
           w.word AS finish_reason, n.prompt_tokens, n.reasoning_tokens, n.answer_tokens,
           n.finish_reason = 'length' AS truncated,
           effective_verdict(r.rule_verdict) AS verdict, {_RESULT_OF_R}
    FROM new_candidates AS n
    JOIN words AS w ON w.spelling = n.finish_reason
    LEFT JOIN prompts AS p ON p.prompt_id = n.prompt_id
    LEFT JOIN new_results AS r ON r.candidate_id = n.candidate_id AND r.response_hash = n.response_hash
    ANTI JOIN met ON met.candidate_id = n.candidate_id
"""

_RESULTS = f"""
    SELECT f.candidate_id, f.response_hash, f.rule_verdict::verdict AS rule_verdict,
           $job AS score_job, s.id AS score_shard, f.rule_version, f.measures_version,
           f.file_row_number::UBIGINT AS place, {", ".join(f"f.{field.name}" for field in TEXT_MEASURES)}
    FROM {READ.replace("?", "$paths")} JOIN staged_files AS s ON s.path = f.filename
"""

# The latest job wins; within a job the latest version of rules and measures, then the first shard by name.
_RANK_RESULTS = """
    DELETE FROM new_results WHERE rowid IN (
        SELECT r.rowid FROM new_results AS r
        SEMI JOIN doubles AS d ON d.candidate_id = r.candidate_id
        JOIN jobs ON jobs.job = r.score_job
        JOIN shards ON shards.shard = r.score_shard
        QUALIFY row_number() OVER (
            PARTITION BY r.candidate_id, r.response_hash
            ORDER BY jobs.job_id DESC, r.rule_version DESC, r.measures_version DESC, shards.name, r.place
        ) > 1
    )
"""

# A score that counts already, in a shard that compaction merged into another.
_FOLLOWED = """
    CREATE OR REPLACE TEMP TABLE followed AS
    SELECT r.candidate_id, r.score_shard
    FROM new_results AS r
    JOIN scores AS e ON e.candidate_id = r.candidate_id AND e.response_hash = r.response_hash
    SEMI JOIN vanished AS v ON v.shard = e.score_shard
    WHERE e.score_job = r.score_job AND (e.rule_version, e.measures_version) = (r.rule_version, r.measures_version)
"""

_BETTER = f"""
    CREATE OR REPLACE TEMP TABLE better AS
    SELECT e.* EXCLUDE (verdict, {_RESULT}), effective_verdict(r.rule_verdict) AS verdict, {_RESULT_OF_R}
    FROM new_results AS r
    JOIN scores AS e ON e.candidate_id = r.candidate_id AND e.response_hash = r.response_hash
    JOIN jobs AS mine ON mine.job = r.score_job
    JOIN shards AS my_shard ON my_shard.shard = r.score_shard
    LEFT JOIN jobs AS theirs ON theirs.job = e.score_job
    LEFT JOIN shards AS their_shard ON their_shard.shard = e.score_shard
    WHERE e.score_job IS NULL
       OR mine.job_id > theirs.job_id
       OR (mine.job_id = theirs.job_id AND (
            (r.rule_version, r.measures_version) > (e.rule_version, e.measures_version)
            OR ((r.rule_version, r.measures_version) = (e.rule_version, e.measures_version)
                AND my_shard.name < their_shard.name)))
"""


def take_in_candidates(cursor: duckdb.DuckDBPyConnection, job: int, candidates: Files, results: Files) -> Taken | None:
    """Add what is new in shards of sample job number `job`.

    None when a row that counts has changed (a shard that sorts earlier came later, or one went without its rows being
    merged into another): then the whole job has to be taken in anew.
    """
    if not candidates:
        return take_in_results(cursor, job, results)
    stage(cursor, "new_candidates", _CANDIDATES, candidates)
    drop_doubles(cursor, "new_candidates", "candidate_id")
    learn_words(cursor, "new_candidates", "finish_reason")
    cursor.execute(_MET, {"job": job})
    if cursor.execute("SELECT bool_or(NOT (moved OR double)) FROM met").fetchall()[0][0]:
        return None
    if cursor.execute("SELECT bool_or(moved) FROM met").fetchall()[0][0]:
        cursor.execute(
            "UPDATE scores SET shard = met.shard FROM met "
            "WHERE met.moved AND scores.job = $job AND scores.candidate_id = met.candidate_id",
            {"job": job},
        )
    _stage_results(cursor, job, results)
    _adopt_strays(cursor)
    added = int(cursor.execute(_INSERT, {"job": job}).fetchall()[0][0])
    attached = _count(
        cursor,
        "DELETE FROM new_results USING new_candidates AS n "
        "WHERE new_results.candidate_id = n.candidate_id AND new_results.response_hash = n.response_hash "
        "AND NOT EXISTS (FROM met WHERE met.candidate_id = n.candidate_id)",
    )
    return Taken(added, attached + _apply_results(cursor))


def take_in_results(cursor: duckdb.DuckDBPyConnection, job: int, results: Files) -> Taken:
    """Attach the scores in shards of job number `job` to their candidates; those without one wait among the strays."""
    if not results:
        return Taken()
    _stage_results(cursor, job, results)
    return Taken(scores=_apply_results(cursor))


def _stage_results(cursor: duckdb.DuckDBPyConnection, job: int, results: Files) -> None:
    if not results:
        cursor.execute("CREATE OR REPLACE TEMP TABLE new_results AS FROM stray LIMIT 0")
        return
    stage(cursor, "new_results", _RESULTS.replace("$job", str(job)).replace("$paths", "?"), results)
    # read before, perhaps: then they are among these again
    cursor.execute("DELETE FROM stray WHERE score_shard IN (SELECT id FROM staged_files)")
    _rank_results(cursor)


def _adopt_strays(cursor: duckdb.DuckDBPyConnection) -> None:
    adopted = _count(
        cursor,
        "INSERT INTO new_results BY NAME "
        "SELECT stray.* FROM stray SEMI JOIN new_candidates AS n USING (candidate_id, response_hash)",
    )
    if not adopted:
        return
    cursor.execute(
        "DELETE FROM stray USING new_candidates AS n "
        "WHERE stray.candidate_id = n.candidate_id AND stray.response_hash = n.response_hash"
    )
    _rank_results(cursor)


def _rank_results(cursor: duckdb.DuckDBPyConnection) -> None:
    cursor.execute(
        "CREATE OR REPLACE TEMP TABLE doubles AS "
        "SELECT candidate_id FROM new_results GROUP BY candidate_id HAVING count(*) > 1"
    )
    cursor.execute(_RANK_RESULTS)


def _apply_results(cursor: duckdb.DuckDBPyConnection) -> int:
    if not cursor.execute("FROM new_results LIMIT 1").fetchall():
        return 0
    cursor.execute(
        "INSERT INTO stray BY NAME SELECT r.* FROM new_results AS r "
        "ANTI JOIN scores AS e ON e.candidate_id = r.candidate_id AND e.response_hash = r.response_hash"
    )
    if cursor.execute("FROM vanished LIMIT 1").fetchall():
        cursor.execute(_FOLLOWED)
        cursor.execute(
            "UPDATE scores SET score_shard = f.score_shard FROM followed AS f "
            "WHERE scores.candidate_id = f.candidate_id"
        )
    cursor.execute(_BETTER)
    # cheaper than an UPDATE of a dozen columns
    cursor.execute("DELETE FROM scores WHERE candidate_id IN (SELECT candidate_id FROM better)")
    return _count(cursor, "INSERT INTO scores BY NAME FROM better")


def _count(cursor: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(cursor.execute(query).fetchall()[0][0])
