"""The embedded engine: continuous batching over slots with any causal model of transformers, on a CPU or a GPU.

A finished sequence leaves its slot and the next request takes it, without a barrier. The samples of one prompt share
its prefill; each sequence has its own position in a cache that is written in place.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import torch

from curation.errors import ModelError
from curation.sampling.chat import ChatFormat
from curation.sampling.engines.base import LENGTH, STOP, Completion, SamplingParameters, SamplingRequest
from curation.sampling.engines.draw import draw
from curation.sampling.engines.loaded_model import LoadedModel
from curation.sampling.engines.prompt_queue import PromptQueue, Waiting
from curation.sampling.engines.slot_cache import SlotCache
from curation.sampling.model_folder import check_model, model_revision, tokenizer_folder
from curation.sampling.randomness import uniforms


class SlotEngine:
    """`transformers`: continuous batching over a fixed number of slots."""

    name = "transformers"

    def __init__(self, model: LoadedModel, chat: ChatFormat, revision: str, parameters: SamplingParameters) -> None:
        self.model_revision = revision
        self._model = model
        self._chat = chat
        self._parameters = parameters
        self._ends = np.asarray(model.end_tokens(chat.tokenizer), dtype=np.int64)
        self._cancelled = threading.Event()

    @classmethod
    def open(cls, folder: Path, adapter: Path | None, parameters: SamplingParameters) -> SlotEngine:
        """Load a model; raises ModelError."""
        check_model(folder, adapter)
        chat = ChatFormat.load(tokenizer_folder(folder, adapter))
        model = LoadedModel.open(folder, adapter, parameters.device, len(chat.tokenizer))
        return cls(model, chat, model_revision(folder, adapter), parameters)

    def generate(self, requests: Iterable[SamplingRequest]) -> Iterator[Completion]:
        """See `Engine.generate`."""
        self._cancelled.clear()
        loop = DecodeLoop(self._model, self._chat, self._ends, self._parameters, iter(requests))
        while not self._cancelled.is_set():
            try:
                with torch.inference_mode():
                    completions = loop.advance()
            except torch.OutOfMemoryError as error:
                raise ModelError(
                    f"the device ran out of memory with {self._parameters.batch_size} sequences in flight; lower "
                    "batch_size (or max_new_tokens) in a new job."
                ) from error
            if completions is None:
                return
            yield from completions

    def cancel(self) -> None:
        """See `Engine.cancel`; takes effect within a few tokens."""
        self._cancelled.set()

    def close(self) -> None:
        """Release the model's memory."""
        del self._model
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


