"""The form that says which field of a file holds what; the settings and flags are those of `winnow import`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import streamlit as st

from components.palette import domain_name
from components.prompts.guess import guess_conversation, guess_mapping, is_conversation
from components.text import N_, _, inert
from curation.prompts import LANGUAGES, GeneralOptions, ImportOptions
from curation.prompts.checking import FileHead
from curation.records import Domain, Rule, Split

_COLUMN_PX: Final = 170
_RULES: Final = {
    "math": N_("math: equal as mathematics"),
    "choice": N_("choice: the right letter"),
    "exact": N_("exact: the same text"),
    "code": N_("code: passes the tests"),
    "none": N_("none: no rule decides"),
}
_SPLITS: Final = {"train": N_("train"), "held_out": N_("held out, for evaluation only")}


@dataclass(frozen=True, slots=True)
class Mapped:
    """A filled form: the options of the import, and the same as flags of the command line."""

    options: ImportOptions | GeneralOptions
    flags: tuple[str, ...]

    @property
    def is_general(self) -> bool:
        """Whether it is for general samples rather than prompts."""
        return isinstance(self.options, GeneralOptions)


def prompt_mapping(head: FileHead, *, key: str) -> Mapped:
    """Draw the form for prompts. Raises InputError when a setting cannot be meant."""
    guess = guess_mapping(head)
    with st.grid(3, min_column_width=_COLUMN_PX, gap="small"):
        prompt = _field(_("Prompt field"), head.fields, guess.prompt_field, f"{key}-prompt")
        reference = _field(_("Reference field"), head.fields, guess.reference_field, f"{key}-reference")
        pattern = _pattern_field(guess.reference_pattern, f"{key}-pattern")
        domain = _choice(_("Domain"), tuple(Domain), domain_name, head, "domain", guess.domain, f"{key}-domain")
        verifier = _choice(
            _("Verifier"), tuple(Rule), lambda rule: _(_RULES[rule]), head, "verifier", None, f"{key}-verifier",
            otherwise=N_("Chosen by domain"),
        )  # fmt: skip
        split = _choice(
            _("Split"), tuple(Split), lambda split: _(_SPLITS[split]), head, "split", None, f"{key}-split",
            otherwise=N_("Train"),
        )  # fmt: skip
    more = st.expander(_("More settings"), icon=":material/tune:", key=f"{key}-more")
    with more, st.grid(3, min_column_width=_COLUMN_PX, gap="small"):
        task = _text(_("Task"), _("Each row's own") if "task" in head.fields else _("The domain"), f"{key}-task")
        language = _choice(
                _("Target language"), tuple(sorted(LANGUAGES)), str, head, "target_language", None, f"{key}-language",
                otherwise=N_("Guessed from the question"),
            )  # fmt: skip
        name = _text(_("Name of the import"), _("The file's name"), f"{key}-name")
    talks = prompt is not None and is_conversation(head.rows, prompt)
    set_ones = {
        "domain": domain,
        "task": task,
        "verifier": verifier,
        "language": language,
        "split": split,
        "prompt-field": None if talks or prompt == "question" else prompt,
        "messages-field": prompt if talks else None,
        "reference-field": None if reference == "reference" else reference,
        "reference-pattern": pattern,
        "name": name,
    }
    options = ImportOptions(
        domain=domain,
        task=task,
        verifier=verifier,
        target_language=language,
        split=split,
        prompt_field=prompt if prompt is not None and not talks else "question",
        messages_field=prompt if talks else None,
        reference_field=reference or "reference",
        reference_pattern=pattern,
        name=name,
    )
    return Mapped(options, _flags(set_ones))


def general_mapping(head: FileHead, *, key: str) -> Mapped:
    """Draw the form for general samples. Raises InputError when a setting cannot be meant."""
    conversation = guess_conversation(head)
    with st.grid(3, min_column_width=_COLUMN_PX, gap="small"):
        messages = prompt = None
        if conversation is None:
            start = "prompt" if "prompt" in head.fields else guess_mapping(head).prompt_field
            prompt = _field(_("Prompt field"), head.fields, start, f"{key}-general-prompt")
        else:
            messages = _field(_("Conversation field"), head.fields, conversation, f"{key}-general-messages")
        task = _text(_("Task"), _("Each row's own") if "task" in head.fields else "general", f"{key}-general-task")
        language = _choice(
            _("Language"), tuple(sorted(LANGUAGES)), str, head, "language", None, f"{key}-general-language",
            otherwise=N_("Guessed from the response"),
        )  # fmt: skip
        name = _text(_("Name of the import"), _("The file's name"), f"{key}-general-name")
    if conversation is None:
        st.caption(_("The response is read from the field “response”."))
    set_ones = {
        "task": task,
        "language": language,
        "prompt-field": None if prompt == "prompt" else prompt,
        "messages-field": None if messages == "messages" else messages,
        "name": name,
    }
    options = GeneralOptions(
        task=task, language=language, prompt_field=prompt or "prompt", messages_field=messages, name=name
    )
    return Mapped(options, ("--general", *_flags(set_ones)))


def _flags(values: dict[str, str | None]) -> tuple[str, ...]:
    return tuple(word for flag, value in values.items() if value is not None for word in (f"--{flag}", value))


def _field(label: str, fields: Sequence[str], start: str | None, key: str) -> str | None:
    index = fields.index(start) if start in fields else None
    return st.selectbox(label, fields, index=index, key=key, placeholder=_("none"))


def _text(label: str, placeholder: str, key: str) -> str | None:
    return (st.text_input(label, key=key, placeholder=placeholder) or "").strip() or None


def _choice(
    label: str,
    values: Sequence[str],
    word: Callable[[str], str],
    head: FileHead,
    column: str,
    start: str | None,
    key: str,
    *,
    otherwise: str = "",
) -> str | None:
    """One value for all rows; without one the rows' own, where the file has the column, else `otherwise`."""
    unset = _("Each row's own") if column in head.fields else (_(otherwise) if otherwise else None)
    options = [str(value) for value in values]
    if unset is None:
        index = options.index(start) if start in options else None
        return st.selectbox(label, options, index=index, format_func=word, key=key, placeholder=_("Choose one"))
    index = 0 if start is None else 1 + options.index(start)
    chosen = st.selectbox(
        label, ["", *options], index=index, format_func=lambda value: word(value) if value else unset, key=key
    )
    return chosen or None


def _pattern_field(start: str | None, key: str) -> str | None:
    pattern = st.text_input(
        _("Reference pattern"),
        value=start or "",
        key=key,
        placeholder=_("none"),
        help=_("A regular expression. Its first group, or its whole match, is the reference: for a worked "
               "solution that ends in the answer."),
    )  # fmt: skip
    if not pattern:
        return None
    try:
        re.compile(pattern)
    except re.error as error:
        st.caption(f":red[:material/error: {_('Not a regular expression:')} {inert(str(error))}]")
    return pattern
