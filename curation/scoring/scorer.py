"""Candidates in, scores out: batches of Arrow rows, with what is known of their prompts looked up by id."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curation.errors import InputError
from curation.measures import MEASURES_VERSION, measure
from curation.prompts import read_prompts
from curation.records import SCORE_SCHEMA, TEXT_MEASURES, format_id
from curation.responses import find_layout
from curation.verification import RULE_VERSION, RuleVerdict, RuleVerifier
from curation.workspace import Workspace

CANDIDATE_COLUMNS: Final = ("candidate_id", "prompt_id", "response_hash", "text")
"""What scoring reads of a candidate."""

_MOST_THREADS: Final = 4
"""What holds the GIL takes about a quarter of the time, so more would wait for each other."""

UInt64s = npt.NDArray[np.uint64]


class Scorer:
    """Scores candidates of the prompts `prompt_ids` (n,), or of all in the workspace; a context manager.

    Rules run in the thread that asks, `workers` processes at most run Math-Verify, and measures run in `threads`
    threads (by default one for each processor, four at most). Not for use by several threads.
    """

    def __init__(
        self, workspace: Workspace, prompt_ids: UInt64s | None = None, workers: int = 1, threads: int | None = None
    ) -> None:
        columns = ["prompt_id", "verifier", "reference", "target_language"]
        prompts = read_prompts(workspace, None if prompt_ids is None else np.unique(prompt_ids), columns)
        prompts = prompts.combine_chunks().sort_by("prompt_id")
        self._ids: UInt64s = prompts["prompt_id"].to_numpy()
        self._prompts = prompts.select(columns[1:])
        self._verifier = RuleVerifier(workers=workers)
        self._threads = threads or min(_processors(), _MOST_THREADS)
        self._pool = ThreadPoolExecutor(self._threads, "measures")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the threads and the worker processes."""
        self._pool.shutdown(cancel_futures=True)
        self._verifier.close()

    def score(self, candidates: pa.RecordBatch | pa.Table) -> pa.RecordBatch:
        """Rows with CANDIDATE_COLUMNS → as many rows of SCORE_SCHEMA, in the same order.

        Raises InputError for a candidate whose prompt is not in the workspace.
        """
        return self._begin(candidates).rows()

    def score_all(self, batches: Iterable[pa.RecordBatch | pa.Table]) -> Iterator[pa.RecordBatch]:
        """`score` of batch after batch, in the same order, with as many of them at work as there are threads."""
        waiting: deque[_Scoring] = deque()
        for batch in batches:
            waiting.append(self._begin(batch))
            if len(waiting) > self._threads:
                yield waiting.popleft().rows()
        while waiting:
            yield waiting.popleft().rows()

    def _begin(self, candidates: pa.RecordBatch | pa.Table) -> _Scoring:
        prompts = self._prompts.take(self._places(candidates.column("prompt_id")))
        texts = candidates.column("text").to_pylist()
        layouts = [find_layout(text) for text in texts]
        measured = self._pool.submit(measure, texts, prompts["target_language"].to_pylist(), layouts)
        answers = [text[layout.answer_start :] for text, layout in zip(texts, layouts, strict=True)]
        verdicts = self._verifier.check(prompts["verifier"].to_pylist(), prompts["reference"].to_pylist(), answers)
        return _Scoring(candidates, verdicts, measured)

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


@dataclass(frozen=True, slots=True)
class _Scoring:
    """A batch whose rules are done and whose measures may still be running."""

    candidates: pa.RecordBatch | pa.Table
    verdicts: list[RuleVerdict]
    measured: Future[dict[str, npt.NDArray[Any]]]

    def rows(self) -> pa.RecordBatch:
        """The scores, once the measures are there."""
        verdicts, details, predictions = zip(*self.verdicts, strict=True) if self.verdicts else ((), (), ())
        count = len(verdicts)
        measured = self.measured.result()
        columns = [
            *(_one_chunk(self.candidates.column(name)) for name in ("candidate_id", "prompt_id", "response_hash")),
            pa.array(verdicts, pa.string()),
            pa.array(details, pa.string()),
            pa.array(predictions, pa.string()),
            pa.array(np.full(count, RULE_VERSION, dtype=np.int32)),
            pa.array(np.full(count, MEASURES_VERSION, dtype=np.int32)),
            *(pa.array(measured[field.name], field.type) for field in TEXT_MEASURES),
        ]
        return pa.RecordBatch.from_arrays(columns, schema=SCORE_SCHEMA)


def score_candidates(
    workspace: Workspace, candidates: Iterable[pa.RecordBatch | pa.Table], workers: int = 1
) -> Iterator[pa.RecordBatch]:
    """Score batch after batch; rows need CANDIDATE_COLUMNS, others are passed over."""
    with Scorer(workspace, workers=workers) as scorer:
        yield from scorer.score_all(candidates)


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


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):  # Linux: those that a container or taskset leaves to this process
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _one_chunk(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
