"""Promise: an interval holds the truth about as often as it says, also for few prompts and rates near 0 and 1."""

from __future__ import annotations

import math

import numpy as np
import pytest

from training.evaluation.intervals import mean_interval, paired_difference, rate_interval, student_t


def keys(prompts: int, samples: int) -> np.ndarray:  # type: ignore[type-arg]
    return np.repeat(np.arange(prompts, dtype=np.uint64), samples)


@pytest.mark.parametrize(
    ("freedom", "known"), [(1, 12.706), (4, 2.776), (5, 2.571), (9, 2.262), (29, 2.045), (399, 1.966)]
)
def test_students_t_agrees_with_the_tables(freedom: int, known: float) -> None:
    assert student_t(freedom) == pytest.approx(known, abs=3e-3)


@pytest.mark.parametrize("rate", [0.02, 0.3, 0.6, 0.95])
@pytest.mark.parametrize(("prompts", "samples"), [(30, 4), (400, 2)])
def test_the_interval_covers_the_truth_when_siblings_resemble_each_other(
    rate: float, prompts: int, samples: int
) -> None:
    random = np.random.default_rng(7)
    covered = 0
    for _ in range(600):
        ability = random.beta(rate * 2, (1 - rate) * 2, size=prompts)  # a prompt is easy or hard for all its samples
        values = (random.random((prompts, samples)) < ability[:, None]).astype(float).ravel()
        interval = rate_interval(values, keys(prompts, samples))
        assert 0 <= interval.low <= interval.value <= interval.high <= 1
        assert interval.low < interval.high
        covered += interval.low <= rate <= interval.high
    assert 0.92 <= covered / 600 <= 0.99


def test_many_prompts_give_the_plain_clustered_interval() -> None:
    random = np.random.default_rng(1)
    values = (random.random((4000, 3)) < random.random((4000, 1))).astype(float)
    interval = rate_interval(values.ravel(), keys(4000, 3))
    half = 1.96 * values.mean(axis=1).std(ddof=1) / math.sqrt(4000)
    assert interval.value == pytest.approx(values.mean())
    assert interval.high - interval.low == pytest.approx(2 * half, rel=0.01)


def test_copies_of_a_sample_add_no_certainty() -> None:
    once = (np.arange(50) % 3 == 0).astype(float)
    single = rate_interval(once, keys(50, 1))
    copied = rate_interval(np.repeat(once, 8), keys(50, 8))
    assert (copied.low, copied.high) == pytest.approx((single.low, single.high), abs=1e-3)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_all_alike_is_no_certainty_either(value: float) -> None:
    interval = rate_interval(np.full(80, value), keys(20, 4))
    assert interval.value == value
    assert 0.1 < interval.high - interval.low < 0.3  # about the rule of three: 3 / 20
    one = rate_interval(np.full(4, value), keys(1, 4))
    assert (one.low, one.high) == (0, 1)


def test_a_pair_takes_out_how_hard_prompts_are() -> None:
    random = np.random.default_rng(3)
    ability = random.random(200) * 0.8
    left = (random.random((200, 4)) < ability[:, None] + 0.2).astype(float).ravel()
    right = (random.random((200, 4)) < ability[:, None]).astype(float).ravel()
    prompts = keys(200, 4)
    difference = paired_difference(left, prompts, right, prompts)
    assert difference.low <= 0.2 <= difference.high
    apart = rate_interval(left, prompts), rate_interval(right, prompts)
    assert difference.high - difference.low < sum(each.high - each.low for each in apart)
    reverse = paired_difference(right, prompts, left, prompts)
    assert (reverse.value, reverse.low, reverse.high) == pytest.approx(
        (-difference.value, -difference.high, -difference.low)
    )


def test_only_shared_prompts_are_compared() -> None:
    left, right = np.array([1.0, 1.0, 0.0]), np.array([0.0, 1.0])
    difference = paired_difference(left, np.array([1, 2, 3], np.uint64), right, np.array([1, 9], np.uint64))
    assert (difference.value, difference.prompts, difference.samples) == (1.0, 1, 2)
    assert (difference.low, difference.high) == (0.0, 1.0)


def test_equal_models_still_leave_room_for_a_difference() -> None:
    values, prompts = np.tile([1.0, 0.0], 50), keys(50, 2)
    same = paired_difference(values, prompts, values, prompts)
    assert same.value == 0
    assert -0.1 < same.low < 0 < same.high < 0.1


def test_nothing_measured_is_not_zero() -> None:
    none = np.array([]), np.array([], np.uint64)
    assert math.isnan(rate_interval(*none).value)
    assert math.isnan(mean_interval(*none).value)
    assert math.isnan(paired_difference(*none, *none).value)


def test_mean_lengths_have_students_interval() -> None:
    interval = mean_interval(np.array([10.0, 20, 30, 40]), np.array([1, 1, 2, 2], np.uint64))
    assert interval.value == 25
    assert interval.high - 25 == pytest.approx(12.7062 * math.sqrt(200 / 2))
