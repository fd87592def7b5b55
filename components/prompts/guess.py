"""Which field of a file probably holds what, from the names of its fields and its first rows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from curation.prompts.checking import FileHead
from curation.records import Domain

_PROMPT_NAMES: Final = ("question", "prompt", "problem", "messages", "conversations", "instruction", "query", "input")
_REFERENCE_NAMES: Final = (
    "reference", "final_answer", "answer", "expected_answer", "ground_truth", "gold", "target", "solution", "tests",
)  # fmt: skip
_PATTERNS: Final = (r"####\s*(.+)", r"\\boxed\{(.+)\}")
"""How GSM8K and the usual competition sets mark the final answer inside a worked solution."""


@dataclass(frozen=True, slots=True)
class Guess:
    """First values of the form; None where nothing speaks for one."""

    prompt_field: str | None = None
    reference_field: str | None = None
    reference_pattern: str | None = None
    domain: str | None = None


def guess_mapping(head: FileHead) -> Guess:
    """What an import of prompts should start from."""
    prompt = _first_named(head.fields, _PROMPT_NAMES) or (head.fields[0] if head.fields else None)
    reference = _first_named(head.fields, _REFERENCE_NAMES)
    pattern = None
    if reference is not None:
        texts = [str(row.get(reference) or "") for row in head.rows]
        pattern = next((each for each in _PATTERNS if texts and all(re.search(each, text) for text in texts)), None)
    domain = None
    if "domain" not in head.fields:
        if pattern is not None:
            domain = Domain.MATH.value
        elif {"tests", "test_list", "entry_point"} & set(head.fields):
            domain = Domain.CODE.value
        elif {"choices", "options"} & set(head.fields):
            domain = Domain.STEM.value
    return Guess(prompt, reference, pattern, domain)


def guess_conversation(head: FileHead) -> str | None:
    """The field that holds the finished conversations of general samples, where `prompt` and `response` do not."""
    if "prompt" in head.fields and "response" in head.fields:
        return None
    named = _first_named(head.fields, ("messages", "conversations", "conversation"))
    return named or next((name for name in head.fields if is_conversation(head.rows, name)), None)


def is_conversation(rows: Sequence[Mapping[str, Any]], name: str) -> bool:
    """Whether the field holds lists of messages rather than text."""
    values = [row.get(name) for row in rows if row.get(name) is not None]
    return any(isinstance(value, list) or str(value).lstrip().startswith('[{"') for value in values)


def _first_named(fields: Sequence[str], names: Sequence[str]) -> str | None:
    by_name = {field.lower(): field for field in reversed(fields)}
    return next((by_name[name] for name in names if name in by_name), None)
