r"""Reads plain numbers exactly: "1,000", "\frac{1}{2}", "50%", "$18 per day" and their like become fractions."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

MAX_DIGITS: Final = 400
"""Longer numerals are not read as numbers: comparing them exactly could take all day."""

_SYMBOLS: Final = str.maketrans(
    {
        "−": "-", "–": "-", "—": "-", "﹣": "-", "×": r"\times ", "·": r"\cdot ", "⋅": r"\cdot ", "÷": "/", "⁄": "/",
        "π": r"\pi ", "∞": r"\infty ", "≤": r"\le ", "≥": r"\ge ", "≠": r"\ne ", "≈": r"\approx ", "∪": r"\cup ",
        "∩": r"\cap ", "∈": r"\in ", "√": r"\sqrt ", "²": "^2", "³": "^3", "°": r"^\circ ", "½": r"\frac{1}{2}",
        "¼": r"\frac{1}{4}", "¾": r"\frac{3}{4}", "⅓": r"\frac{1}{3}", "⅔": r"\frac{2}{3}", "\u00a0": " ",
        "\u2009": " ", "\u202f": " ", "，": ",", "。": ".", "、": ",",
        **{chr(point): unicodedata.normalize("NFKC", chr(point)) for point in range(0xFF01, 0xFF5F) if point != 0xFF0C},
    }
)  # fmt: skip
_WRAPPED: Final = re.compile(r"\A\s*(?:\$\$(.*)\$\$|\$([^$]*)\$|\\\((.*)\\\)|\\\[(.*)\\\])\s*\Z", re.DOTALL)
_TEXT_COMMAND: Final = re.compile(r"\\(?:text|mathrm|textbf|mathbf|textit|mbox|operatorname)\s*\{([^{}]*)\}")
_SPACING: Final = re.compile(r"\\(?:[,;:! ]|q?quad\b)|~")
_SIZING: Final = re.compile(r"\\(?:left|right|big|Big|displaystyle)(?![A-Za-z])")
_DEGREES: Final = re.compile(r"\^\s*(?:\\circ|\{\s*\\circ\s*\})")
_SPACES: Final = re.compile(r"\s+")
_LOOSE_SPACE: Final = re.compile(r"(?<!\d) | (?!\d)")

_INTEGER = r"(?:\d{1,3}(?:,\d{3})+|\d{1,3}(?: \d{3})+(?![\d/])|\d+)"
_NUMBER: Final = re.compile(
    rf"""
    (?:(?P<name>[A-Za-z](?:_\{{?\w+\}}?)?)\s*=\s*)?
    (?:\\approx\s*|about\s+|approximately\s+|约)?
    (?P<sign>[-+]?)\s*
    (?P<currency>\\?\$|US\$|€|£|¥|₹|RMB)?\s*
    (?P<sign2>[-+]?)\s*
    (?:
        (?:(?P<whole>\d+)\s*)?\\frac\s*(?:\{{\s*(?P<n1>-?\d+)\s*\}}\s*\{{\s*(?P<d1>\d+)\s*\}}|(?P<n2>\d)\s*(?P<d2>\d))
      | (?P<whole2>\d+)[ ]+(?P<n3>\d+)\s*/\s*(?P<d3>\d+)
      | (?P<n4>{_INTEGER})\s*/\s*(?P<d4>\d+)
      | (?P<integer>{_INTEGER})?(?P<fraction>\.\d+)?(?P<dot>\.(?!\d))?
        (?:[eE](?P<exponent>[-+]?\d{{1,3}})|\s*(?:\\times|\\cdot|\*|x)\s*10\s*\^\s*\{{?\s*(?P<power>[-+]?\d{{1,3}})\s*\}}?)?
    )
    (?:\s*(?P<scale>hundred|thousand|million|billion|trillion|万|亿)\b)?
    (?:\s*(?P<percent>\\?%|percent\b|per\ cent\b))?
    (?P<unit>.*)
    """,
    re.VERBOSE | re.DOTALL,
)
_SCALES: Final = {
    "hundred": 10**2, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12, "万": 10**4,
    "亿": 10**8,
}  # fmt: skip
_UNIT: Final = re.compile(
    r"(?P<space>\s*)(?P<words>[A-Za-zµμ\u3400-\u9fff][A-Za-zµμ\u3400-\u9fff'’ ./^23-]{0,40}?)[\s.,]*\Z"
)
_OPERATORS: Final = """
    sqrt pi mod log ln lg sin cos tan exp or and to over plus minus times choose frac if when for not but 或 和 到
"""
_SHORT_UNITS: Final = """
    km m cm mm nm kg g mg t s ms min h hr hrs kmh kph mph l ml in ft yd mi lb lbs oz kb mb gb hz khz mhz ghz w kw kwh v
    kv j kj pa kpa n mol rad deg am pm degrees
"""
_CONVERTIBLE_UNITS: Final = """
    km kilometer kilometers kilometre kilometres m meter meters metre metres cm centimeter centimeters mm millimeter
    millimeters kg kilogram kilograms g gram grams mg s sec second seconds min minute minutes h hr hrs hour hours day
    days week weeks month months year years l liter liters litre litres ml milliliter milliliters inch inches ft foot
    feet yard yards mile miles lb lbs pound pounds oz ounce ounces cent cents penny pennies dozen dozens ton tons
    千米 公里 米 厘米 毫米 千克 公斤 克 吨 斤 秒 分 分钟 小时 天 周 月 年 升 毫升 元 角 degrees
