"""Random numbers are uniform, depend on seed and counter alone, and the draw follows the model's distribution."""

from __future__ import annotations

import numpy as np
import torch

from curation.sampling.engines.draw import draw
from curation.sampling.randomness import request_seed, scramble, uniforms


def test_uniforms_depend_on_seed_and_step_alone() -> None:
    seeds = np.arange(50, dtype=np.uint64)
    whole = uniforms(seeds, np.tile(np.arange(40, dtype=np.uint64), (50, 1)))
    part = uniforms(seeds[7:8], np.arange(11, 15, dtype=np.uint64)[None])
    assert (whole[7, 11:15] == part).all()
    assert ((whole >= 0) & (whole < 1)).all()


def test_uniforms_are_uniform_along_both_axes() -> None:
    values = uniforms(np.arange(1000, dtype=np.uint64), np.tile(np.arange(1000, dtype=np.uint64), (1000, 1)))
    for axis in (0, 1):
        assert abs(values.mean(axis=axis) - 0.5).max() < 6 * np.sqrt(1 / 12 / 1000)
    counts = np.histogram(values, bins=64, range=(0, 1))[0]
    assert abs(counts - 1e6 / 64).max() < 6 * np.sqrt(1e6 / 64)
    assert abs(np.corrcoef(values[:, 0], values[:, 1])[0, 1]) < 0.2


def test_request_seeds_are_distinct_and_fit_a_column() -> None:
    seeds = {request_seed(s, p, k) for s in range(5) for p in (0, 1, 2**64 - 1) for k in range(100)}
    assert len(seeds) == 1500
    assert min(seeds) >= 0 and max(seeds) < 2**63


def test_a_shuffle_keeps_its_order_when_ids_are_added() -> None:
    ids = np.arange(1000, dtype=np.uint64)
    order = ids[np.argsort(scramble(ids, 3))]
    fewer = ids[::2]
    assert (fewer[np.argsort(scramble(fewer, 3))] == order[order % 2 == 0]).all()
    assert (order != ids[np.argsort(scramble(ids, 4))]).any()


def shares(temperature: float, top_p: float) -> np.ndarray:
    logits = torch.log(torch.tensor([0.5, 0.0, 0.3, 0.15, 0.05])).repeat(20_000, 1)
    chance = (torch.arange(20_000) + 0.5) / 20_000
    return np.bincount(draw(logits, chance, temperature, top_p).numpy(), minlength=5) / 20_000


def test_draw_follows_the_distribution() -> None:
    assert np.allclose(shares(1.0, 1.0), [0.5, 0, 0.3, 0.15, 0.05], atol=1e-3)
    assert np.allclose(shares(1.0, 0.8), [0.625, 0, 0.375, 0, 0], atol=1e-3)
    assert np.allclose(shares(1.0, 0.81), [0.5 / 0.95, 0, 0.3 / 0.95, 0.15 / 0.95, 0], atol=1e-3)
    sharp = np.array([0.5, 0, 0.3, 0.15, 0.05]) ** 2
    assert np.allclose(shares(0.5, 1.0), sharp / sharp.sum(), atol=1e-3)
    assert (shares(0.0, 1.0) == [1, 0, 0, 0, 0]).all()


def test_a_number_just_below_one_never_draws_an_impossible_token() -> None:
    logits = torch.log(torch.tensor([[0.5, 0.5, 0.0]])).repeat(3, 1)
    chance = torch.tensor([0.0, 1 - 2**-24, 1.0])
    assert draw(logits, chance, 1.0, 1.0).max() < 2
    assert draw(logits, chance, 1.0, 0.9).max() < 2
