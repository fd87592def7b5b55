"""Threshold sets: named rules, each a bound on one measure, kept as `thresholds/<name>.toml`."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from curation.authored import check_keys, list_toml, read_toml, write_toml
from curation.errors import InputError
from curation.records import TEXT_MEASURES, Domain, Verdict
from curation.workspace import Workspace, check_name

THRESHOLD_MEASURES: Final[dict[str, pa.DataType]] = {
    **{field.name: field.type for field in TEXT_MEASURES},
    "reasoning_tokens": pa.int32(),
    "answer_tokens": pa.int32(),
    "truncated": pa.bool_(),
}
"""The measures that a rule may bound, with their types; yes-or-no measures are bounded as 1 and 0."""

MAX_RULES: Final = 60
"""Rules in one set: each is a bit of a 64-bit mask."""

_RULE_KEYS = ("name", "measure", "min", "max", "domains", "enabled")


@dataclass(frozen=True, slots=True)
class ThresholdRule:
    """A candidate passes while `min` <= measure <= `max`; an open side is None.

    `domains` limits the rule to candidates of those domains; empty means all. Raises InputError, naming the rule, when
    a part of it cannot be.
    """

    name: str
    measure: str
    min: float | None = None
    max: float | None = None
    domains: tuple[str, ...] = ()
    enabled: bool = True

    def __post_init__(self) -> None:
        check_name(self.name, "a rule")
        where = f"rule {self.name!r}"
        if self.name in set(Verdict):
            raise InputError(f"{where}: a rule cannot be called like a verdict ({', '.join(Verdict)}).")
        if self.measure not in THRESHOLD_MEASURES:
            raise InputError(f"{where}: {self.measure!r} is no measure; known are {', '.join(THRESHOLD_MEASURES)}.")
        for side, bound in (("min", self.min), ("max", self.max)):
            if bound is not None and not math.isfinite(bound):
                raise InputError(f"{where}: {side} is {bound}; leave it out where there is no bound.")
        if self.min is None and self.max is None:
            raise InputError(f"{where}: give it a min, a max or both.")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise InputError(f"{where}: min {self.min:g} is above max {self.max:g}, so nothing could pass.")
        for domain in self.domains:
            if domain not in set(Domain):
                raise InputError(f"{where}: {domain!r} is no domain; known are {', '.join(Domain)}.")


@dataclass(frozen=True, slots=True)
class ThresholdSet:
    """Rules under one name; their order is the order of the funnel's steps."""

    name: str
    rules: tuple[ThresholdRule, ...]

    def __post_init__(self) -> None:
        check_name(self.name, "a threshold set")
        if len(self.rules) > MAX_RULES:
            raise InputError(f"threshold set {self.name!r}: {len(self.rules)} rules; at most {MAX_RULES} fit.")
        names = [rule.name for rule in self.rules]
        for name in names:
            if names.count(name) > 1:
                raise InputError(f"threshold set {self.name!r}: two rules are called {name!r}; rename one.")

    @property
    def enabled(self) -> tuple[ThresholdRule, ...]:
        """The rules that are switched on, in order."""
        return tuple(rule for rule in self.rules if rule.enabled)


def default_thresholds() -> ThresholdSet:
    """The R1 stage's filters (mixed languages, long paragraphs, code blocks), and three against broken responses."""
    return ThresholdSet(
        "default",
        (
            ThresholdRule("malformed", "well_formed", min=1),
            ThresholdRule("truncated", "truncated", max=0),
            ThresholdRule("mixed_language", "target_word_ratio", min=0.95),
            ThresholdRule("long_paragraph", "longest_paragraph", max=1500),
            ThresholdRule("code_blocks", "code_blocks", max=0),
            ThresholdRule("repetition", "repetition", max=0.5),
        ),
    )


def list_thresholds(workspace: Workspace) -> list[str]:
    """The names of the saved threshold sets, sorted."""
    return list_toml(workspace.thresholds)


def load_thresholds(workspace: Workspace, name: str = "default") -> ThresholdSet:
    """The saved set of this name; "default" is there even before somebody saved one.

    Raises InputError naming file and rule when the file is missing or wrong.
    """
    if name == "default" and not (workspace.thresholds / "default.toml").exists():
        return default_thresholds()
    content = read_toml(workspace.thresholds, name, "a threshold set")
    path = workspace.thresholds / f"{name}.toml"
    check_keys(content, ("rules",), str(path))
    rules = content.get("rules", [])
    if not isinstance(rules, list):
        raise InputError(f"{path}: write each rule as its own [[rules]] table.")
    parsed = tuple(_rule(item, path, number) for number, item in enumerate(rules, start=1))
    try:
        return ThresholdSet(name, parsed)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def save_thresholds(workspace: Workspace, thresholds: ThresholdSet) -> Path:
    """Write `thresholds/<name>.toml`, replacing it atomically; returns its path."""
    rules = [
        {
            key: value
            for key, value in asdict(rule).items()
            if not (value is None or (key == "domains" and not value) or (key == "enabled" and value))
        }
        for rule in thresholds.rules
    ]
    return write_toml(workspace.thresholds, thresholds.name, "a threshold set", {"rules": rules})


def _rule(item: object, path: Path, number: int) -> ThresholdRule:
    if not isinstance(item, dict):
        raise InputError(f"{path}: rule {number} is not a table; write it under its own [[rules]].")
    where = f"{path}: rule {number} ({item.get('name', 'without a name')!r})"
    check_keys(item, _RULE_KEYS, where)
    try:
        return ThresholdRule(
            name=_typed(item, "name", str),
            measure=_typed(item, "measure", str),
            min=_bound(item, "min"),
            max=_bound(item, "max"),
            domains=_domains(item),
            enabled=_typed(item, "enabled", bool, True),
        )
    except InputError as error:
        raise InputError(f"{where}: {error}") from error


def _typed(item: dict[str, Any], key: str, kind: type, default: Any = None) -> Any:
    value = item.get(key, default)
    if value is None:
        raise InputError(f"{key!r} is missing.")
    if not isinstance(value, kind):
        raise InputError(f"{key!r} is {value!r}; it should be a {'text' if kind is str else 'true or false'}.")
    return value


def _bound(item: dict[str, Any], key: str) -> float | None:
    value = item.get(key)
    if value is None:
        return None
    if not isinstance(value, int | float):
        raise InputError(f"{key!r} is {value!r}; it should be a number.")
    return float(value)  # true and false become 1 and 0


def _domains(item: dict[str, Any]) -> tuple[str, ...]:
    value = item.get("domains", [])
    if not isinstance(value, list) or not all(isinstance(domain, str) for domain in value):
        raise InputError(f'\'domains\' is {value!r}; it should be a list such as ["math", "code"].')
    return tuple(value)