class DecodeLoop:
    """The state of one `generate`. Slots 0 … active−1 are in flight; all per-slot arrays are (slots,)."""

    def __init__(
        self,
        model: LoadedModel,
        chat: ChatFormat,
        ends: np.ndarray,
        parameters: SamplingParameters,
        source: Iterator[SamplingRequest],
    ) -> None:
        self._model, self._chat, self._ends, self._parameters = model, chat, ends, parameters
        self._queue = PromptQueue(model, chat, parameters.max_new_tokens, source)
        slots = max(1, parameters.batch_size)
        # Looking at the tokens costs a wait for the device, and a finished sequence runs on until the next look.
        self._look_every = 4 if model.device.type == "cpu" else 8
        self._cache = SlotCache(slots)
        self._active = 0
        self._gaps: list[int] = []  # slots below `active` whose sequence finished
        self._requests: list[Waiting | None] = [None] * slots
        self._lengths = np.zeros(slots, dtype=np.int64)  # tokens in the cache
        self._produced = np.zeros(slots, dtype=np.int64)
        self._limits = np.zeros(slots, dtype=np.int64)
        self._seeds = np.zeros(slots, dtype=np.uint64)
        self._next = np.zeros(slots, dtype=np.int64)  # the token that the next step reads
        self._tokens = np.zeros((slots, parameters.max_new_tokens + self._look_every), dtype=np.int32)

    def advance(self) -> list[Completion] | None:
        """Fill free slots and decode a few tokens; None when all is done."""
        self._admit()
        if self._gaps:
            self._close_gaps()
        done = self._queue.take_overlong()
        if not self._active:
            return done or None
        done.extend(self._decode())
        return done

    def _admit(self) -> None:
        """Give free slots to the requests that wait; gaps first."""
        while free := self._gaps + list(range(self._active, len(self._requests))):
            group = self._queue.ready_group()
            if group is None:
                return
            taken = group.take(len(free))
            targets = free[: len(taken)]
            lengths = [len(waiting.prompt.tokens) - 1 for _, waiting in taken]
            width = max(lengths)
            self._cache.reserve(width + 1)
            self._cache.admit(group.cache, [row for row, _ in taken], targets, width)
            for slot, length, (_, waiting) in zip(targets, lengths, taken, strict=True):
                self._requests[slot] = waiting
                self._lengths[slot] = length
                self._limits[slot] = waiting.limit
                self._seeds[slot] = waiting.request.seed
                self._next[slot] = waiting.prompt.tokens[-1]  # the first step computes it, and so the first logits
            self._produced[targets] = 0
            self._gaps = self._gaps[len(taken) :]
            self._active = max(self._active, targets[-1] + 1)

    def _decode(self) -> list[Completion]:
        active = self._active
        lengths, produced = self._lengths[:active], self._produced[:active]
        left = self._limits[:active] - produced
        steps = int(min(self._look_every, left.max()))
        width = int(lengths.max())
        self._cache.reserve(width + steps)
        device = self._model.device
        counters = (produced[:, None] + np.arange(steps)).astype(np.uint64)
        chance = torch.from_numpy(uniforms(self._seeds[:active], counters)).to(device)
        tokens = torch.from_numpy(self._next[:active]).to(device)
        positions = torch.from_numpy(lengths.copy()).to(device)
        drawn = []
        for step in range(steps):
            logits = self._model.step(tokens, positions, self._cache, width + step + 1)
            tokens = draw(logits, chance[:, step], self._parameters.temperature, self._parameters.top_p)
            drawn.append(tokens)
            positions = positions + 1
        return self._record(torch.stack(drawn, dim=1).cpu().numpy(), left)

    def _record(self, drawn: np.ndarray, left: np.ndarray) -> list[Completion]:
        """Take in the tokens that were drawn, (active, steps); give back what finished and free its slots."""
        active, steps = drawn.shape
        columns = self._produced[:active, None] + np.arange(steps)
        self._tokens[np.arange(active)[:, None], columns] = drawn
        ended = np.isin(drawn, self._ends)
        first = np.where(ended.any(axis=1), ended.argmax(axis=1), steps)
        stopped = (first < steps) & (first < left)
        finished = stopped | (left <= steps)
        totals = self._produced[:active] + np.where(stopped, first, np.minimum(left, steps))
        self._produced[:active] += steps
        self._lengths[:active] += steps
        self._next[:active] = drawn[:, -1]
        rows = np.flatnonzero(finished)
        if not len(rows):
            return []
        self._gaps = rows.tolist()
        return self._completions(rows, totals, stopped)

    def _completions(self, rows: np.ndarray, totals: np.ndarray, stopped: np.ndarray) -> list[Completion]:
        waiting = [w for row in rows if (w := self._requests[row]) is not None]
        tokens = [self._tokens[row, : totals[row]].astype(np.int64) for row in rows]
        decoded = self._chat.decode(tokens, [w.prompt.opened for w in waiting])
        return [
            Completion(
                w.request.key,
                d.text,
                STOP if stopped[row] else LENGTH,
                len(w.prompt.tokens),
                d.reasoning_tokens,
                d.answer_tokens,
                w.request.seed,
            )
            for row, w, d in zip(rows, waiting, decoded, strict=True)
        ]

    def _close_gaps(self) -> None:
        """Move sequences from the end into the gaps, so that no free slot is computed."""
        kept = self._active - len(self._gaps)
        gone = set(self._gaps)
        gaps = [slot for slot in self._gaps if slot < kept]
        movers = [slot for slot in range(kept, self._active) if slot not in gone]
        if gaps:
            self._cache.move(movers, gaps, int(self._lengths[movers].max()))
            for state in (self._lengths, self._produced, self._limits, self._seeds, self._next, self._tokens):
                state[gaps] = state[movers]
            for gap, mover in zip(gaps, movers, strict=True):
                self._requests[gap] = self._requests[mover]
        self._requests[kept : self._active] = [None] * (self._active - kept)
        self._gaps = []
        self._active = kept
