"""Text in two languages and the problem type that every problem family of the demo returns."""

import random
from dataclasses import dataclass
from typing import Literal

Language = Literal["en", "zh"]
Key = tuple[str | int, ...]


@dataclass(frozen=True)
class Bilingual:
    """The same text in English and in Chinese."""

    en: str
    zh: str

    def say(self, language: Language) -> str:
        """Return the text in one language."""
        return self.en if language == "en" else self.zh


@dataclass(frozen=True)
class Problem:
    """One problem in both languages.

    `slots` are the numbers or words that make it this problem and no other of its task; wording, option order and
    language are no part of them, so a translation or a rewording of a held-out problem has the held-out key.
    """

    domain: str
    task: str
    verifier: str
    slots: Key
    question: Bilingual
    steps: tuple[Bilingual, ...]
    answer: Bilingual
    wrong: tuple[Bilingual, ...]
    snippet: Bilingual
    reference: Bilingual | None = None

    @property
    def key(self) -> Key:
        """Task and slots: the identity under which a problem is held out."""
        return (self.task, *self.slots)


NAMES = tuple(
    Bilingual(en, zh)
    for en, zh in (
        ("Tom", "小明"),
        ("Ann", "小红"),
        ("Bob", "小刚"),
        ("Lily", "小丽"),
        ("Jack", "小华"),
        ("Mary", "小芳"),
        ("Sam", "小军"),
        ("Kate", "小美"),
        ("Ben", "小强"),
        ("Lucy", "小兰"),
        ("Max", "小东"),
        ("Eve", "小雪"),
    )
)


def both(text: str | int) -> Bilingual:
    """The same text in either language: numbers, letters, code."""
    return Bilingual(str(text), str(text))


def either(rng: random.Random, *wordings: tuple[str, str]) -> Bilingual:
    """One of several wordings, each given as (English, Chinese)."""
    return Bilingual(*rng.choice(wordings))


def near_misses(rng: random.Random, value: int, count: int = 3) -> list[int]:
    """`count` distinct positive numbers, close to `value` and different from it: what a slip would give."""
    slips = [value + d for d in (-20, -11, -10, -9, -4, -3, -2, -1, 1, 2, 3, 4, 9, 10, 11, 20)]
    return rng.sample([slip for slip in slips if slip > 0], count)


def product(a: int, b: int) -> str:
    """`a * b` worked out as one writes it down: tens and ones apart where `a` has two digits and is above 12."""
    if a <= 12 or a % 10 == 0:
        return f"{a}*{b}={a * b}"
    tens, ones = a - a % 10, a % 10
    return f"{tens}*{b}={tens * b}, {ones}*{b}={ones * b}, {tens * b}+{ones * b}={a * b}"
