r"""Finds the final answer in what follows the think block: the last \boxed{…}, "the answer is …", an option letter.

Nothing a model wrote is executed; every pattern is linear in the text.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from curation.records import Rule
from curation.verification.numbers import parse_number

_BOXED: Final = re.compile(r"\\(?:boxed|fbox)\s*\{")
_HASHES: Final = re.compile(r"####[ \t]*([^\n]+)")
_PHRASE: Final = re.compile(
    r"\banswer(?:\s+(?:to|of|for)\b[^.\n:]{0,80}?)?(?:\*\*)?\s*(?:\bis\b|\bwould be\b|\bequals\b|[:：=])(?:\s*[:：])?"
    r"|(?:答案|结果|答)\s*(?:应该|应|就)?\s*(?:是|为|[:：=])(?:\s*[:：])?"
    r"|^\s*A\s*:",
    re.IGNORECASE | re.MULTILINE,
)
_MATH: Final = re.compile(
    r"\$\$(.+?)\$\$|\\\[(.+?)\\\]|\\\((.+?)\\\)|(?<!\\)\$(?![\s$])([^$\n]+?)(?<![\s\\])\$(?!\d)", re.DOTALL
)
_SENTENCE_END: Final = re.compile(r"\n|[.!](?=\s|\Z)|[。！；;]")
_NUMERAL: Final = re.compile(
    r"(?<![\w.])[-−]?[$€£¥]?\s?[-−]?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(?:\.\d+|(?<=\d))(?:\s*/\s*\d+(?![\d/.]))?\s?%?"
)
_MARKS: Final = " \t\n*_`\"'“”‘’「」"
_LETTER: Final = r"[A-Ja-j]"
_LETTERS_ONLY: Final = re.compile(
    rf"[(\[]?({_LETTER})[)\]]?(?:\s*(?:[,;&/、]|and|和|与)?\s*[(\[]?({_LETTER})[)\]]?)*\s*[.。]?"
)
_OPTION_AFTER: Final = re.compile(r"\s*(?:option|choice|选项)?\s*[(\[（]?\s*([A-J])(?![A-Za-z])", re.IGNORECASE)
_CHOSEN: Final = re.compile(
    r"(?:\b(?:option|choice)\s+is\b|\b(?:choose|pick|select)\b|选择?|选项是?|应选|故选)\s*(?:option|choice|选项)?\s*[:：]?\s*"
    r"[(\[（]?\s*([A-J])(?![A-Za-z])"
)
_PARENTHESISED: Final = re.compile(r"[(（]\s*([A-J])\s*[)）]")
_OPTION_LINE: Final = re.compile(
    r"^\s*\**\(?([A-J])\**(?:\s*[.)．、:：](?=\s|\*|\Z|[^\x00-\x7f])|\**\s*$)", re.MULTILINE
)


def find_prediction(verifier: str, answer: str) -> str | None:
    """The final answer in `answer` as the rule `verifier` reads it; None where there is none.

    Each rule takes the last of the first kind that occurs. `math`: a box, "#### …", "answer is …", then the last
    formula or number. `choice`: an option letter in a box, after "answer is", "(B)", a line that starts with "B." or is
    "B"; several letters come back sorted ("AC"). `exact`: a box, "answer is …", otherwise the whole answer.
    """
    if not answer or answer.isspace():
        return None
    if verifier == Rule.CHOICE:
        return _find_choice(answer)
    boxed = last_boxed(answer)
    if boxed is not None:
        return boxed
    if "\\boxed" in answer and _BOXED.search(answer):
        return None  # a box that is empty or cut off: what stands elsewhere is not the final answer
    if verifier == Rule.MATH:
        return _find_math(answer)
    phrase = _after_phrase(answer)
    return phrase if phrase else answer.strip(_MARKS) or None


def last_boxed(text: str) -> str | None:
    r"""What the last \boxed{…} with balanced braces holds; None without one, or where it is empty."""
    # from the end, so that an unclosed box before it does no harm; a few, so that a loop of boxes costs little
    for match in list(_BOXED.finditer(text))[:-20:-1]:
        depth = 1
        for i in range(match.end(), len(text)):
            if text[i] == "{" and text[i - 1] != "\\":
                depth += 1
            elif text[i] == "}" and text[i - 1] != "\\":
                depth -= 1
                if depth == 0:
                    return text[match.end() : i].strip() or None
    return None


def option_letters(text: str) -> str | None:
    """Option letters where `text` is nothing else, sorted, upper case: "(b)" → "B", "A, C" → "AC"."""
    text = unicodedata.normalize("NFKC", text).strip(_MARKS + "$")
    text = re.sub(r"\\(?:text|mathrm|textbf|mathbf)\s*\{([^{}]*)\}", r"\1", text).strip(_MARKS)
    if not _LETTERS_ONLY.fullmatch(text):
        return None
    letters = re.findall(rf"(?<![a-zA-Z]){_LETTER}(?![a-zA-Z])|(?<![a-z])[A-J](?![a-z])", text)
    return "".join(sorted({letter.upper() for letter in letters})) or None


def _find_choice(answer: str) -> str | None:
    boxed = last_boxed(answer)
    if boxed is not None:
        letters = option_letters(boxed) or _leading_option(boxed)
        if letters:
            return letters
    whole = option_letters(answer)
    if whole:
        return whole
    phrase = _after_phrase(answer)
    if phrase:
        letters = option_letters(phrase)
        if letters:
            return letters
    for match in reversed(list(_PHRASE.finditer(answer))):
        after = _OPTION_AFTER.match(answer[match.end() : match.end() + 60].lstrip(_MARKS + "$"))
        if after and after[1].isupper():
            return after[1]
    for pattern in (_CHOSEN, _PARENTHESISED, _OPTION_LINE):
        found = pattern.findall(answer)
        if found:
            return str(found[-1])
    return None


def _leading_option(text: str) -> str | None:
    match = _OPTION_LINE.match(text) or _PARENTHESISED.match(text)
    return match[1] if match else None


def _after_phrase(answer: str) -> str | None:
    """The sentence or formula after the last "answer is"; None without one."""
    start = -1
    for match in _PHRASE.finditer(answer):
        start = match.end()
    if start < 0:
        return None
    rest = answer[start:].lstrip(" \t\n*:：_`")
    formula = _MATH.match(rest)
    if formula and not _currency(formula):
        end = _SENTENCE_END.search(rest, formula.end())
        tail = rest[formula.end() : end.start() if end else len(rest)].strip(_MARKS)
        content = _content(formula)
        # "$5$ cm", but not "$5$, because …"
        return f"{content} {tail}" if tail and parse_number(f"{content} {tail}") else content
    end = _SENTENCE_END.search(rest)
    return (rest[: end.start()] if end else rest).strip(_MARKS) or None


def _find_math(answer: str) -> str | None:
    if len(answer) < 80 and parse_number(answer) is not None:
        return answer.strip(_MARKS)
    hashes = _HASHES.findall(answer)
    if hashes:
        return _number_in(str(hashes[-1]).strip(_MARKS))
    phrase = _after_phrase(answer)
    if phrase and re.search(r"[\d\\=^]|\b[a-zA-Z]\b", phrase):
        return _number_in(phrase)
    formula = None
    for match in _MATH.finditer(answer):
        if not _currency(match):
            formula = match
    numeral = None
    for match in _NUMERAL.finditer(answer, formula.end() if formula else 0):
        numeral = match
    if numeral is not None:
        return numeral[0].strip()
    return _number_in(_content(formula)) if formula else None


def _number_in(text: str) -> str:
    """`text`, or the number in it where the rest is only words or working ("5, because …", "2 + 3 = 5")."""
    if parse_number(text) is not None:
        return text
    result = text.rpartition("=")[2].strip()
    if result and result != text and parse_number(result) is not None:
        return result
    if not re.search(r"[\\^=+*/(){}\[\]<>]|\d[a-zA-Z]", text):
        numerals = [match[0].strip() for match in _NUMERAL.finditer(text)]
        if len(numerals) == 1 or (numerals and text.startswith(numerals[0])):
            return numerals[0]
    return text


def _content(formula: re.Match[str]) -> str:
    return next(part for part in formula.groups() if part is not None).strip()


def _currency(formula: re.Match[str]) -> bool:
    content = formula[4]
    return (
        content is not None and content[:1].isdigit() and len(re.findall(r"(?<![\\{A-Za-z])[A-Za-z]{3,}", content)) >= 2
    )
