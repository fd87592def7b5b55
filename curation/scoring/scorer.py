"""Candidates in, scores out: batches of Arrow rows, with what is known of their prompts looked up by id."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curation.errors import InputError
from curation.measures import MEASURES_VERSION, measure
from curation.prompts import read_prompts
from curation.records import SCORE_SCHEMA, TEXT_MEASURES, format_id
from curation.responses import split_response
from curation.verification import RULE_VERSION, RuleVerifier
from curation.workspace import Workspace

CANDIDATE_COLUMNS: Final = ("candidate_id", "prompt_id", "response_hash", "text")
"""What scoring reads of a candidate."""

UInt64s = npt.NDArray[np.uint64]


class Scorer:
    """Scores candidates of the prompts `prompt_ids` (n,), or of all in the workspace; a context manager.

    `workers` processes at most run Math-Verify.
    """

    def __init__(self, workspace: Workspace, prompt_ids: UInt64s | None = None, workers: int = 1) -> None:
        columns = ["prompt_id", "verifier", "reference", "target_language"]
        prompts = read_prompts(workspace, None if prompt_ids is None else np.unique(prompt_ids), columns)
        prompts = prompts.combine_chunks().sort_by("prompt_id")
        self._ids: UInt64s = prompts["prompt_id"].to_numpy()
        self._prompts = prompts.select(columns[1:])
        self._verifier = RuleVerifier(workers=workers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the worker processes."""
        self._verifier.close()

    def score(self, candidates: pa.RecordBatch | pa.Table) -> pa.RecordBatch:
        """Rows with CANDIDATE_COLUMNS → as many rows of SCORE_SCHEMA, in the same order.

        Raises InputError for a candidate whose prompt is not in the workspace.
        """
        prompts = self._prompts.take(self._places(candidates.column("prompt_id")))
        texts = candidates.column("text").to_pylist()
        answers = [split_response(text).answer for text in texts]
        verdicts = self._verifier.check(prompts["verifier"].to_pylist(), prompts["reference"].to_pylist(), answers)
        measured = measure(texts, prompts["target_language"].to_pylist())
        rows = len(texts)
        columns = [
            *(_one_chunk(candidates.column(name)) for name in ("candidate_id", "prompt_id", "response_hash")),
            pa.array([str(v.verdict) for v in verdicts], pa.string()),
            pa.array([v.detail for v in verdicts], pa.string()),
            pa.array([v.prediction for v in verdicts], pa.string()),
            pa.array(np.full(rows, RULE_VERSION, dtype=np.int32)),
            pa.array(np.full(rows, MEASURES_VERSION, dtype=np.int32)),
            *(pa.array(measured[field.name], field.type) for field in TEXT_MEASURES),
        ]
        return pa.RecordBatch.from_arrays(columns, schema=SCORE_SCHEMA)

    def _places(self, prompts: pa.Array | pa.ChunkedArray) -> UInt64s:
        wanted: UInt64s = np.asarray(prompts, dtype=np.uint64)
        places = np.searchsorted(self._ids, wanted)
        known = places < len(self._ids)
        known[known] = self._ids[places[known]] == wanted[known]
        if not known.all():
            raise InputError(
                f"a candidate's prompt {format_id(int(wanted[~known][0]))} is not in the workspace; import the file "
                "that it came from again."
            )
        return places.astype(np.uint64)


def score_candidates(
    workspace: Workspace, candidates: Iterable[pa.RecordBatch | pa.Table], workers: int = 1
) -> Iterator[pa.RecordBatch]:
    """Score batch after batch; rows need CANDIDATE_COLUMNS, others are passed over."""
    with Scorer(workspace, workers=workers) as scorer:
        for batch in candidates:
            yield scorer.score(batch)


def is_current(scores: pa.Table) -> pa.Table:
    """The rows that rule and measures of these versions wrote."""
    current = pc.and_(
        pc.equal(scores["rule_version"], RULE_VERSION), pc.equal(scores["measures_version"], MEASURES_VERSION)
    )
    return scores.filter(current)


def score_keys(rows: pa.Table | pa.RecordBatch) -> UInt64s:
    """(n,) numbers that name a candidate together with its text."""
    candidates: UInt64s = np.asarray(rows.column("candidate_id"), dtype=np.uint64)
    hashes: UInt64s = np.asarray(rows.column("response_hash"), dtype=np.uint64)
    # a score holds for one text; candidate ids are hashes, so mixing the two needs no more than this
    return candidates * np.uint64(0x9E3779B97F4A7C15) ^ hashes


def _one_chunk(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