"""
_NO_UNIT: Final = frozenset(_OPERATORS.split())
_GLUED: Final = frozenset(_SHORT_UNITS.split())
_CONVERTIBLE: Final = frozenset(_CONVERTIBLE_UNITS.split())


@dataclass(frozen=True, slots=True)
class PlainNumber:
    """A number as written."""

    value: Fraction
    percent: bool
    unit: str
    """What follows it, lower case: "dollars", "cm"; "" without."""
    decimals: int | None
    """Digits after the point; None where it is written as a fraction."""
    name: str
    """The variable it is given for, as in "x = 5"; "" without."""

    @property
    def convertible(self) -> bool:
        """Whether its unit can be expressed in another, so that an unlike number may be the same quantity."""
        return any(word in _CONVERTIBLE for word in self.unit.split()[:1])


def plain_math(text: str) -> str:
    """One spelling of a mathematical text: no delimiters, spacing commands or text commands, ASCII signs."""
    text = text.translate(_SYMBOLS).replace("**", "").strip()
    wrapped = _WRAPPED.match(text)
    if wrapped:
        text = next(part for part in wrapped.groups() if part is not None)
    if "\\" in text:
        text = text.replace("{,}", ",").replace(r"\dfrac", r"\frac").replace(r"\tfrac", r"\frac")
        text = _SIZING.sub("", _SPACING.sub(" ", text))
        text = _TEXT_COMMAND.sub(r" \1 ", _DEGREES.sub(" degrees", text)).replace(r"\%", "%")
    return _SPACES.sub(" ", text).strip().removesuffix(".").rstrip()


def comparable_math(text: str) -> str:
    """`plain_math` without the spaces that mean nothing; "1 1/2" and "11/2" stay apart."""
    return _LOOSE_SPACE.sub("", plain_math(text))


def parse_number(text: str) -> PlainNumber | None:
    """The exact number that `text` is, with sign, currency, percent sign and unit; None where it is anything else."""
    if len(text) > MAX_DIGITS:
        return None
    match = _NUMBER.fullmatch(plain_math(text))
    if match is None:
        return None
    part = match.groupdict()
    value, decimals = _magnitude(part)
    if value is None or (part["sign"] and part["sign2"]):
        return None
    if part["scale"]:
        value *= _SCALES[part["scale"]]
    unit = _unit(part["unit"])
    if unit is None:
        return None
    if "-" in (part["sign"], part["sign2"]):
        value = -value
    percent = bool(part["percent"])
    return PlainNumber(value / 100 if percent else value, percent, unit, decimals, part["name"] or "")


def _magnitude(part: dict[str, str | None]) -> tuple[Fraction | None, int | None]:
    for numerator, denominator, whole in (
        ("n1", "d1", "whole"),
        ("n2", "d2", "whole"),
        ("n3", "d3", "whole2"),
        ("n4", "d4", None),
    ):
        top, bottom = part[numerator], part[denominator]
        if top is not None and bottom is not None:
            if int(bottom) == 0:
                return None, None
            value = Fraction(int(top.replace(",", "").replace(" ", "")), int(bottom))
            ones = part[whole] if whole else None
            return value + int(ones) if ones else value, None
    integer = (part["integer"] or "").replace(",", "").replace(" ", "")
    fraction = part["fraction"] or ""
    if not integer and not fraction:
        return None, None
    value = Fraction(f"{integer or '0'}{fraction}")
    power = part["exponent"] or part["power"]
    if power:
        value *= Fraction(10) ** int(power)
    return value, max(len(fraction) - 1, 0)


def _unit(text: str) -> str | None:
    """The unit in what follows a number; None where that is no unit, so the whole is no plain number."""
    if not text.strip(" .,"):
        return ""
    match = _UNIT.fullmatch(text)
    if match is None:
        return None
    unit = match["words"].strip().lower()
    words = re.split(r"[ /]+", unit)
    if any(word in _NO_UNIT for word in words) or len(words) > 5:
        return None
    first = re.sub(r"\^?[23]\Z", "", words[0])
    if first in _GLUED or "\u3400" <= first[:1] <= "\u9fff":
        return unit
    if not match["space"] or len(first) < 3:
        return None  # "5x" and "5 xy" are products
    return unit


def same_number(reference: PlainNumber, prediction: PlainNumber) -> bool | None:
    r"""Whether two numbers are the same; None where that cannot be told from them alone.

    Exact, but for three conventions. Where one of them has a percent sign, the other may be the share or the number of
    per cent (50% is 0.5 and 50). A decimal of six or more places that rounds a fraction without an exact decimal is
    that fraction; a shorter one (0.33 for 1/3) is None. A unit on one side only is taken as understood; where it could
    be converted (2 hours, 120), unlike numbers are None, and so are equal numbers of different units.
    """
    if reference.name and prediction.name and reference.name != prediction.name:
        return None
    apart = bool(reference.unit and prediction.unit and reference.unit != prediction.unit)
    if _equal(reference, prediction):
        return None if apart else True
    if apart or reference.convertible or prediction.convertible:
        return None
    return _rounded(reference, prediction)


def _equal(reference: PlainNumber, prediction: PlainNumber) -> bool:
    if reference.value == prediction.value:
        return True
    if reference.percent != prediction.percent:
        return reference.value * (100 if reference.percent else 1) == prediction.value * (
            100 if prediction.percent else 1
        )
    return False


def _rounded(reference: PlainNumber, prediction: PlainNumber) -> bool | None:
    for exact, decimal in ((reference, prediction), (prediction, reference)):
        places = decimal.decimals or 0
        if exact.decimals is not None or places < 2 or _has_decimal(exact.value):
            continue
        if abs(exact.value - decimal.value) * 2 * 10**places <= 1:
            return True if places >= 6 else None
    return False


def _has_decimal(value: Fraction) -> bool:
    denominator = value.denominator
    for prime in (2, 5):
        while denominator % prime == 0:
            denominator //= prime
    return denominator == 1
