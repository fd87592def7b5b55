"""Taking imported prompts and general samples into the index."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb

from curation.index.listing import Import
from curation.index.staging import PLACE, READ, drop_doubles, stage

_PROMPTS = f"""
    SELECT f.prompt_id, f.domain::domain AS domain, f.split::split AS split, f.task, f.target_language, f.verifier,
           s.id AS import, {PLACE} AS place
    FROM {READ} JOIN staged_files AS s ON s.path = f.filename
"""

_GENERAL = f"""
    SELECT f.sample_id, f.task, f.language, s.id AS import, {PLACE} AS place
    FROM {READ} JOIN staged_files AS s ON s.path = f.filename
"""

# A prompt that is imported twice is one; the first file by name says what it is.
_EARLIER = """
    CREATE OR REPLACE TEMP TABLE earlier AS
    SELECT n.prompt_id, n.import,
           (n.domain, n.split, t.word, l.word, v.word)
               IS DISTINCT FROM (p.domain, p.split, p.task, p.target_language, p.verifier) AS differs
    FROM new_prompts AS n
    JOIN prompts AS p USING (prompt_id)
    JOIN imports AS mine ON mine.import = n.import
    JOIN imports AS theirs ON theirs.import = p.import
    JOIN words AS t ON t.spelling = n.task
    JOIN words AS l ON l.spelling = n.target_language
    JOIN words AS v ON v.spelling = n.verifier
    WHERE mine.name < theirs.name
"""

_INSERT_PROMPTS = """
    INSERT INTO prompts BY NAME
    SELECT n.prompt_id, n.domain, n.split, t.word AS task, l.word AS target_language, v.word AS verifier, n.import
    FROM new_prompts AS n
    JOIN words AS t ON t.spelling = n.task
    JOIN words AS l ON l.spelling = n.target_language
    JOIN words AS v ON v.spelling = n.verifier
    ANTI JOIN prompts AS p ON p.prompt_id = n.prompt_id
"""

# Candidates may have come before their prompt was imported.
_COMPLETE_SCORES = """
    UPDATE scores SET domain = p.domain, split = p.split, task = p.task, target_language = p.target_language
    FROM prompts AS p WHERE scores.domain IS NULL AND scores.prompt_id = p.prompt_id
"""

_INSERT_GENERAL = """
    INSERT INTO general BY NAME
    SELECT n.sample_id, t.word AS task, l.word AS language, n.import
    FROM new_general AS n
    JOIN words AS t ON t.spelling = n.task
    JOIN words AS l ON l.spelling = n.language
    ANTI JOIN general AS g ON g.sample_id = n.sample_id
"""

# Nothing but the import depends on which file a sample came from: task and language hash into nothing else.
_EARLIER_GENERAL = """
    UPDATE general SET import = n.import, task = t.word, language = l.word
    FROM new_general AS n, imports AS mine, imports AS theirs, words AS t, words AS l
    WHERE general.sample_id = n.sample_id AND mine.import = n.import AND theirs.import = general.import
      AND t.spelling = n.task AND l.spelling = n.language AND mine.name < theirs.name
"""


def learn_words(cursor: duckdb.DuckDBPyConnection, table: str, *columns: str) -> None:
    """Give every spelling in `columns` of a staged `table` a number."""
    spellings = " UNION ".join(f"SELECT DISTINCT {column} AS spelling FROM {table}" for column in columns)
    cursor.execute(
        "INSERT INTO words SELECT (SELECT coalesce(max(word), 0) FROM words) + row_number() OVER (ORDER BY spelling), "
        f"spelling FROM ({spellings}) ANTI JOIN words USING (spelling)"
    )


def take_in_prompts(cursor: duckdb.DuckDBPyConnection, files: Mapping[Import, Path]) -> int | None:
    """Add the prompts of new `files`; returns how many are new.

    None when a file that sorts before an old one says otherwise of a prompt that candidates may have been judged by:
    then the index has to be emptied and everything taken in anew.
    """
    if not files:
        return 0
    _stage(cursor, "new_prompts", _PROMPTS, files)
    drop_doubles(cursor, "new_prompts", "prompt_id")
    learn_words(cursor, "new_prompts", "task", "target_language", "verifier")
    cursor.execute(_EARLIER)
    if cursor.execute("SELECT bool_or(differs) FROM earlier").fetchall()[0][0]:
        return None
    cursor.execute("UPDATE prompts SET import = e.import FROM earlier AS e WHERE prompts.prompt_id = e.prompt_id")
    added = _count(cursor, _INSERT_PROMPTS)
    if added:
        cursor.execute(_COMPLETE_SCORES)
    return added


def take_in_general(cursor: duckdb.DuckDBPyConnection, files: Mapping[Import, Path]) -> int:
    """Add the general samples of new `files`; returns how many are new."""
    if not files:
        return 0
    _stage(cursor, "new_general", _GENERAL, files)
    drop_doubles(cursor, "new_general", "sample_id")
    learn_words(cursor, "new_general", "task", "language")
    cursor.execute(_EARLIER_GENERAL)
    return _count(cursor, _INSERT_GENERAL)


def _stage(cursor: duckdb.DuckDBPyConnection, table: str, select: str, files: Mapping[Import, Path]) -> None:
    numbers: list[tuple[Path, int]] = []
    first = _count(cursor, "SELECT coalesce(max(import), 0) FROM imports")
    for number, (item, path) in enumerate(sorted(files.items()), start=first + 1):
        cursor.execute(
            "INSERT INTO imports VALUES (?, ?, ?, ?, ?)",
            [number, item.family, item.name, item.bytes, item.changed_ns],
        )
        numbers.append((path, number))
    stage(cursor, table, select, numbers)


def _count(cursor: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(cursor.execute(query).fetchall()[0][0])
