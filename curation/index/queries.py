"""The queries of the funnel, the rejects and the selection; `{…}` are filled with SQL made by curation.index alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import duckdb
import pyarrow as pa

from curation.index.predicates import CORRECT, IN_FUNNEL
from curation.records import TEXT_MEASURES

_MEASURES: Final = ", ".join(f"s.{field.name}" for field in TEXT_MEASURES)

PROMPT_COUNTS: Final = f"SELECT domain::VARCHAR, count(*) FROM prompts WHERE {IN_FUNNEL} GROUP BY domain"

FUNNEL_COUNTS: Final = f"""
    SELECT domain::VARCHAR, verdict::VARCHAR, mask, count(*)
    FROM (SELECT domain, verdict, {{mask}} AS mask FROM scores WHERE {IN_FUNNEL})
    GROUP BY domain, verdict, mask
"""
"""Everything in the funnel follows from how many rows share a domain, a verdict and a set of failed rules."""

SELECTED_COUNTS: Final = f"""
    SELECT domain::VARCHAR, sum(taken) FROM (
        SELECT any_value(domain) AS domain, least(?::BIGINT, count({{what}})) AS taken
        FROM scores WHERE {IN_FUNNEL} AND {CORRECT} AND ({{mask}}) = 0
        GROUP BY prompt_id
    ) GROUP BY domain
"""

_SEEN: Final = f"""
    FROM (SELECT *, {{mask}} AS mask, {{key}} AS sort_key FROM scores WHERE {IN_FUNNEL})
    WHERE {{where}}
"""

REASON_COUNTS: Final = f"""
    SELECT verdict::VARCHAR, mask, count(*)
    FROM (SELECT verdict, {{mask}} AS mask FROM scores WHERE {IN_FUNNEL} AND {{where}})
    GROUP BY verdict, mask
"""

SORT_KEY: Final = "SELECT {key} FROM scores WHERE candidate_id = ?"

CANDIDATE_COUNTS: Final = f"SELECT count(*), count(*) FILTER (WHERE NOT {{ahead}}) {_SEEN}"

CANDIDATES_BEFORE: Final = (
    f"SELECT candidate_id {_SEEN} AND NOT {{ahead}} ORDER BY sort_key DESC, candidate_id DESC LIMIT ?"
)

_CANDIDATE: Final = f"""
    SELECT s.candidate_id, s.prompt_id, j.job_id AS job, s.sample, s.domain::VARCHAR AS domain, t.spelling AS task,
           l.spelling AS target_language, s.verdict::VARCHAR AS verdict, f.spelling AS finish_reason,
           s.reasoning_tokens, s.answer_tokens, s.truncated, {_MEASURES}, s.mask
    FROM page AS s
    JOIN jobs AS j ON j.job = s.job
    LEFT JOIN words AS t ON t.word = s.task
    LEFT JOIN words AS l ON l.word = s.target_language
    JOIN words AS f ON f.word = s.finish_reason
    ORDER BY s.sort_key, s.candidate_id
"""

CANDIDATE_PAGE: Final = f"""
    WITH page AS (SELECT * {_SEEN} AND {{ahead}} ORDER BY sort_key, candidate_id LIMIT ?)
    {_CANDIDATE}
"""

ONE_CANDIDATE: Final = f"""
    WITH page AS (SELECT *, {{mask}} AS mask, 0 AS sort_key FROM scores WHERE candidate_id = ?)
    {_CANDIDATE}
"""
"""Whichever split its prompt is of, and also while the prompt is not in the workspace."""

SELECTED: Final = f"""
    CREATE OR REPLACE TEMP TABLE selected AS
    WITH accepted AS (
        SELECT candidate_id, prompt_id, job, domain, response_hash, {{order}} AS choice
        FROM scores WHERE {IN_FUNNEL} AND {CORRECT} AND ({{mask}}) = 0
    ), distinct_texts AS (
        {{distinct}}
    )
    SELECT candidate_id, prompt_id, job, domain,
           row_number() OVER (PARTITION BY prompt_id ORDER BY choice, candidate_id) AS pick
    FROM distinct_texts
    QUALIFY pick <= ?
"""
"""Accepted candidates, of equal texts of a prompt one, of a prompt at most the cap; `pick` counts from 1."""

DISTINCT: Final = (
    "SELECT * FROM accepted "
    "QUALIFY row_number() OVER (PARTITION BY prompt_id, response_hash ORDER BY choice, candidate_id) = 1"
)
EVERYTHING: Final = "FROM accepted"


RANDOM_CHOICE: Final = "seeded(candidate_id, ?)"
SHORTEST_CHOICE: Final = "reasoning_tokens"

AVAILABLE: Final = "SELECT domain::VARCHAR, count(*) FROM selected GROUP BY domain"

GENERAL_COUNT: Final = "SELECT count(*) FROM general"

# Every prompt's first pick comes before any second pick: a quota cuts depth before breadth.
MIX: Final = """
    WITH quotas AS (
        SELECT unnest(?::VARCHAR[]) AS domain, unnest(?::BIGINT[]) AS quota
    ), reasoning AS (
        SELECT 'reasoning' AS kind, s.candidate_id AS id, s.prompt_id, s.job, s.domain::VARCHAR AS domain
        FROM selected AS s JOIN quotas AS q ON q.domain = s.domain::VARCHAR
        QUALIFY row_number() OVER (
            PARTITION BY s.domain ORDER BY s.pick, seeded(s.prompt_id, ?), s.prompt_id, s.candidate_id
        ) <= any_value(q.quota) OVER (PARTITION BY s.domain)
    ), ready AS (
        SELECT 'general' AS kind, sample_id AS id, NULL::UBIGINT AS prompt_id, NULL::INTEGER AS job, 'general' AS domain
        FROM general
        QUALIFY row_number() OVER (ORDER BY seeded(sample_id, ?), sample_id) <= ?
    ), mix AS (
        FROM reasoning UNION ALL FROM ready
    )
    SELECT mix.kind, id, prompt_id, job_id AS job, domain,
           row_number() OVER (ORDER BY seeded(id, ?), mix.kind, id) - 1 AS position
    FROM mix LEFT JOIN jobs USING (job)
    ORDER BY position
"""


def arrow(
    cursor: duckdb.DuckDBPyConnection, query: str, parameters: Sequence[Any] | Mapping[str, Any] | None = None
) -> pa.Table:
    """The result of `query` as an Arrow table."""
    return cursor.sql(query, params=parameters).to_arrow_table()


def fill(query: str, **parts: str) -> str:
    """`query` with its parts put in; parts are SQL from this package, never anything that a person typed."""
    return query.format(**parts)
