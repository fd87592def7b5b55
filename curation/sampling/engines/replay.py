"""Responses that were sampled elsewhere, read from a Parquet or JSON Lines file, as if a model gave them now."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from itertools import cycle
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.json as pa_json
import pyarrow.parquet as pq
import xxhash

from curation.errors import ModelError
from curation.records import parse_id
from curation.sampling.engines.base import STOP, Completion, SamplingRequest

_LENGTHS: Final = ("prompt_tokens", "reasoning_tokens", "answer_tokens")


class ReplayEngine:
    """`replay`: the rows of a file.

    Columns: `text`, and optionally `prompt_id` (a number, or 16 hexadecimal digits) with `sample`, `finish_reason`,
    `prompt_tokens`, `reasoning_tokens`, `answer_tokens`. With `prompt_id`, a request gets the row that has its key, and
    no completion where the file has none; without, the rows are served in turn, again and again.
    """

    name = "replay"

    def __init__(self, file: Path) -> None:
        table = _read(file)
        self.model_revision = f"{file.name}@{_file_hash(file)}"
        self._cancelled = threading.Event()
        names = set(table.column_names)
        if "text" not in names:
            raise ModelError(f'{file}: there is no column "text"; each row must carry a response.')
        texts = table["text"].to_pylist()
        reasons = table["finish_reason"].to_pylist() if "finish_reason" in names else [STOP] * len(texts)
        lengths = [table[n].to_pylist() if n in names else [0] * len(texts) for n in _LENGTHS]
        self._rows = list(zip(texts, reasons, *lengths, strict=True))
        if not self._rows or None in texts:
            raise ModelError(f'{file}: every row needs a "text", and there must be at least one row.')
        self._by_key: dict[tuple[int, int], int] | None = None
        if "prompt_id" in names:
            prompts = [parse_id(p) if isinstance(p, str) else int(p) for p in table["prompt_id"].to_pylist()]
            samples = table["sample"].to_pylist() if "sample" in names else _count_up(prompts)
            self._by_key = {}
            for row, key in enumerate(zip(prompts, samples, strict=True)):
                self._by_key.setdefault(key, row)

    def generate(self, requests: Iterable[SamplingRequest]) -> Iterator[Completion]:
        """See `Engine.generate`; here they finish in the order in which they were asked."""
        self._cancelled.clear()
        turn = cycle(self._rows)
        for request in requests:
            if self._cancelled.is_set():
                return
            if self._by_key is None:
                row = next(turn)
            else:
                index = self._by_key.get(request.key)
                if index is None:
                    continue
                row = self._rows[index]
            text, reason, prompt_tokens, reasoning_tokens, answer_tokens = row
            yield Completion(request.key, text, reason, prompt_tokens, reasoning_tokens, answer_tokens, request.seed)

    def cancel(self) -> None:
        """See `Engine.cancel`."""
        self._cancelled.set()

    def close(self) -> None:
        """Forget the rows."""
        self._rows.clear()


def _read(file: Path) -> pa.Table:
    if not file.is_file():
        raise ModelError(f"{file} is not a file; the replay engine reads a Parquet or JSON Lines file of responses.")
    try:
        if file.suffix == ".parquet":
            return pq.read_table(file)
        return pa_json.read_json(
            file,
            read_options=pa_json.ReadOptions(block_size=16 << 20),
            # Named, or a text that looks like a date would become one.
            parse_options=pa_json.ParseOptions(explicit_schema=pa.schema([pa.field("text", pa.string())])),
        )
    except (pa.ArrowInvalid, OSError) as error:
        raise ModelError(f"{file} cannot be read as {file.suffix or 'JSON Lines'}: {error}") from error


def _file_hash(file: Path) -> str:
    digest = xxhash.xxh3_64()
    with file.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()[:12]


def _count_up(prompts: list[int]) -> list[int]:
    seen: dict[int, int] = {}
    counted = []
    for prompt in prompts:
        counted.append(seen.get(prompt, 0))
        seen[prompt] = counted[-1] + 1
    return counted
