"""Numbers, durations and times as a curator reads them; charts use the short forms."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st
from babel.dates import format_skeleton

from components.text import N_, _, language

_BABEL_LOCALES: Final = {"en": "en_GB", "zh_CN": "zh_CN"}
_RATED: Final = (N_("samples"), N_("tokens"), N_("rows"), N_("candidates"), N_("steps"))
"""What jobs report rates of, for the catalogue."""

MINUTE_S = 60
HOUR_S = 3600
DAY_S = 86400


def number(value: float) -> str:
    """Whole numbers with thousands separators: 41233 → "41,233"."""
    return f"{value:,.0f}"


def short_number(value: float) -> str:
    """At most three significant digits and a unit: 612345 → "612k", 1234 → "1.23k", 804745000 → "805M"."""
    size = abs(value)
    for bound, unit in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        # 999,950 is "1M", not "1000k"
        if size >= bound * 0.9995:
            return f"{_three_digits(value / bound)}{unit}"
    return f"{value:,.0f}" if value == int(value) else f"{value:.3g}"


def share(part: float, whole: float) -> str:
    """A part of a whole in per cent: (1, 3) → "33 %", and never a "0 %" that hides a few or a "100 %" that hides a gap.

    An empty whole gives "–".
    """
    if whole <= 0:
        return "–"
    return percent(part / whole)


def percent(ratio: float, digits: int = 0) -> str:
    """A share in [0, 1] in per cent: 0.4567 → "46 %"."""
    value = 100 * ratio
    smallest = 10.0**-digits
    if 0 < value < smallest / 2:
        return f"<{smallest:.{digits}f} %"
    if 100 - smallest / 2 <= value < 100:
        return f">{100 - smallest:.{digits}f} %"
    return f"{value:.{digits}f} %"


def duration(seconds: float) -> str:
    """Two units at most: 0.4 → "<1 s", 75 → "1 min 15 s", 7300 → "2 h 2 min", 90000 → "1 d 1 h"."""
    if seconds < 1:
        return "<1 s"
    whole = round(seconds)
    if whole < MINUTE_S:
        return f"{whole} s"
    if whole < HOUR_S:
        return _two_units(whole, MINUTE_S, "min", 1, "s")
    if whole < DAY_S:
        return _two_units(whole, HOUR_S, "h", MINUTE_S, "min")
    return _two_units(whole, DAY_S, "d", HOUR_S, "h")


def clock(moment: datetime, zone: tzinfo, now: datetime | None = None) -> str:
    """A time in the reader's time zone: "14:03" today, "yesterday 14:03", "12 Mar 14:03", "12 Mar 2024"."""
    local = moment.astimezone(zone)
    today = (now or datetime.now(UTC)).astimezone(zone)
    if local.date() == today.date():
        return f"{local:%H:%M}"
    if local.date() == today.date() - timedelta(days=1):
        return _("yesterday {time}").format(time=f"{local:%H:%M}")
    locale = _BABEL_LOCALES[language()]
    if local.year == today.year:
        return f"{format_skeleton('MMMd', local, locale=locale)} {local:%H:%M}"
    return format_skeleton("yMMMd", local, locale=locale)


def size(count: float) -> str:
    """Bytes: 8402344 → "8.4 MB", 512 → "512 B"."""
    short = short_number(count)
    if short[-1].isdigit():
        return f"{short} B"
    return f"{short[:-1]} {'G' if short[-1] == 'B' else short[-1]}B"  # a billion bytes


def rate(name: str, value: float) -> str:
    """A rate per second by its name: ("samples_per_s", 263.4) → "263 samples/s"."""
    return f"{short_number(_rounded(value))} {_(name.removesuffix('_per_s').replace('_', ' '))}/s"


def reader_zone() -> tzinfo:
    """The time zone of the reader's browser; UTC while it is unknown."""
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def _rounded(value: float) -> float:
    return round(value) if abs(value) >= 10 else value


def _two_units(whole: int, large: int, large_name: str, small: int, small_name: str) -> str:
    first, rest = divmod(whole, large)
    second = rest // small
    return f"{first} {large_name} {second} {small_name}" if second else f"{first} {large_name}"


def _three_digits(value: float) -> str:
    text = f"{value:.3g}" if abs(value) < 999.5 else f"{value:,.0f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
