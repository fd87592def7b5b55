"""The rules: what each says of an answer, each distinct (verifier, reference, prediction) checked once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, Self

from curation.errors import InputError
from curation.records import Rule, Verdict
from curation.verification.exact import alternatives, comparable_text, contains_answer
from curation.verification.extraction import find_prediction, option_letters
from curation.verification.numbers import comparable_math, parse_number, same_number
from curation.verification.worker_pool import MathPool

RULE_VERSION: Final = 1
"""Raised whenever a rule may decide otherwise than before, so that candidates are scored again."""

MAX_PREDICTION: Final = 2_000
"""Characters; no rule compares anything longer, and the stored prediction is cut there."""

DECIDING_RULES: Final = (Rule.MATH, Rule.CHOICE, Rule.EXACT)
"""Rules that can tell right from wrong; of code, only that there is no answer at all can be told without running it."""

_RULES: Final = frozenset(str(rule) for rule in Rule)
_REMEMBERED: Final = 200_000
_Key = tuple[str, str, str]


class RuleVerdict(NamedTuple):
    """A rule's verdict, why, in a few words, and the final answer that it found (None: none)."""

    verdict: Verdict
    detail: str
    prediction: str | None


class _Decision(NamedTuple):
    verdict: Verdict
    detail: str


class RuleVerifier:
    """Checks answers by rule; a context manager, since `math` may need worker processes.

    `workers` processes at most run Math-Verify, started only when the exact steps cannot tell, each pair for at most
    `timeout_s` seconds. Not for use by several threads at once.
    """

    def __init__(self, workers: int = 1, timeout_s: float = 5.0) -> None:
        self._pool = MathPool(workers, timeout_s)
        self._known: dict[_Key, _Decision] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the worker processes."""
        self._pool.close()

    def check(
        self, verifiers: Sequence[str], references: Sequence[str | None], answers: Sequence[str]
    ) -> list[RuleVerdict]:
        """(n,) verifiers, references and answers (what follows the think block) → (n,) verdicts.

        An empty answer is incorrect. `undecided` where a rule cannot tell: no reference, no final answer in the text,
        answers that could not be matched and were not shown to differ, `none`, and `code`, which is never run without a
        sandbox. `error` where the check itself failed. Raises InputError for an unknown verifier.
        """
        if not len(verifiers) == len(references) == len(answers):
            raise InputError("give as many verifiers as references and answers.")
        if len(self._known) > _REMEMBERED:
            self._known.clear()
        found: list[tuple[_Key | None, _Decision | None, str | None]] = []
        for verifier, reference, answer in zip(verifiers, references, answers, strict=True):
            found.append(self._prepare(verifier, reference, answer))
        self._check_math([key for key, decision, _ in found if key is not None and decision is None])
        verdicts: list[RuleVerdict] = []
        for key, decision, prediction in found:
            decision = self._known[key] if decision is None and key is not None else decision
            assert decision is not None
            cut = prediction[:MAX_PREDICTION] if prediction is not None else None
            verdicts.append(RuleVerdict(decision.verdict, decision.detail, cut))
        return verdicts

    def _prepare(
        self, verifier: str, reference: str | None, answer: str
    ) -> tuple[_Key | None, _Decision | None, str | None]:
        """Key and prediction of an answer, and the decision where it needs no comparison or is known."""
        if verifier not in _RULES:
            raise InputError(f"verifier {verifier!r} is not known; use one of {', '.join(Rule)}.")
        if verifier == Rule.NONE:
            return None, _Decision(Verdict.UNDECIDED, "no rule for this prompt"), None
        if not answer or answer.isspace():
            return None, _Decision(Verdict.INCORRECT, "no final answer"), None
        if verifier == Rule.CODE:
            return None, _Decision(Verdict.UNDECIDED, "code is not run without a sandbox"), None
        if not reference or reference.isspace():
            return None, _Decision(Verdict.UNDECIDED, "no reference to compare with"), None
        prediction = find_prediction(verifier, answer)
        if prediction is None:
            return None, _Decision(Verdict.UNDECIDED, "no final answer found in the text"), None
        if len(prediction) > MAX_PREDICTION:
            return None, _Decision(Verdict.UNDECIDED, "too long to be a final answer"), prediction
        key = (str(verifier), reference, prediction)
        decision = self._known.get(key)
        if decision is None:
            decision = _decide(*key)
            if decision is not None:
                self._known[key] = decision
        return key, decision, prediction

    def _check_math(self, keys: Sequence[_Key]) -> None:
        distinct = list(dict.fromkeys(keys))
        pairs = [(comparable_math(reference), comparable_math(prediction)) for _, reference, prediction in distinct]
        for key, outcome in zip(distinct, self._pool.compare(pairs), strict=True):
            self._known[key] = _Decision(Verdict(outcome.verdict), outcome.detail)


def _decide(verifier: str, reference: str, prediction: str) -> _Decision | None:
    """The decision of the exact steps; None where Math-Verify has to look."""
    if verifier == Rule.MATH:
        return _decide_math(reference, prediction)
    if verifier == Rule.CHOICE:
        return _decide_choice(reference, prediction)
    return _decide_exact(reference, prediction)


def _decide_math(reference: str, prediction: str) -> _Decision | None:
    if comparable_math(reference) == comparable_math(prediction):
        return _Decision(Verdict.CORRECT, "same text")
    expected, number = parse_number(reference), parse_number(prediction)
    if expected is None or number is None:
        return None
    same = same_number(expected, number)
    if same is None:
        return _Decision(Verdict.UNDECIDED, "the numbers may be rounded or in other units")
    return _Decision(Verdict.CORRECT, "same number") if same else _Decision(Verdict.INCORRECT, "another number")


def _decide_choice(reference: str, prediction: str) -> _Decision:
    letters = option_letters(reference)
    if letters is None:
        return _Decision(Verdict.UNDECIDED, "the reference is no option letter")
    if letters == prediction:
        return _Decision(Verdict.CORRECT, "same option")
    return _Decision(Verdict.INCORRECT, "another option")


def _decide_exact(reference: str, prediction: str) -> _Decision:
    text = comparable_text(prediction)
    accepted = [comparable_text(alternative) for alternative in alternatives(reference)]
    if text in accepted:
        return _Decision(Verdict.CORRECT, "same text")
    number = parse_number(text)
    if number is not None and not number.unit:
        for alternative in accepted:
            expected = parse_number(alternative)
            if expected is not None and not expected.unit and same_number(expected, number):
                return _Decision(Verdict.CORRECT, "same number")
    if any(contains_answer(text, alternative) for alternative in accepted):
        return _Decision(Verdict.UNDECIDED, "the reference occurs in a longer answer")
    return _Decision(Verdict.INCORRECT, "another text")
