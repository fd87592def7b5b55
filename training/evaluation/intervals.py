"""How sure a measured rate is: intervals over prompts, and paired differences between models.

Samples of one prompt resemble each other, so the prompt is the unit: an interval comes from the spread of the prompts'
means, as in Miller, "Adding Error Bars to Evals" (arXiv 2411.00640), sections 2.2 (clustered) and 4.2 (paired).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np
import numpy.typing as npt

CONFIDENCE: Final = 0.95
_SMALL_T: Final = (math.inf, 12.7062, 4.3027, 3.1824, 2.7764)  # Student's t at 0.975 for 0 to 4 degrees of freedom

Values = npt.NDArray[np.float64]
Keys = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its 95 % interval over `prompts` prompts and `samples` samples; NaN without samples."""

    value: float
    low: float
    high: float
    prompts: int
    samples: int


EMPTY: Final = Interval(math.nan, math.nan, math.nan, 0, 0)


def rate_interval(values: Values, prompts: Keys) -> Interval:
    """The rate of something that each sample has or has not; bounds stay in [0, 1] and never collapse to a point.

    values: (n,) of 0 or 1; prompts: (n,) the prompt of each. The rate is the mean of the prompts' means. Its interval
    is Wilson's, with the sample size that would have the clustered standard error (the effective sample size), so that
    it agrees with the clustered interval in the middle and stays honest near 0 and 1, where that one has no width.
    """
    means, samples = _means(values, prompts)
    count = len(means)
    if not count:
        return EMPTY
    rate = float(means.mean())
    spread = rate * (1 - rate)
    variance = float(means.var(ddof=1)) / count if count > 1 else 0.0
    # Without any spread between prompts nothing says that siblings are independent: count prompts only.
    effective = min(spread / variance, samples) if variance > 0 and spread > 0 else count
    low, high = _wilson(rate, effective, student_t(count - 1))
    return Interval(rate, low, high, count, samples)


def mean_interval(values: Values, prompts: Keys) -> Interval:
    """The mean of a quantity (tokens, say), with Student's interval over the prompts' means."""
    means, samples = _means(values, prompts)
    if not len(means):
        return EMPTY
    mean = float(means.mean())
    half = _half_width(means)
    return Interval(mean, mean - half, mean + half, len(means), samples)


def paired_difference(left: Values, left_prompts: Keys, right: Values, right_prompts: Keys) -> Interval:
    """Mean of left minus right over the prompts that both have. Pairing takes out how hard each prompt is.

    Where every prompt differs by the same amount, the interval still has the width that so few prompts leave open
    (Wilson's bound for nothing seen among them).
    """
    ours, theirs = _by_prompt(left, left_prompts), _by_prompt(right, right_prompts)
    both = sorted(ours.keys() & theirs.keys())
    if not both:
        return EMPTY
    differences = np.array([ours[prompt] - theirs[prompt] for prompt in both])
    value, half = float(differences.mean()), _half_width(differences)
    if half == 0 or len(both) == 1:
        half = _wilson(0.0, len(both), student_t(len(both) - 1))[1]
    samples = int(np.isin(left_prompts, both).sum() + np.isin(right_prompts, both).sum())
    return Interval(value, max(-1.0, value - half), min(1.0, value + half), len(both), samples)


def student_t(freedom: int) -> float:
    """Student's t at 97.5 %: 12.7 for one degree of freedom, towards 1.96 (Cornish-Fisher expansion from 5 on)."""
    if freedom < len(_SMALL_T):
        return _SMALL_T[max(freedom, 0)]
    z = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    fourth = (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92_160
    return z + first / freedom + second / freedom**2 + third / freedom**3 + fourth / freedom**4


def _means(values: Values, prompts: Keys) -> tuple[Values, int]:
    _, group = np.unique(prompts, return_inverse=True)
    counts = np.bincount(group)
    return np.bincount(group, weights=values) / np.maximum(counts, 1), len(values)


def _by_prompt(values: Values, prompts: Keys) -> dict[int, float]:
    means, _ = _means(values, prompts)
    return dict(zip(np.unique(prompts).tolist(), means.tolist(), strict=True))


def _half_width(means: Values) -> float:
    if len(means) < 2:
        return math.inf
    return student_t(len(means) - 1) * math.sqrt(float(means.var(ddof=1)) / len(means))


def _wilson(rate: float, size: float, t: float) -> tuple[float, float]:
    if math.isinf(t):  # one prompt says nothing of the others
        return 0.0, 1.0
    square = t * t / size
    centre = (rate + square / 2) / (1 + square)
    half = math.sqrt(square * (rate * (1 - rate) + square / 4)) / (1 + square)
    return max(0.0, centre - half), min(1.0, centre + half)
