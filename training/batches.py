"""Batches of samples of like length, in an order that only seed and epoch decide, so that a resume repeats it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

_POOL = 50  # batches that are sorted together: enough to pad little, few enough to mix well


class LengthBucketSampler:
    """Indices of samples such that `batch_size` neighbours have like lengths, while the batches come in random order.

    The order depends on (seed, epoch) only: skipping the first k batches of an epoch gives what an uninterrupted run
    would have seen. The very first batch holds the longest samples, so that memory that is too small shows at once.
    """

    def __init__(self, lengths: npt.NDArray[np.int64], batch_size: int, seed: int) -> None:
        self.lengths, self.batch_size, self.seed = lengths, batch_size, seed
        self.epoch = 0

    def __len__(self) -> int:
        return len(self.lengths)

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose order the next iteration has; the trainer calls it."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        random = np.random.default_rng([self.seed, self.epoch])
        order = random.permutation(len(self.lengths))
        pool = self.batch_size * _POOL
        for first in range(0, len(order), pool):
            part = order[first : first + pool]
            order[first : first + pool] = part[np.argsort(self.lengths[part], kind="stable")]
        whole = len(order) // self.batch_size * self.batch_size
        batches, rest = order[:whole].reshape(-1, self.batch_size), order[whole:]
        batches = batches[random.permutation(len(batches))]
        if self.epoch == 0 and len(batches):
            longest = int(self.lengths[batches].max(axis=1).argmax())
            batches[[0, longest]] = batches[[longest, 0]]
        yield from batches.ravel().tolist()
        yield from rest.tolist()  # an incomplete batch can only be the last


@dataclass(frozen=True, slots=True)
class CompletionCollator:
    """Rows of input_ids and start → padded tensors; labels are -100 before `start` and on padding."""

    pad_id: int

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, torch.Tensor]:
        """Rows → input_ids, attention_mask and labels, each (rows, longest) int64."""
        longest = max(len(row["input_ids"]) for row in rows)
        ids = np.full((len(rows), longest), self.pad_id, dtype=np.int64)
        mask = np.zeros_like(ids)
        labels = np.full_like(ids, -100)
        for i, row in enumerate(rows):
            tokens, start = row["input_ids"], int(row["start"])
            ids[i, : len(tokens)] = tokens
            mask[i, : len(tokens)] = 1
            labels[i, start : len(tokens)] = tokens[start:]
        return {
            "input_ids": torch.from_numpy(ids),
            "attention_mask": torch.from_numpy(mask),
            "labels": torch.from_numpy(labels),
        }
