"""Looking through the prompts of a workspace: counts, pages of a filtered list, one prompt, and its candidates.

Which prompts there are comes from the index; their texts are read from the imported files, for the rows on the screen.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, TextIO

import duckdb
import numpy as np
import pyarrow as pa

from curation.browsing import reasons_of
from curation.errors import InputError, ShardError
from curation.index import Index
from curation.index.predicates import Expression, reject_mask
from curation.index.queries import arrow, fill
from curation.index.staging import literal
from curation.prompts.reading import iter_prompts
from curation.records import Domain, Prompt, Split, Verdict, format_id, messages_of
from curation.spreadsheets import spreadsheet_cell
from curation.thresholds import ThresholdSet
from curation.workspace import Workspace

QUESTION_CHARACTERS: Final = 240
"""Of a question, this much is in a row of a page."""

_WRITTEN: Final = ("domain", "split", "task", "target_language", "verifier", "reference")
_ID: Final = re.compile(r"[0-9a-fA-F]{8,16}")
_QUESTION: Final = "list_aggregate(list_transform(f.messages, lambda m: m.content), 'string_agg', chr(10))"
_READ: Final = "read_parquet(?, hive_partitioning = false) AS f"

_COUNTS: Final = (
    "SELECT domain::VARCHAR, split::VARCHAR, count(*) FROM prompts GROUP BY domain, split ORDER BY domain, split"
)

_FILES: Final = "SELECT name FROM imports SEMI JOIN prompts USING (import) ORDER BY name"

_FILES_OF: Final = """
    SELECT DISTINCT i.name FROM prompts AS p JOIN imports AS i ON i.import = p.import
    WHERE p.prompt_id IN (SELECT unnest(?::UBIGINT[])) ORDER BY i.name
"""

_HOLDS: Final = (
    f"(p.prompt_id IN (SELECT f.prompt_id FROM {_READ} WHERE contains(lower({_QUESTION}), lower(?))){{by_id}})"
)
_BY_ID: Final = " OR starts_with(lpad(lower(to_hex(p.prompt_id)), 16, '0'), lower(?))"

# one pass over the texts; of what matches only ids are kept, and of those only a page leaves the query
_PAGE_IDS: Final = """
    WITH matching AS MATERIALIZED (SELECT prompt_id FROM prompts AS p WHERE {where}),
    here AS (SELECT prompt_id FROM matching WHERE prompt_id >= ?::UBIGINT ORDER BY prompt_id LIMIT ?),
    back AS (SELECT prompt_id FROM matching WHERE prompt_id < ?::UBIGINT ORDER BY prompt_id DESC LIMIT ?)
    SELECT (SELECT count(*) FROM matching), (SELECT count(*) FROM matching WHERE prompt_id < ?::UBIGINT),
           (SELECT list(prompt_id ORDER BY prompt_id) FROM here), (SELECT min(prompt_id) FROM back)
"""

_COUNTED: Final = f"""
    SELECT prompt_id, count(*) AS candidates, count(*) FILTER (verdict = '{Verdict.CORRECT}') AS correct,
           count(*) FILTER (verdict = '{Verdict.CORRECT}' AND mask = 0) AS accepted
    FROM (SELECT prompt_id, verdict, {{mask}} AS mask FROM scores AS p WHERE {{where}}) GROUP BY prompt_id
"""

_ROWS: Final = f"""
    WITH counted AS ({_COUNTED})
    SELECT p.prompt_id, p.domain::VARCHAR AS domain, p.split::VARCHAR AS split, t.spelling AS task,
           l.spelling AS target_language, coalesce(c.candidates, 0) AS candidates, coalesce(c.correct, 0) AS correct,
           coalesce(c.accepted, 0) AS accepted
    FROM prompts AS p
    JOIN words AS t ON t.word = p.task
    JOIN words AS l ON l.word = p.target_language
    LEFT JOIN counted AS c ON c.prompt_id = p.prompt_id
    WHERE {{where_prompts}}
    ORDER BY p.prompt_id
"""
_IDS: Final = "p.prompt_id IN (SELECT unnest(?::UBIGINT[]))"

_TEXTS: Final = f"""
    SELECT f.prompt_id, substr({_QUESTION}, 1, ?), substr(f.reference, 1, ?) FROM {_READ}
    WHERE f.prompt_id IN (SELECT unnest(?::UBIGINT[]))
