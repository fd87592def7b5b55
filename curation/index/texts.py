"""Fetching the texts of a few candidates from the shards that hold them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curation.index.opening import Index
from curation.jobs.shards import ShardGoneError, open_shard, reading
from curation.records import CANDIDATE_SCHEMA, PROMPT_SCHEMA

_DETAIL: Final = ("rule_detail", "prediction")
_PROMPT: Final = ("messages", "reference", "verifier", "source")

TEXT_SCHEMA: Final = pa.schema(
    [
        CANDIDATE_SCHEMA.field("candidate_id"),
        CANDIDATE_SCHEMA.field("prompt_id"),
        CANDIDATE_SCHEMA.field("text"),
        CANDIDATE_SCHEMA.field("model"),
        pa.field("rule_detail", pa.string()),  # NULL until it is scored
        pa.field("prediction", pa.string()),
        *(PROMPT_SCHEMA.field(name).with_nullable(True) for name in _PROMPT),  # NULL while the prompt is missing
    ]
)
"""What `texts` returns: the response, why the rule decided as it did, and the prompt."""

_WHERE = """
    SELECT s.candidate_id, s.prompt_id, j.job_id, c.name AS shard, sj.job_id AS score_job, r.name AS score_shard,
           i.name AS import
    FROM scores AS s
    SEMI JOIN (SELECT unnest(?::UBIGINT[]) AS candidate_id) AS wanted ON wanted.candidate_id = s.candidate_id
    JOIN jobs AS j ON j.job = s.job
    JOIN shards AS c ON c.shard = s.shard
    LEFT JOIN jobs AS sj ON sj.job = s.score_job
    LEFT JOIN shards AS r ON r.shard = s.score_shard
    LEFT JOIN prompts AS p ON p.prompt_id = s.prompt_id
    LEFT JOIN imports AS i ON i.import = p.import
"""


def texts(index: Index, candidate_ids: Sequence[int]) -> pa.Table:
    """The texts of the candidates that a screen shows, as TEXT_SCHEMA, in the order that they are asked for.

    Reads only the row groups that hold them. Ids that the index does not have are left out. Raises ShardError when a
    shard is damaged.
    """
    try:
        return _texts(index, candidate_ids)
    except ShardGoneError:  # compacted since the last refresh
        index.refresh(on_corrupt="skip")
        return _texts(index, candidate_ids)


def _texts(index: Index, candidate_ids: Sequence[int]) -> pa.Table:
    places = index.query(_WHERE, [list(candidate_ids)]).to_pylist()
    jobs, prompts = index.workspace.jobs, index.workspace.prompts
    rows = {place["candidate_id"]: dict.fromkeys(TEXT_SCHEMA.names) for place in places}
    by_prompt: defaultdict[int, list[int]] = defaultdict(list)
    candidate_shards: defaultdict[Path, dict[int, int]] = defaultdict(dict)
    score_shards: defaultdict[Path, dict[int, int]] = defaultdict(dict)
    imports: defaultdict[Path, dict[int, int]] = defaultdict(dict)
    for place in places:
        candidate, prompt = place["candidate_id"], place["prompt_id"]
        by_prompt[prompt].append(candidate)
        candidate_shards[jobs / place["job_id"] / "shards" / place["shard"]][candidate] = prompt
        if place["score_shard"] is not None:
            score_shards[jobs / place["score_job"] / "shards" / place["score_shard"]][candidate] = prompt
        if place["import"] is not None:
            imports[prompts / place["import"]][prompt] = prompt
    columns = ("candidate_id", "prompt_id", "text", "model")
    for path, wanted in candidate_shards.items():
        for row in _rows(path, "candidate_id", wanted, columns):
            rows[row["candidate_id"]].update(row)
    for path, wanted in score_shards.items():
        for row in _rows(path, "candidate_id", wanted, ("candidate_id", *_DETAIL)):
            rows[row["candidate_id"]].update(row)
    for path, wanted in imports.items():
        for row in _rows(path, "prompt_id", wanted, ("prompt_id", *_PROMPT)):
            for candidate in by_prompt[row["prompt_id"]]:
                rows[candidate].update(row)
    # a doubled id is answered once
    ordered = [rows[identifier] for identifier in dict.fromkeys(candidate_ids) if identifier in rows]
    return pa.Table.from_pylist(ordered, TEXT_SCHEMA)


def _rows(path: Path, key: str, wanted: dict[int, int], columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Rows of the shard whose `key` is among `wanted` (key → prompt id), each key's first row only."""
    keys = pa.array(list(wanted), pa.uint64())
    prompts = np.array(list(wanted.values()), np.uint64)
    left = set(wanted)
    with reading(path), open_shard(path) as file:
        prompt_column = file.schema_arrow.names.index("prompt_id")
        for group in range(file.num_row_groups):
            statistics = file.metadata.row_group(group).column(prompt_column).statistics
            if statistics is not None and statistics.has_min_max:
                inside = (prompts >= np.uint64(statistics.min)) & (prompts <= np.uint64(statistics.max))
                if not inside.any():  # compacted shards are sorted by prompt
                    continue
            found = pc.is_in(file.read_row_group(group, columns=[key], use_threads=False).column(0), keys)
            if not pc.any(found).as_py():
                continue
            table = file.read_row_group(group, columns=list(columns), use_threads=False).filter(found)
            for row in table.to_pylist():
                if row[key] in left:
                    left.remove(row[key])
                    yield row
            if not left:
                return
