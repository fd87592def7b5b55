"""The small TOML files that a person writes: read with messages that name the file, replaced atomically."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tomlkit

from curation.errors import InputError
from curation.files import write_text
from curation.workspace import check_name


def read_toml(folder: Path, name: str, what: str) -> dict[str, Any]:
    """The content of `folder/name.toml`.

    Raises InputError when the name cannot be one, when there is no such file (its message lists those that there are)
    or when it is no TOML. `what` says what the file is ("a threshold set").
    """
    path = folder / f"{check_name(name, what)}.toml"
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        there = ", ".join(list_toml(folder)) or "none"
        raise InputError(f"{path}: there is no {what.split(' ', 1)[-1]} of this name; there are: {there}.") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error


def write_toml(folder: Path, name: str, what: str, content: Mapping[str, Any]) -> Path:
    """Replace `folder/name.toml` atomically; keys whose value is None are left out."""
    path = folder / f"{check_name(name, what)}.toml"
    write_text(path, tomlkit.dumps(_without_none(content)))
    return path


def list_toml(folder: Path) -> list[str]:
    """The names of the files in `folder`, sorted."""
    return sorted(path.stem for path in folder.glob("*.toml") if not path.name.startswith("."))


def check_keys(content: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    """Raise InputError naming the first key of `content` that is not among `known`."""
    for key in content:
        if key not in known:
            raise InputError(f"{where}: {key!r} is not a setting; known are {', '.join(known)}.")


def _without_none(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_without_none(item) for item in value]
    return value
