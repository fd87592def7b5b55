"""Random numbers that depend on nothing but a seed and a counter, so that a sample never depends on its neighbours."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

UInt64s = npt.NDArray[np.uint64]

_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_SEED_MASK: Final = 2**63 - 1  # a seed is stored as a signed 64-bit integer


def request_seed(seed: int, prompt_id: int, sample: int) -> int:
    """The seed of one sample of a job; non-negative, below 2**63."""
    mixed = _mix_int(_mix_int(_mix_int(seed & 0xFFFFFFFFFFFFFFFF) ^ prompt_id) ^ sample)
    return mixed & _SEED_MASK


def uniforms(seeds: UInt64s, steps: UInt64s) -> npt.NDArray[np.float32]:
    """Uniform numbers in [0, 1): seeds (n,), first steps (n, k) → (n, k); SplitMix64 read at an arbitrary counter."""
    state = _mix(seeds)[:, None] + (steps + np.uint64(1)) * _GOLDEN
    return ((_mix(state) >> np.uint64(40)).astype(np.float32) * np.float32(2.0**-24)).astype(np.float32)


def scramble(ids: UInt64s, seed: int) -> UInt64s:
    """(n,) ids → (n,) numbers to order them by: a shuffle in which an id's place depends on no other id."""
    return _mix(ids ^ np.uint64(_mix_int(seed & 0xFFFFFFFFFFFFFFFF)))


def _mix(value: UInt64s) -> UInt64s:
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: UInt64s = value ^ (value >> np.uint64(31))
    return mixed


def _mix_int(value: int) -> int:
    value = (value + 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
    return value ^ (value >> 31)
