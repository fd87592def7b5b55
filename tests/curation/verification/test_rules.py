"""Promise: a rule says correct only of equal answers, incorrect only of answers shown to differ, and undecided else."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.errors import InputError
from curation.verification import RuleVerdict, RuleVerifier, find_prediction
from curation.verification.exact import comparable_text
from curation.verification.numbers import comparable_math, parse_number, same_number


@pytest.fixture(scope="module")
def verifier() -> Iterator[RuleVerifier]:
    with RuleVerifier(timeout_s=30.0) as rules:
        yield rules


def check(verifier: RuleVerifier, rule: str, reference: str | None, answer: str) -> RuleVerdict:
    return verifier.check([rule], [reference], [answer])[0]


@pytest.mark.parametrize(
    ("reference", "answer", "verdict"),
    [
        # the same number, however it is written
        ("1000", r"\boxed{1,000}", "correct"),
        ("1/2", r"\boxed{0.5}", "correct"),
        (r"\frac{1}{2}", r"so $\boxed{\frac12}$", "correct"),
        ("0.5", "The answer is 50%.", "correct"),
        ("50%", r"\boxed{50}", "correct"),
        ("1 1/2", r"\boxed{3/2}", "correct"),
        ("1.5", r"\boxed{1\frac{1}{2}}", "correct"),
        ("90", r"\boxed{90^\circ}", "correct"),
        ("5", "The answer is $x = 5$.", "correct"),
        ("18", "#### 18", "correct"),
        ("18", "She makes $18 a day.\nA: 18", "correct"),
        ("12", "so it is 24 / 2 = 12 apples.", "correct"),
        ("5", "The final answer is:\n$$5$$", "correct"),
        ("7", "答案是7。", "correct"),
        ("70000", "答案：7万", "correct"),
        ("-1800000000", "A: -1.8 billion", "correct"),
        ("200000", r"\boxed{2 \times 10^5}", "correct"),
        ("7", r"\boxed{7 \text{ apples}}", "correct"),
        ("18", "The answer is $18 per day.", "correct"),
        ("12", "**Answer:** **12**", "correct"),
        ("0.333333", r"\boxed{\frac{1}{3}}", "correct"),
        # numbers that differ
        ("18", "The answer is 20.", "incorrect"),
        ("11/2", r"\boxed{1 1/2}", "incorrect"),
        (r"2\times10^{-8}", r"\boxed{3\times10^{-8}}", "incorrect"),
        ("0.3", r"\boxed{1/3}", "incorrect"),
        ("5", "first 5, then 6", "incorrect"),
        ("18", "", "incorrect"),
        ("18", " \n", "incorrect"),
        # cannot tell
        ("0.33", r"\boxed{1/3}", "undecided"),
        ("2 hours", "120 minutes", "undecided"),
        ("5 cm", r"\boxed{5\text{ m}}", "undecided"),
        ("12", "It is twelve.", "undecided"),
        (None, "5", "undecided"),
        # the exact steps cannot tell, Math-Verify can
        (r"\frac{\sqrt{2}}{2}", r"\boxed{\frac{1}{\sqrt{2}}}", "correct"),
        ("sqrt(2)/2", r"\boxed{\frac{1}{\sqrt{2}}}", "correct"),
        ("x^2+1", "$1+x^2$", "correct"),
        (r"\{1,2\}", r"\boxed{\{2,1\}}", "correct"),
        (r"[1,\infty)", r"\boxed{x \ge 1}", "correct"),
        ("6", r"\boxed{3!}", "correct"),
        (r"\sqrt{2}", r"\boxed{\sqrt{3}}", "incorrect"),
        (r"2\pi", r"\boxed{3\pi}", "incorrect"),
        (r"1.5\pi \times 10^{-8}", r"\boxed{1.6\pi \times 10^{-8}}", "incorrect"),
        (r"2\pi", r"\boxed{6.28}", "undecided"),
        ("x^2+1", "$x^2-1$", "undecided"),
        ("5", r"\boxed{5x}", "undecided"),
        ("3", r"\boxed{\text{three}}", "undecided"),
        ("5", r"\boxed{\frac{1}{}", "undecided"),
    ],
)
def test_math(verifier: RuleVerifier, reference: str | None, answer: str, verdict: str) -> None:
    found = check(verifier, "math", reference, answer)
    assert found.verdict == verdict, found


@pytest.mark.parametrize(
    ("reference", "answer", "verdict"),
    [
        ("B", "The answer is (B).", "correct"),
        ("B", "答案是 B。", "correct"),
        ("C", "综上，选C", "correct"),
        ("(b)", r"\boxed{\text{B}}", "correct"),
        ("B", "**B. 42**", "correct"),
        ("B", "B", "correct"),
        ("B", "Ｂ", "correct"),
        ("AC", r"\boxed{C, A}", "correct"),
        ("C", "(A) and (B) fail, so it must be (C)", "correct"),
        ("C", "The answer is (C), not (A).", "correct"),
        ("B", "The answer is A.", "incorrect"),
        ("B", "", "incorrect"),
        ("A", "A number of things. So be it.", "undecided"),
        ("B", "The answer is 42.", "undecided"),
        ("42", "B", "undecided"),
    ],
)
def test_choice(verifier: RuleVerifier, reference: str, answer: str, verdict: str) -> None:
    found = check(verifier, "choice", reference, answer)
    assert found.verdict == verdict, found


@pytest.mark.parametrize(
    ("reference", "answer", "verdict"),
    [
        ("Tom", "The answer is Tom.", "correct"),
        ("Tom", r"So \boxed{\text{tom}}", "correct"),
        ("小明", "答案是小明。", "correct"),
        ("星期一", "**星期一**", "correct"),
        ("red, blue", "Red,blue", "correct"),
        ("甲、乙", "甲,乙", "correct"),
        ("yes | true", r"\boxed{True}", "correct"),
        ("25", "25.0", "correct"),
        ("full width", "ｆｕｌｌ　ｗｉｄｔｈ", "correct"),
        ("Tom", "Ann", "incorrect"),
        ("Tom", "The answer is Tommy.", "incorrect"),
        ("25", "251", "incorrect"),
        ("Tom", "Tom is the tallest.", "undecided"),
        ("Tom", "not Tom but Ann", "undecided"),
    ],
)
def test_exact(verifier: RuleVerifier, reference: str, answer: str, verdict: str) -> None:
    found = check(verifier, "exact", reference, answer)
    assert found.verdict == verdict, found


def test_what_no_rule_decides(verifier: RuleVerifier) -> None:
    assert check(verifier, "none", None, "anything").verdict == "undecided"
    code = check(verifier, "code", "assert f(1) == 2", "```python\nraise SystemExit\n```")
    assert (code.verdict, code.detail) == ("undecided", "code is not run without a sandbox")
    with pytest.raises(InputError, match="'oracle'"):
        check(verifier, "oracle", "1", "1")
    with pytest.raises(InputError):
        verifier.check(["math"], [], ["1"])
    assert verifier.check([], [], []) == []


def test_the_prediction_is_kept_with_the_verdict(verifier: RuleVerifier) -> None:
    found = check(verifier, "math", "4", r"first \boxed{3}, no: \boxed{\frac{8}{2}} then")
    assert (found.prediction, found.verdict, found.detail) == (r"\frac{8}{2}", "correct", "same number")
    assert check(verifier, "math", "4", "").prediction is None
    endless = check(verifier, "exact", "4", "word " * 5_000)
    assert endless.verdict == "undecided"
    assert endless.prediction is not None and len(endless.prediction) == 2_000


numbers = st.one_of(st.integers(-(10**9), 10**9).map(Fraction), st.fractions(max_denominator=1_000))


@settings(deadline=None)
@given(numbers, numbers)
def test_numbers_are_compared_exactly(left: Fraction, right: Fraction) -> None:
    def written(value: Fraction) -> str:
        return (
            rf"\frac{{{value.numerator}}}{{{value.denominator}}}" if value.denominator > 1 else f"{value.numerator:,}"
        )

    first, second = parse_number(written(left)), parse_number(str(right))
    assert first is not None and first.value == left
    assert second is not None and second.value == right
    assert same_number(first, second) is (left == right)


@settings(deadline=None)
@given(st.text(max_size=80), st.sampled_from(["math", "choice", "exact"]))
def test_extraction_survives_any_text(answer: str, rule: str) -> None:
    prediction = find_prediction(rule, answer)
    assert prediction is None or prediction.strip() == prediction or rule == "exact" or prediction
    comparable_math(answer)
    comparable_text(answer)
    parse_number(answer)


def test_extraction_is_quick_on_what_a_broken_model_repeats() -> None:
    for piece in (
        r"\boxed{",
        "$",
        "answer is ",
        "answer to ",
        "(",
        "1,",
        "1 ",
        "9",
        r"\(",
        "$$",
        "#### ",
        "=",
        "A:",
        "*",
        "{",
        ".",
    ):
        for rule in ("math", "choice", "exact"):
            find_prediction(rule, piece * (40_000 // len(piece)))
        parse_number(piece * 200)
        comparable_math(piece * 400)
