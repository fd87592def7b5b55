"""Flags made from the settings of a configuration class, so that a setting is defined once."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any, TypeVar

import click

from curation.settings import Setting, settings_of

Command = TypeVar("Command", bound=Callable[..., Any])


def setting_options(config_class: type, *, skip: Container[str] = ()) -> Callable[[Command], Command]:
    """A decorator that gives a command one flag a setting; the command receives None for a flag that was not given.

    Settings named in `skip` get no flag. Pass what is left to `given` and then to `config_from_mapping`.
    """

    def decorate(command: Command) -> Command:
        for each in reversed(settings_of(config_class)):
            if each.name not in skip:
                command = _option(each)(command)
        return command

    return decorate


def given(flags: dict[str, Any]) -> dict[str, Any]:
    """The flags that were given."""
    return {name: value for name, value in flags.items() if value is not None}


def _option(each: Setting) -> Callable[[Command], Command]:
    flag = ("-" if len(each.name) == 1 else "--") + each.name.replace("_", "-")
    if each.kind is bool:
        return click.option(f"{flag}/--no-{flag[2:]}", each.name, default=None, help=_help(each))
    # text is parsed by the configuration itself, whose message names the setting and what it allows; it also says
    # what is missing, since a file may give what a flag does not
    return click.option(flag, each.name, metavar=_metavar(each), help=_help(each))


def _help(each: Setting) -> str:
    text = each.help.rstrip(".")
    if each.required or each.default is None or each.default == "":
        return f"{text}."
    default = ",".join(each.default) if isinstance(each.default, tuple) else each.default
    if each.kind is bool:
        default = "on" if default else "off"
    return f"{text} (default: {default})." if default != "" else f"{text}."


def _metavar(each: Setting) -> str:
    if each.choices:
        return "|".join(each.choices)
    return {int: "INTEGER", float: "NUMBER", tuple: "A,B,…"}.get(each.kind, "TEXT")
