"""One definition, three doors: a dataclass whose fields explain themselves becomes flags, TOML keys and form fields."""

from __future__ import annotations

import dataclasses
import difflib
import math
import tomllib
import types
import typing
from collections.abc import Callable, Collection, Mapping
from dataclasses import MISSING, dataclass
from pathlib import Path
from typing import Any, TypeVar

from curation.errors import InputError

Config = TypeVar("Config")
_TRUE, _FALSE = {"true", "yes", "on", "1"}, {"false", "no", "off", "0"}


@dataclass(frozen=True, slots=True)
class Setting:
    """What one field of a configuration is: for a flag's help, a form's label and the check of a value.

    `kind` is str, int, float, bool or tuple (of strings); `default` is None for an optional setting and for a
    required one, which `required` tells apart. Bounds are inclusive, `above` is not.
    """

    name: str
    kind: type
    optional: bool
    required: bool
    default: Any
    help: str
    group: str
    choices: tuple[str, ...]
    minimum: float | None
    maximum: float | None
    above: float | None
    parse: Callable[[Any], Any] | None

    @property
    def allowed(self) -> str:
        """The allowed values in words, for an error or a tooltip."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        noun = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}.get(
            self.kind, "a list of names"
        )
        bounds = [f"of at least {self.minimum:g}"] if self.minimum is not None else []
        bounds += [f"above {self.above:g}"] if self.above is not None else []
        bounds += [f"at most {self.maximum:g}"] if self.maximum is not None else []
        words = f"{noun} {' and '.join(bounds)}".strip()
        return f"{words}, or nothing" if self.optional else words


def setting(
    default: Any = MISSING,
    *,
    help: str,
    group: str = "",
    choices: tuple[str, ...] = (),
    minimum: float | None = None,
    maximum: float | None = None,
    above: float | None = None,
    parse: Callable[[Any], Any] | None = None,
) -> Any:
    """A dataclass field that carries what `settings_of` needs; without a default it is required.

    `parse` reads a value that is no scalar, and raises InputError itself.
    """
    metadata = {
        "help": help,
        "group": group,
        "choices": choices,
        "minimum": minimum,
        "maximum": maximum,
        "above": above,
        "parse": parse,
    }
    if default is MISSING:
        return dataclasses.field(metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def settings_of(config_class: type) -> tuple[Setting, ...]:
    """Every setting of a configuration class, in the order of its fields."""
    hints = typing.get_type_hints(config_class)
    found = []
    for field in dataclasses.fields(config_class):
        kind, optional = _kind(hints[field.name])
        required = field.default is MISSING and field.default_factory is MISSING
        found.append(
            Setting(
                name=field.name,
                kind=kind,
                optional=optional,
                required=required,
                default=None if required else field.default,
                help=field.metadata.get("help", ""),
                group=field.metadata.get("group", ""),
                choices=field.metadata.get("choices", ()),
                minimum=field.metadata.get("minimum"),
                maximum=field.metadata.get("maximum"),
                above=field.metadata.get("above"),
                parse=field.metadata.get("parse"),
            )
        )
    return tuple(found)


def config_from_mapping(config_class: type[Config], values: Mapping[str, Any], *, where: str = "") -> Config:
    """A configuration from names and values, which may be text (flags, a form) or typed (TOML, a job's record).

    `where` is put before an error ("sft.toml"). Raises InputError that names the setting and what it allows.
    """
    place = f"{where}: " if where else ""
    known = {each.name: each for each in settings_of(config_class)}
    for name in values:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {close[0]}?" if close else f"; there are {', '.join(known)}"
            raise InputError(f"{place}no setting is called {name!r}{hint}")
    arguments: dict[str, Any] = {}
    for name, each in known.items():
        if name not in values:
            if each.required:
                raise InputError(f"{place}{name} is missing ({each.help})")
            continue
        arguments[name] = _convert(each, values[name], place)
    return config_class(**arguments)


def config_from_toml(config_class: type[Config], path: Path, **overrides: Any) -> Config:
    """A configuration from a TOML file of top-level keys; `overrides` (flags) win over the file.

    Raises InputError when the file is absent, is not TOML, or holds a setting that is unknown or out of bounds.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise InputError(f"{path} is not TOML: {error}") from error
    return config_from_mapping(config_class, {**values, **overrides}, where=str(path))


def config_to_mapping(config: Any) -> dict[str, Any]:
    """The JSON form of a configuration, which `config_from_mapping` reads back."""
    return {
        name: list(value) if isinstance(value, tuple) else value for name, value in dataclasses.asdict(config).items()
    }


def config_to_flags(config: Any, skip: Collection[str] = ()) -> list[str]:
    """The command line's flags for what `config` changes of the defaults: ["--n", "8", "--no-enable-scores"].

    A required setting is always there; settings named in `skip` never.
    """
    flags: list[str] = []
    for each in settings_of(type(config)):
        value = getattr(config, each.name)
        if each.name in skip or (not each.required and value == each.default):
            continue
        flag = ("-" if len(each.name) == 1 else "--") + each.name.replace("_", "-")
        if each.kind is bool:
            flags.append(flag if value else f"--no-{flag[2:]}")
        elif value is not None:
            flags += [flag, ",".join(value) if each.kind is tuple else str(value)]
    return flags


def _kind(hint: Any) -> tuple[type, bool]:
    optional = False
    if isinstance(hint, types.UnionType):
        members = [member for member in typing.get_args(hint) if member is not type(None)]
        optional, hint = True, members[0]
    return (typing.get_origin(hint) or hint), optional


def _convert(each: Setting, value: Any, place: str) -> Any:
    refusal = InputError(f"{place}{each.name} is {value!r}; it must be {each.allowed}")
    if each.parse is not None:
        return each.parse(value)
    if each.kind is tuple:
        if isinstance(value, str):
            value = [part.strip() for part in value.split(",") if part.strip()]
        if not isinstance(value, list | tuple) or not all(isinstance(part, str) for part in value):
            raise refusal
        return tuple(value)
    if value is None or (each.optional and value == ""):
        if each.optional:
            return None
        raise refusal
    try:
        converted = _scalar(each.kind, value)
    except ValueError:
        raise refusal from None
    if each.choices and converted not in each.choices:
        raise refusal
    if isinstance(converted, int | float) and not isinstance(converted, bool):
        too_low = each.minimum is not None and converted < each.minimum
        not_above = each.above is not None and converted <= each.above
        if too_low or not_above or (each.maximum is not None and converted > each.maximum):
            raise refusal
    return converted


def _scalar(kind: type, value: Any) -> Any:
    """Text or a typed value → `kind`; raises ValueError rather than lose anything (2.5 is no whole number)."""
    if kind is str:
        if not isinstance(value, str):
            raise ValueError
        return value
    if kind is bool:
        if isinstance(value, bool):
            return value
        word = str(value).strip().lower()
        if word not in _TRUE | _FALSE:
            raise ValueError
        return word in _TRUE
    if isinstance(value, bool):
        raise ValueError
    number = float(value) if not isinstance(value, int) else value
    if not math.isfinite(number):
        raise ValueError
    if kind is int:
        if int(number) != number:
            raise ValueError
        return int(number)
    return float(number)
