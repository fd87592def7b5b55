"""Promise: measures have the values that their definitions say, in several languages, and never break on odd text."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from curation.errors import InputError
from curation.measures import MEASURES, find_spans, kernels, measure
from curation.measures.languages import CharacterClass
from curation.records import TEXT_MEASURES


def of(reasoning: str, language: str = "en") -> dict[str, float]:
    """The measures of one reasoning, as plain numbers."""
    measured = measure([f"<think>{reasoning}</think>done"], [language])
    return {name: column[0].item() for name, column in measured.items()}


@pytest.mark.parametrize(
    ("reasoning", "language", "in_target", "foreign"),
    [
        # whole sentences in their own language
        ("We add the two numbers.", "en", 5, 0),
        ("Then 我们 add 3.", "en", 2, 2),
        ("设 x 为 sin A 的值", "zh", 4, 0),
        ("所以 the answer 是 5", "zh", 3, 2),
        ("答えは三つです。コーヒー", "ja", 12, 0),
        ("答えは three です", "ja", 5, 1),
        ("답은 세 개입니다", "ko", 7, 0),
        ("답은 three 입니다", "ko", 5, 1),
        ("Пусть число равно пяти", "ru", 4, 0),
        ("Пусть number равно 五", "ru", 2, 2),
        ("el número es mayor", "es", 4, 0),
        ("ผลลัพธ์คือห้า", "th", 1, 0),
        ("यह उत्तर है", "hi", 3, 0),
        ("الجواب هو خمسة", "ar", 3, 0),
        ("התשובה היא חמש", "he", 3, 0),
        ("η απάντηση είναι", "el", 2, 0),  # a single letter is neutral
        # several scripts of one language
        ("漢字 と かな と カナ", "ja", 8, 0),
        ("漢字와 한글", "ko", 5, 0),
        # neutral: code, math, numbers, single letters
        ("so `return value` is 设", "en", 2, 1),
        ("so ``a ` b`` is", "en", 2, 0),
        ("得 $\\text{total} = x$ 元", "zh", 2, 0),
        ("得 \\(total value\\) 元", "zh", 2, 0),
        ("得\n\\[ total \\\\ value \\]\n元", "zh", 2, 0),
        ("得\n$$ total value $$\n元", "zh", 2, 0),
        ("得 \\begin{align} total &= value \\end{align} 元", "zh", 2, 0),
        ("得 \\frac{a}{b} 元", "zh", 2, 0),
        ("得 3.14 和 1,000 元", "zh", 3, 0),
        ("点 A 与 b", "zh", 2, 0),
        # neutral: units, function names, identifiers, addresses
        ("长 5 km 重 3kg 时 7 min", "zh", 3, 0),
        ("求 gcd 与 log 和 arctan", "zh", 3, 0),
        ("令 x1 与 total_sum 与 camelCase 与 np.array 与 solve(x)", "zh", 5, 0),
        ("三角形 ABC 与 rh", "zh", 4, 0),
        ("见 https://example.com/some/path?q=word 和 me@example.com", "zh", 2, 0),
        ("第3章", "zh", 2, 0),
        # not neutral
        ("don't stop", "en", 2, 0),
        ("don’t stop", "zh", 0, 2),
        ("_really_ **good**", "en", 2, 0),
        ("end.Then go on", "en", 4, 0),
        ("\\boxed{apple}", "zh", 0, 1),
        ("d'Alembert said", "en", 2, 0),
        # dollars that are money
        ("It costs $5 and $6 for tea", "en", 5, 0),
        ("A dollar sign $ stands alone, cake costs $5\n\nand more words", "en", 10, 0),
        ("Give $5 for the tea and 10$ for the cake", "en", 8, 0),
        ("price $x$ and $y$ here", "en", 3, 0),
        # nothing to count
        ("", "en", 0, 0),
        ("1 + 1 = 2 🎉👩‍👩‍👧", "zh", 0, 0),
        # full width, combining marks, surrogates
        ("ｆｕｌｌ　ｗｉｄｔｈ １２３", "en", 2, 0),
        ("cafe\u0301 nai\u0308ve", "en", 2, 0),
        ("broken \ud83d half", "en", 2, 0),
    ],
)
def test_language(reasoning: str, language: str, in_target: int, foreign: int) -> None:
    measured = of(reasoning, language)
    assert measured["foreign_words"] == foreign
    total = in_target + foreign
    assert measured["target_word_ratio"] == pytest.approx(in_target / total if total else 1.0)


@pytest.mark.parametrize(
    ("reasoning", "characters"),
    [
        ("", 0),
        ("one line", 8),
        ("  one line  \n", 8),
        ("two\nlines", 9),
        ("short\n\nlonger one\n \t\nmid", 10),
        ("a\n\n\n\nbb", 2),
        ("ab\n```\nlong code in here\n```\ncd", 2),
        ("ab\n$$ x + y $$\ncd", 6),  # both newlines count, the formula does not
        ("ab\n\\[\nx\n\n+ y\n\\]\ncd", 6),
        ("$$x$$", 0),
        ("``inline`` counts", 17),
        ("价格是五元\n\n好", 5),
        ("a\r\n\r\nbcd", 3),
    ],
)
def test_longest_paragraph(reasoning: str, characters: int) -> None:
    assert of(reasoning)["longest_paragraph"] == characters


@pytest.mark.parametrize(
    ("reasoning", "n_blocks", "ratio"),
    [
        ("no code", 0, 0.0),
        ("```\nx\n```", 1, 1.0),
        ("ab\n```py\nx\n```\ncd", 1, 11 / 17),
        ("  ~~~\nx\n  ~~~", 1, 1.0),
        ("```\nx", 1, 1.0),
        ("````\n```\n````", 1, 1.0),
        ("```\n~~~\n```", 1, 1.0),
        ("```x``` is inline", 0, 0.0),
        ("a ``` in a line", 0, 0.0),
        ("```\na\n```\n```\nb\n```", 2, 18 / 19),
        ("```\na\n``` not closing\n```", 1, 1.0),
    ],
)
def test_fenced_code(reasoning: str, n_blocks: int, ratio: float) -> None:
    measured = of(reasoning)
    assert measured["code_blocks"] == n_blocks
    assert measured["code_ratio"] == pytest.approx(ratio)


@pytest.mark.parametrize(
    ("reasoning", "share"),
    [
        ("", 0.0),
        ("one two three", 0.0),
        ("one two three four", 0.0),
        ("a b c d a b c d", 1 / 5),
        ("A b, C d. a B c D", 1 / 5),
        ("go go go go go", 1 / 2),
        ("今天天气今天天气", 1 / 5),
        ("$x + 1$ $x + 1$ $x + 1$", 2 / 3 * 0 + 1 / 3),
    ],
)
def test_repetition(reasoning: str, share: float) -> None:
    assert of(reasoning)["repetition"] == pytest.approx(share)


def test_columns_are_those_of_the_schema() -> None:
    measured = measure(["<think>a</think>b", "b"], ["en", "zh-CN"])
    assert list(measured) == [field.name for field in TEXT_MEASURES]
    for field in TEXT_MEASURES:
        assert pa.array(measured[field.name]).type == field.type
    assert all(len(column) == 0 for column in measure([], []).values())
    assert set(measured) <= set(MEASURES)


def test_only_the_reasoning_is_measured() -> None:
    measured = measure(["<think>fine</think>五 ```\nx\n```", "五六"], ["en", "en"])
    assert measured["foreign_words"].tolist() == [0, 0]
    assert measured["code_blocks"].tolist() == [0, 0]
    assert measured["well_formed"].tolist() == [True, False]


def test_unknown_language_and_measure_are_named() -> None:
    with pytest.raises(InputError, match="'klingon'"):
        measure(["a"], ["klingon"])
    with pytest.raises(InputError, match="'klingon'"):
        find_spans("foreign_words", "a", "klingon")
    with pytest.raises(InputError, match="'fluency'"):
        find_spans("fluency", "a", "en")
    with pytest.raises(InputError):
        measure(["a", "b"], ["en"])


def test_kernels_number_the_classes_as_the_table_does() -> None:
    for name in CharacterClass.__members__:
        assert getattr(kernels, name, CharacterClass[name]) == CharacterClass[name]


def test_time_is_linear_in_what_a_broken_model_repeats() -> None:
    # each of these made a search start anew at every mark; 2 million characters would then take hours
    for mark in (
        "$",
        "\\(",
        "\\[",
        "$$ ",
        "`",
        "`` ",
        "\\begin{a}",
        "```\n",
        "$1 word word ",
        "\\",
        "{",
        "@",
        "a." * 3,
    ):
        text = "<think>" + mark * (400_000 // len(mark)) + "</think>x"
        measured = measure([text], ["en"])
        assert np.isfinite(measured["target_word_ratio"]).all()
