"""Numbers, durations and times read as the same words everywhere, and a rounded share never hides what there is."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from components.format import clock, duration, number, percent, rate, share, short_number, size


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (7, "7"),
        (0.4213, "0.421"),
        (999, "999"),
        (1000, "1k"),
        (1234, "1.23k"),
        (12_340, "12.3k"),
        (612_345, "612k"),
        (999_400, "999k"),
        (999_950, "1M"),
        (804_745_000, "805M"),
        (2.5e12, "2.5T"),
    ],
)
def test_short_numbers_keep_three_digits(value: float, shown: str) -> None:
    assert short_number(value) == shown


def test_numbers_have_thousands_separators() -> None:
    assert number(41233) == "41,233"


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [
        (0, 0, "–"),
        (0, 10, "0 %"),
        (1, 3, "33 %"),
        (1, 1000, "<1 %"),
        (999, 1000, ">99 %"),
        (10, 10, "100 %"),
    ],
)
def test_a_share_is_0_or_100_only_when_it_is(part: int, whole: int, shown: str) -> None:
    assert share(part, whole) == shown


def test_a_share_with_a_digit_does_not_hide_a_few_either() -> None:
    assert percent(0.0004, 1) == "<0.1 %"
    assert percent(0.1349, 1) == "13.5 %"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.4, "<1 s"),
        (59.4, "59 s"),
        (59.7, "1 min"),
        (75, "1 min 15 s"),
        (3600, "1 h"),
        (7300, "2 h 1 min"),
        (90_000, "1 d 1 h"),
    ],
)
def test_a_duration_has_two_units_at_most(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


def test_a_time_is_told_in_the_readers_zone() -> None:
    zone, now = ZoneInfo("Asia/Shanghai"), datetime(2026, 3, 12, 20, 0, tzinfo=UTC)  # 04:00 on the 13th there
    assert clock(datetime(2026, 3, 12, 17, 5, tzinfo=UTC), zone, now) == "01:05"
    assert clock(datetime(2026, 3, 12, 6, 3, tzinfo=UTC), zone, now) == "yesterday 14:03"
    assert clock(datetime(2026, 3, 2, 6, 3, tzinfo=UTC), zone, now) == "2 Mar 14:03"
    assert clock(datetime(2024, 3, 2, 6, 3, tzinfo=UTC), zone, now) == "2 Mar 2024"


def test_a_rate_names_what_it_counts() -> None:
    assert rate("samples_per_s", 263.4) == "263 samples/s"
    assert rate("tokens_per_s", 15_432.0) == "15.4k tokens/s"
    assert rate("steps", 0.52) == "0.52 steps/s"


def test_sizes_have_units() -> None:
    assert [size(count) for count in (0, 512, 8_172_240, 1_300_000_000)] == ["0 B", "512 B", "8.17 MB", "1.3 GB"]
