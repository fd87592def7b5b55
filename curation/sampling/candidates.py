"""Completions become rows of candidate shards, many at a time."""

from __future__ import annotations

import threading

import numpy as np
import pyarrow as pa
import xxhash

from curation.jobs import ShardWriter
from curation.records import CANDIDATE_SCHEMA, candidate_id
from curation.sampling.engines import Completion

CHUNK: int = 256
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
        encoded = [_utf8(text) for text in texts]
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
            "text": pa.array(encoded, pa.binary()).cast(pa.string()),
            "response_hash": pa.array(np.asarray([xxhash.xxh3_64_intdigest(t) for t in encoded], dtype=np.uint64)),
            "finish_reason": pa.array(reasons, pa.string()),
            "prompt_tokens": pa.array(np.asarray(prompt_tokens, dtype=np.int32)),
            "reasoning_tokens": pa.array(reasoning),
            "answer_tokens": pa.array(answer),
            "seed": pa.array(seeds, pa.int64()),
            "engine": pa.repeat(self._engine, count),
            "model": pa.repeat(self._model, count),
        }
        return pa.RecordBatch.from_arrays(list(columns.values()), schema=CANDIDATE_SCHEMA)


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which no file format holds
        return text.encode("utf-8", "replace")
