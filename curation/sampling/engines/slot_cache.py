"""Key-value caches for continuous batching: one row a slot, written in place, each slot at its own length."""

from __future__ import annotations

from typing import Any

import torch
from transformers.cache_utils import Cache

GROWTH = 1.5
"""When a sequence outgrows the cache, the cache grows by this factor, so that copying stays rare."""


class PrefixCache(Cache):  # type: ignore[misc]
    """Keys and values of some prompts, computed together: each layer (prompts, heads, tokens, size)."""

    def __init__(self) -> None:
        super().__init__(layers=[])
        self.keys: list[torch.Tensor] = []
        self.values: list[torch.Tensor] = []

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, layer_idx: int, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Keep what a layer computed."""
        if layer_idx != len(self.keys):
            raise RuntimeError(f"layer {layer_idx} came where layer {len(self.keys)} was expected")
        self.keys.append(key_states)
        self.values.append(value_states)
        return key_states, value_states

    def get_seq_length(self, layer_idx: int = 0) -> int:
        """Nothing came before."""
        return 0


class SlotCache(Cache):  # type: ignore[misc]
    """Keys and values of the sequences in flight: each layer (slots, heads, capacity, size).

    A decoding step writes one token a slot at that slot's own position, and attends over views as wide as the longest
    sequence in flight: nothing is concatenated or repeated.
    """

    def __init__(self, slots: int) -> None:
        super().__init__(layers=[])
        self.slots = slots
        self.capacity = 0
        self.keys: list[torch.Tensor] = []
        self.values: list[torch.Tensor] = []
        self._rows = 0
        self._width = 0
        self._positions = torch.empty(0)
        self._targets: dict[int, torch.Tensor] = {}

    def admit(self, prefix: PrefixCache, prompts: list[int], slots: list[int], width: int) -> None:
        """Copy the first `width` tokens of some prompts into slots."""
        if not self.keys:
            for keys, values in zip(prefix.keys, prefix.values, strict=True):
                self.keys.append(keys.new_zeros(self.slots, keys.shape[1], self.capacity, keys.shape[3]))
                self.values.append(values.new_zeros(self.slots, values.shape[1], self.capacity, values.shape[3]))
        device = self.keys[0].device
        source = torch.tensor(prompts, device=device)
        target = torch.tensor(slots, device=device)
        for stored, fresh in zip((*self.keys, *self.values), (*prefix.keys, *prefix.values), strict=True):
            stored[:, :, :width].index_copy_(0, target, fresh[:, :, :width].index_select(0, source))

    def move(self, sources: list[int], targets: list[int], width: int) -> None:
        """Move slots, so that those in flight come first."""
        device = self.keys[0].device
        source, target = torch.tensor(sources, device=device), torch.tensor(targets, device=device)
        for stored in (*self.keys, *self.values):
            stored[:, :, :width].index_copy_(0, target, stored[:, :, :width].index_select(0, source))

    def reserve(self, width: int) -> None:
        """Make room for sequences of `width` tokens."""
        if width <= self.capacity:
            return
        capacity = max(width, int(self.capacity * GROWTH), 64)
        for tensors in (self.keys, self.values):
            for layer, old in enumerate(tensors):
                grown = old.new_zeros(self.slots, old.shape[1], capacity, old.shape[3])
                grown[:, :, : self.capacity] = old
                tensors[layer] = grown
        self.capacity = capacity

    def begin_step(self, positions: torch.Tensor, width: int) -> None:
        """The next forward pass writes token (i) of the first rows at `positions` (rows,) and sees `width` tokens."""
        self._rows = len(positions)
        self._width = width
        self._positions = positions
        self._targets.clear()

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, layer_idx: int, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write one token a row, in place; return views of what the rows hold."""
        results = []
        for stored, fresh in ((self.keys[layer_idx], key_states), (self.values[layer_idx], value_states)):
            heads, size = fresh.shape[1], fresh.shape[3]
            stored.view(-1, size).index_copy_(0, self._target(heads), fresh.reshape(-1, size))
            results.append(stored[: self._rows, :, : self._width])
        return results[0], results[1]

    def get_seq_length(self, layer_idx: int = 0) -> int:
        """Tokens of the longest sequence before this step."""
        return self._width - 1

    def _target(self, heads: int) -> torch.Tensor:
        """Where the new tokens go, in a cache seen as (slots × heads × capacity, size)."""
        if heads not in self._targets:
            device = self._positions.device
            lines = torch.arange(self._rows * heads, device=device).view(self._rows, heads) * self.capacity
            self._targets[heads] = (lines + self._positions[:, None]).view(-1)
        return self._targets[heads]
