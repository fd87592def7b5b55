"""Completions become rows of candidate shards, many at a time."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import xxhash

from curation.jobs import ShardWriter
from curation.records import CANDIDATE_SCHEMA, candidate_id
from curation.sampling.engines import Completion

CHUNK: Final = 256
"""Completions that become rows together; fewer when they come slowly."""


class CandidateRows:
    """Takes completions from one thread; another may write what has come so far."""

    def __init__(self, writer: ShardWriter, job_id: str, engine: str, model: str) -> None:
        self._writer, self._job_id, self._engine, self._model = writer, job_id, engine, model
        self._waiting: list[Completion] = []
        self._lock = threading.Lock()
        self.samples = 0
        self.tokens = 0
        self.stopped = 0
        """Samples that ended by themselves, not at the limit."""

    def add(self, completion: Completion) -> None:
        """Take one; it is on the disk once a shard is cut."""
        self._waiting.append(completion)
        if len(self._waiting) >= CHUNK:
            self.write()

    def write(self) -> None:
        """Hand what waits to the shard writer, which cuts a shard if one is due."""
        with self._lock:
            taken, self._waiting = self._waiting, []
            if taken:
                self._writer.write(self._rows(taken))
            else:
                self._writer.flush_if_due()

    def close(self) -> None:
        """Write everything."""
        self.write()
        with self._lock:
            self._writer.close()

    def _rows(self, completions: list[Completion]) -> pa.RecordBatch:
        keys, texts, reasons, prompt_tokens, reasoning_tokens, answer_tokens, seeds = zip(*completions, strict=True)
        prompts, samples = zip(*keys, strict=True)
        count = len(completions)
        job = self._job_id
        text = _arrow_text(texts)
        reasoning = np.asarray(reasoning_tokens, dtype=np.int32)
        answer = np.asarray(answer_tokens, dtype=np.int32)
        self.samples += count
        self.tokens += int(reasoning.sum()) + int(answer.sum())
        self.stopped += reasons.count("stop")
        columns = {
            "candidate_id": pa.array(
                np.asarray([candidate_id(job, prompt, sample) for prompt, sample in keys], dtype=np.uint64)
            ),
            "prompt_id": pa.array(np.asarray(prompts, dtype=np.uint64)),
            "sample": pa.array(np.asarray(samples, dtype=np.int32)),
            "text": text,
            "response_hash": pa.array(_hashes(text)),
            "finish_reason": pa.array(reasons, pa.string()),
            "prompt_tokens": pa.array(np.asarray(prompt_tokens, dtype=np.int32)),
            "reasoning_tokens": pa.array(reasoning),
            "answer_tokens": pa.array(answer),
            "seed": pa.array(seeds, pa.int64()),
            "engine": pa.repeat(self._engine, count),
            "model": pa.repeat(self._model, count),
        }
        return pa.RecordBatch.from_arrays(list(columns.values()), schema=CANDIDATE_SCHEMA)


def _arrow_text(texts: Sequence[str]) -> pa.StringArray:
    try:
        return pa.array(texts, pa.string())
    except UnicodeEncodeError:  # half of a surrogate pair, which no file format holds
        return pa.array([text.encode("utf-8", "replace").decode() for text in texts], pa.string())


def _hashes(texts: pa.StringArray) -> npt.NDArray[np.uint64]:
    """`records.response_hash` of each text, read where Arrow has it, so that nothing is encoded twice."""
    _, offsets, content = texts.buffers()
    ends = np.frombuffer(offsets, dtype=np.int32, count=len(texts) + 1).tolist()
    view = memoryview(content) if content is not None else memoryview(b"")
    return np.asarray(
        [xxhash.xxh3_64_intdigest(view[start:end]) for start, end in pairwise(ends)],
        dtype=np.uint64,
    )