"""

_CANDIDATES: Final = """
    SELECT s.candidate_id, j.job_id AS job, s.sample, s.verdict::VARCHAR AS verdict, f.spelling AS finish_reason,
           s.reasoning_tokens, s.answer_tokens, {mask} AS mask
    FROM scores AS s
    JOIN jobs AS j ON j.job = s.job
    JOIN words AS f ON f.word = s.finish_reason
    WHERE s.prompt_id = ?
    ORDER BY j.job_id DESC, s.sample, s.candidate_id
    LIMIT ? OFFSET ?
"""

_VERDICTS: Final = "SELECT verdict::VARCHAR, count(*) FROM scores WHERE prompt_id = ? GROUP BY verdict"


@dataclass(frozen=True, slots=True)
class PromptFilter:
    """Which prompts of a workspace are meant; None and "" leave a side open.

    `text` is looked for in what the messages say, whatever its case, and in the ids where it can begin one (8
    hexadecimal digits or more). Raises InputError for a domain or a split that there is not.
    """

    domain: str | None = None
    split: str | None = None
    text: str = ""

    def __post_init__(self) -> None:
        for what, value, known in (("domain", self.domain, tuple(Domain)), ("split", self.split, tuple(Split))):
            if value is not None and value not in known:
                raise InputError(f"{value!r} is no {what}; known are {', '.join(known)}.")

    def where(self, files: Sequence[str]) -> Expression:
        """The condition on a row `p` of the index's prompts; a text is looked for in `files`."""
        conditions: list[str] = []
        parameters: list[object] = []
        if self.domain is not None:
            conditions.append("p.domain = ?::domain")
            parameters.append(str(self.domain))
        if self.split is not None:
            conditions.append("p.split = ?::split")
            parameters.append(str(self.split))
        if self.text and not files:  # read_parquet refuses an empty list
            conditions.append("FALSE")
        elif self.text:
            is_id = _ID.fullmatch(self.text) is not None
            conditions.append(fill(_HOLDS, by_id=_BY_ID if is_id else ""))
            parameters += [list(files), self.text, *([self.text] if is_id else [])]
        return Expression(" AND ".join(conditions) or "TRUE", tuple(parameters))


@dataclass(frozen=True, slots=True)
class PromptCount:
    """How many prompts of a domain are in a split."""

    domain: str
    split: str
    prompts: int


@dataclass(frozen=True, slots=True)
class PromptPage:
    """A page of prompts in the order of their ids.

    `rows`: prompt_id, domain, split, task, target_language, question and reference (cut at QUESTION_CHARACTERS),
    candidates, correct, accepted. `total`: prompts on all pages; `before`: those on the pages before this one.
    `previous` and `next`: the ids that those pages start with, None where there is none.
    """

    rows: pa.Table
    total: int
    before: int
    previous: int | None
    next: int | None


@dataclass(frozen=True, slots=True)
class CandidatePage:
    """Candidates of one prompt, those of the latest job first.

    `rows`: candidate_id, job, sample, verdict (None before it is scored), finish_reason, reasoning_tokens,
    answer_tokens, and `reasons`: the verdict that is not "correct" and the rules that reject it; empty for an accepted
    candidate, None before it is scored. `verdicts`: how many of all its candidates got each verdict, None for those
    that wait for one.
    """

    rows: pa.Table
    total: int
    verdicts: dict[str | None, int]


def count_prompts(index: Index) -> list[PromptCount]:
    """Prompts by domain and split, in the order of `Domain` and `Split`; those of which there are none are left out."""
    with index.reading() as cursor:
        found = cursor.execute(_COUNTS).fetchall()
    return [PromptCount(str(domain), str(split), int(prompts)) for domain, split, prompts in found]


def page_of_prompts(
    index: Index, thresholds: ThresholdSet, wanted: PromptFilter, *, start: int = 0, limit: int = 25
) -> PromptPage:
    """The `limit` prompts that `wanted` lets through from the id `start` on, accepted counted under `thresholds`.

    A text is looked for in every question of the workspace, in one pass. Raises ShardError when an imported file that
    the index knows cannot be read.
    """
    with index.reading() as cursor, _reading_imports(index):
        where = wanted.where(_files(index, cursor) if wanted.text else ())
        query = fill(_PAGE_IDS, where=where.sql)
        total, before, found, previous = cursor.execute(
            query, [*where.parameters, start, limit + 1, start, limit, start]
        ).fetchall()[0]
        ids = list(found or ())
        rows = _rows(index, cursor, thresholds, ids[:limit])
    return PromptPage(rows, int(total), int(before), previous, ids[limit] if len(ids) > limit else None)


