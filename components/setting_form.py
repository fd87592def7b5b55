"""Form fields made from a configuration class, so that a setting is defined once for flags, TOML and forms."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from components.text import N_, _
from curation.settings import Setting, settings_of

_COLUMN_PX: Final = 180
_NUMBER_STEP: Final = {int: 1, float: None}
_LABELS: Final[Mapping[str, str]] = {
    "n": N_("Samples a prompt"),
    "max_new_tokens": N_("Max new tokens"),
    "top_p": N_("Top-p"),
    "lora_r": N_("LoRA rank"),
    "lora_alpha": N_("LoRA alpha"),
    "lora_dropout": N_("LoRA dropout"),
    "dtype": N_("Number format"),
}


def setting_label(name: str) -> str:
    """The label of a setting in the reader's language."""
    return _(plain_label(name))


def plain_label(name: str) -> str:
    """The label of a setting: "learning_rate" → "Learning rate"."""
    return _LABELS.get(name, name.replace("_", " ").capitalize())


def in_labels(config_class: type, message: str) -> str:
    """What a configuration says is wrong, with the label of the field in place of the setting's name."""
    named = re.match(r"(\w+)(?= is |: )", message)
    if named is None or named[0] not in {each.name for each in settings_of(config_class)}:
        return message
    return f"“{setting_label(named[0])}”{message[named.end() :]}"


def setting_fields(
    config_class: type, names: Sequence[str], *, key: str, start: Mapping[str, Any] | None = None, columns: int = 3
) -> dict[str, Any]:
    """Draw a field for each named setting, side by side, and return what they hold: name → value.

    `start` gives first values in place of the defaults; `key` keeps the fields of two forms apart. A field left empty
    gives None. The values are checked by `config_from_mapping`, whose error names the setting.
    """
    known = {each.name: each for each in settings_of(config_class)}
    values: dict[str, Any] = {}
    with st.grid(columns, min_column_width=_COLUMN_PX, gap="small"):
        for name in names:
            each = known[name]
            first = (start or {}).get(name, each.default)
            values[name] = _field(each, first, f"{key}-{name}")
    return values


def _field(each: Setting, first: Any, key: str) -> Any:
    label, help_text = setting_label(each.name), _(each.help)
    if each.kind is bool:
        return st.toggle(label, value=bool(first), help=help_text, key=key)
    if each.choices:
        options = list(each.choices)
        return st.selectbox(
            label, options, index=options.index(first) if first in options else None, help=help_text, key=key
        )
    if each.kind in (int, float):
        # bounds are left to the configuration, whose message says what is allowed; a widget would silently clamp
        return st.number_input(
            label,
            value=None if first is None else each.kind(first),
            step=_NUMBER_STEP[each.kind],
            format=None if each.kind is int else "%.6g",
            placeholder=_("unset"),
            help=help_text,
            key=key,
        )
    text = ", ".join(first) if isinstance(first, list | tuple) else (first or "")
    typed = st.text_input(label, value=text, help=help_text, key=key)
    return typed.strip() or (None if each.optional else typed)
