"""One row of a file → one valid prompt, or the reason why it cannot be one."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from curation.errors import InputError
from curation.prompts.languages import LANGUAGES, guess_language, language_code
from curation.prompts.options import DEFAULT_REFERENCE_FIELD, ImportOptions
from curation.records import Domain, Message, Prompt, Rule, Split

DEFAULT_VERIFIERS: Final[Mapping[str, str]] = {
    Domain.MATH: Rule.MATH,
    Domain.CODE: Rule.CODE,
    Domain.STEM: Rule.CHOICE,
    Domain.LOGIC: Rule.EXACT,
    Domain.GENERAL: Rule.NONE,
}
"""domain → the verifier of a prompt that names none."""

_ROLES: Final = ("system", "user", "assistant")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_CHOICE = re.compile(r"\(?([A-Za-z])[).]?")


class RowProblemError(ValueError):
    """Why a row cannot be used; the importer adds where."""


class PromptMapper:
    """Maps rows to prompts as `ImportOptions` say."""

    def __init__(self, options: ImportOptions) -> None:
        self._options = options
        self._pattern = re.compile(options.reference_pattern) if options.reference_pattern is not None else None

    def check_columns(self, name: str, columns: Sequence[str]) -> None:
        """Raise InputError when a table lacks a column that no row can do without."""
        options = self._options
        needed = [options.messages_field] if options.messages_field else []
        if not options.messages_field and "messages" not in columns:
            needed.append(options.prompt_field)
        if options.reference_field != DEFAULT_REFERENCE_FIELD or self._pattern:
            needed.append(options.reference_field)
        for column in needed:
            if column not in columns:
                raise InputError(
                    f'{name}: there is no column "{column}"; the columns are {", ".join(columns)}. '
                    "Name the right one with --prompt-field, --messages-field or --reference-field."
                )

    def prompt(self, fields: Mapping[str, Any], source: str) -> Prompt:
        """`fields` as a valid prompt; raises RowProblemError."""
        options = self._options
        messages = self._messages(fields)
        domain = self._setting(fields, "domain", options.domain, options.domain_field, tuple(Domain))
        if domain is None:
            raise RowProblemError(f'"{options.domain_field}" is missing; add it, or choose one for all rows (--domain)')
        verifier = self._setting(fields, "verifier", options.verifier, options.verifier_field, tuple(Rule))
        verifier = verifier or DEFAULT_VERIFIERS[domain]
        split = self._setting(fields, "split", options.split, options.split_field, tuple(Split)) or Split.TRAIN
        task = options.task or _short_text(fields, options.task_field) or domain
        return Prompt(
            messages=messages,
            domain=domain,
            task=task,
            reference=self._reference(fields, domain, verifier),
            verifier=verifier,
            target_language=self._language(fields, messages),
            split=split,
            source=source,
        )

    def _messages(self, fields: Mapping[str, Any]) -> tuple[Message, ...]:
        options = self._options
        question = fields.get(options.prompt_field)
        if options.messages_field is None and question is not None:
            return (Message("user", checked_text(question, options.prompt_field)),)
        messages_field = options.messages_field or "messages"
        given = fields.get(messages_field)
        if given is None:
            if options.messages_field is None:
                raise RowProblemError(missing(options.prompt_field, fields, "--prompt-field"))
            raise RowProblemError(missing(messages_field, fields, "--messages-field"))
        messages = checked_messages(given, messages_field)
        if messages[-1].role != "user":
            raise RowProblemError(
                f'"{messages_field}" ends with the {messages[-1].role}; a prompt ends with the user, whom the policy '
                "answers"
            )
        return messages

    def _reference(self, fields: Mapping[str, Any], domain: str, verifier: str) -> str | None:
        field = self._options.reference_field
        text = _reference_text(fields.get(field), field, verifier)
        if text is None:
            if verifier == Rule.NONE:
                return None
            advice = f'{domain} prompts that are verified by "{verifier}" need one, or set verifier to "none"'
            if field in fields or not fields:
                raise RowProblemError(f'"{field}" is empty; {advice}')
            raise RowProblemError(f"{missing(field, fields, '--reference-field')}; {advice}")
        if self._pattern is not None:
            found = self._pattern.search(text)
            group = found and (found.group(1) if self._pattern.groups else found.group())
            if not group or not group.strip():
                raise RowProblemError(f'"{field}" does not match the reference pattern {self._pattern.pattern!r}')
            text = group
        if verifier == Rule.CODE:
            return text  # indentation is meaning
        text = text.strip()
        if verifier == Rule.CHOICE:
            letter = _CHOICE.fullmatch(text)
            if letter is None:
                raise RowProblemError(
                    f'"{field}" is {_shortened(text)}; the reference of a choice is its letter, such as B'
                )
            return letter.group(1).upper()
        return text

    def _language(self, fields: Mapping[str, Any], messages: Sequence[Message]) -> str:
        options = self._options
        given = options.target_language or _short_text(fields, options.language_field)
        if given is None:
            return guess_language(messages[-1].content)
        return checked_language(given, options.language_field)

    @staticmethod
    def _setting(
        fields: Mapping[str, Any], what: str, for_all: str | None, field: str, known: tuple[str, ...]
    ) -> str | None:
        if for_all is not None:
            return for_all
        value = _short_text(fields, field)
        if value is None or value in known:
            return value
        raise RowProblemError(
            f'"{field}" is {_shortened(value)}; it must be one of {", ".join(known)}, or give one for all with --{what}'
        )


def checked_text(value: object, field: str) -> str:
    """`value` as text that can be shown, hashed and written; raises RowProblemError naming `field`."""
    if not isinstance(value, str):
        raise RowProblemError(f'"{field}" is {_kind(value)}; it must be text')
    if not value.strip():
        raise RowProblemError(f'"{field}" is empty')
    control = _CONTROL.search(value)
    if control is not None:
        hint = ""
        if control.group() in "\b\f":  # what JSON makes of \beta and \frac
            hint = "; in JSON the backslash of a LaTeX command such as \\frac or \\beta must be doubled"
        raise RowProblemError(
            f'"{field}" holds the control character U+{ord(control.group()):04X} at character {control.start() + 1}'
            f"{hint}"
        )
    if not value.isascii() and (half := _SURROGATE.search(value)) is not None:
        raise RowProblemError(
            f'"{field}" holds text that is not UTF-8, or half of a character, at character {half.start() + 1}; '
            "save the file as UTF-8"
        )
    return value


def checked_messages(value: object, field: str) -> tuple[Message, ...]:
    """`value` (a list of {role, content}, or that list as JSON) as a conversation; raises RowProblemError."""
    if isinstance(value, str):  # a CSV can hold a conversation only as text
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise RowProblemError(f'"{field}" is neither a list of messages nor JSON of one') from None
    if not isinstance(value, list) or not value:
        raise RowProblemError(f'"{field}" is {_kind(value)}; it must be a list of at least one message')
    messages = []
    for number, item in enumerate(value, start=1):
        if not isinstance(item, dict):
            raise RowProblemError(f'"{field}" message {number} is {_kind(item)}; write it as {{"role", "content"}}')
        role = item.get("role")
        if role not in _ROLES:
            raise RowProblemError(
                f'"{field}" message {number} has role {role!r}; it must be one of {", ".join(_ROLES)}'
            )
        if role == "system" and number > 1:
            raise RowProblemError(f'"{field}" message {number} is the system\'s; only the first may be')
        messages.append(Message(role, checked_text(item.get("content"), f"{field} message {number} content")))
    return tuple(messages)


def checked_language(text: str, field: str) -> str:
    """`text` as a known language code; raises RowProblemError naming `field`."""
    code = language_code(text)
    if code is None:
        raise RowProblemError(
            f'"{field}" is {_shortened(text)}, which is no known language; use one of {", ".join(sorted(LANGUAGES))}'
        )
    return code


def missing(field: str, fields: Mapping[str, Any], option: str) -> str:
    """What to say of a row without `field`."""
    present = [name for name, value in fields.items() if value is not None]
    return f'"{field}" is missing (the row has {", ".join(present) or "nothing"}; name the right field with {option})'


def _short_text(fields: Mapping[str, Any], field: str) -> str | None:
    value = fields.get(field)
    if value is None or value == "":
        return None
    return checked_text(value, field).strip()


def _reference_text(value: object, field: str, verifier: str) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        if isinstance(value, float) and not math.isfinite(value):
            raise RowProblemError(f'"{field}" is {value}; it must be a finite number or text')
        return str(value)
    if isinstance(value, list | dict) and verifier == Rule.CODE:
        value = json.dumps(value, ensure_ascii=False)  # tests are often kept as a list
    return checked_text(value, field)


def _kind(value: object) -> str:
    if value is None:
        return "missing"
    kinds = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list", dict: "an object"}
    return kinds.get(type(value), type(value).__name__) if value != [] else "an empty list"


def _shortened(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "…")