def find_prompt(workspace: Workspace, prompt_id: int) -> Prompt | None:
    """The whole prompt of this id; None where the workspace has none. Raises ShardError when its file is damaged."""
    for table in iter_prompts(workspace, np.array([prompt_id], np.uint64)):
        for row in table.to_pylist():
            columns = ("domain", "task", "reference", "verifier", "target_language", "split", "source")
            return Prompt(messages_of(row["messages"]), **{name: row[name] for name in columns})
    return None


def candidates_of(
    index: Index, thresholds: ThresholdSet, prompt_id: int, *, offset: int = 0, limit: int = 20
) -> CandidatePage:
    """A page of the candidates of one prompt, whatever their verdict, with the reasons under `thresholds`."""
    rules = thresholds.enabled
    mask = reject_mask(rules)
    with index.reading() as cursor:
        verdicts = dict(cursor.execute(_VERDICTS, [prompt_id]).fetchall())
        query = fill(_CANDIDATES, mask=mask.sql)
        page = arrow(cursor, query, [*mask.parameters, prompt_id, limit, offset])
    masks, found = page.column("mask").to_pylist(), page.column("verdict").to_pylist()
    names = [rule.name for rule in rules]
    reasons = [
        None if verdict is None else reasons_of(verdict, bits, names)
        for verdict, bits in zip(found, masks, strict=True)
    ]
    rows = page.drop_columns(["mask"]).append_column("reasons", pa.array(reasons, pa.list_(pa.string())))
    return CandidatePage(rows, sum(verdicts.values()), verdicts)


def write_prompts_csv(index: Index, thresholds: ThresholdSet, wanted: PromptFilter, target: TextIO) -> None:
    """Write every prompt that `wanted` lets through to `target` as CSV, with whole questions, file by file.

    Needs memory for ids and counts only. Raises ShardError when an imported file cannot be read.
    """
    mask = reject_mask(thresholds.enabled)
    with index.reading() as cursor, _reading_imports(index):
        where = wanted.where(_files(index, cursor) if wanted.text else ())
        query = fill(_ROWS, mask=mask.sql, where="TRUE", where_prompts=where.sql)
        narrow = arrow(cursor, query, [*mask.parameters, *where.parameters])
    ids = np.asarray(narrow.column("prompt_id").to_numpy(), dtype=np.uint64)
    counts = {name: narrow.column(name) for name in ("candidates", "correct", "accepted")}
    writer = csv.writer(target)
    writer.writerow(["prompt_id", *_WRITTEN, "question", *counts])
    for table in iter_prompts(index.workspace, ids, ["prompt_id", "messages", *_WRITTEN]):
        for row in table.to_pylist():
            at = int(np.searchsorted(ids, np.uint64(row["prompt_id"])))
            question = "\n".join(message["content"] for message in row["messages"])
            fields = [spreadsheet_cell(value) for value in (*(row[name] for name in _WRITTEN), question)]
            writer.writerow([format_id(row["prompt_id"]), *fields, *(c[at].as_py() for c in counts.values())])


def _rows(index: Index, cursor: duckdb.DuckDBPyConnection, thresholds: ThresholdSet, ids: Sequence[int]) -> pa.Table:
    mask = reject_mask(thresholds.enabled)
    query = fill(_ROWS, mask=mask.sql, where=_IDS, where_prompts=_IDS)
    rows = arrow(cursor, query, [*mask.parameters, list(ids), list(ids)])
    files = [literal(index.workspace.prompts / name) for (name,) in cursor.execute(_FILES_OF, [list(ids)]).fetchall()]
    texts: dict[int, tuple[str, str | None]] = {}
    if files:
        found = cursor.execute(_TEXTS, [QUESTION_CHARACTERS, QUESTION_CHARACTERS, files, list(ids)]).fetchall()
        texts = {identifier: (question, reference) for identifier, question, reference in found}
    pairs = [texts.get(identifier, (None, None)) for identifier in rows.column("prompt_id").to_pylist()]
    for at, name in enumerate(("question", "reference")):
        rows = rows.append_column(name, pa.array([pair[at] for pair in pairs], pa.string()))
    return rows


def _files(index: Index, cursor: duckdb.DuckDBPyConnection) -> list[str]:
    """The imported files that the index took in, as read_parquet takes them."""
    return [literal(index.workspace.prompts / name) for (name,) in cursor.execute(_FILES).fetchall()]


@contextmanager
def _reading_imports(index: Index) -> Iterator[None]:
    try:
        yield
    except (duckdb.IOException, duckdb.InvalidInputException) as error:
        raise ShardError(
            f"{index.workspace.prompts}: an imported file cannot be read ({error}); "
            "move it away and import the file that it came from again."
        ) from error
