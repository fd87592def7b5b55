"""A draft of a threshold set as a short text for the address: what it changes in the saved set, and nothing else.

    long_paragraph.max.300~mixed_language.enabled.0     a bound moved, and a rule switched off
    repetition.removed.1                                a rule taken out
    long.measure.answer_tokens~long.max.500             a rule added
    code_blocks.domains.math-stem~truncated.place.1     two domains only, and another order

The signs between the parts are those that an address carries as they are; none but the dot can be in a rule's name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from curation.errors import InputError
from curation.thresholds import ThresholdRule, ThresholdSet

_BETWEEN: Final = "~"
_CHANGE: Final = re.compile(r"(.+)\.(measure|min|max|domains|enabled|removed|place)\.(.*)", re.DOTALL)


def write_changes(saved: ThresholdSet, draft: ThresholdSet) -> str:
    """The text that makes `draft` of `saved`; "" where they are equal."""
    before, after = ({rule.name: rule for rule in each.rules} for each in (saved, draft))
    changes = [f"{name}.removed.1" for name in before if name not in after]
    for name, rule in after.items():
        old = before.get(name)
        changes += [f"{name}.{field}.{_write(rule, field)}" for field in _READ if _differs(old, rule, field)]
    order = [name for name in before if name in after] + [name for name in after if name not in before]
    for place, name in enumerate(after):
        if order[place] != name:
            order.remove(name)
            order.insert(place, name)
            changes.append(f"{name}.place.{place + 1}")
    return _BETWEEN.join(changes)


def apply_changes(saved: ThresholdSet, text: str) -> ThresholdSet:
    """What `text` makes of `saved`. Raises InputError for anything that is no change or cannot be."""
    fields: dict[str, dict[str, Any]] = {}
    removed: set[str] = set()
    places: list[tuple[str, int]] = []
    for change in text.split(_BETWEEN):
        name, field, value = _parts(change)
        if field == "removed":
            removed.add(name)
        elif field == "place":
            places.append((name, value))
        else:
            fields.setdefault(name, {})[field] = value
    kept = {rule.name: rule for rule in saved.rules if rule.name not in removed}
    if len(removed) + len(kept) != len(saved.rules):
        raise InputError("A rule is taken out that the set does not have.")
    for name, values in fields.items():
        kept[name] = _changed(kept.get(name), name, values)
    return _moved(ThresholdSet(saved.name, tuple(kept.values())), places)


def _differs(old: ThresholdRule | None, rule: ThresholdRule, field: str) -> bool:
    if old is None:
        return field == "measure" or getattr(rule, field) != _DEFAULTS[field]
    return bool(getattr(old, field) != getattr(rule, field))


def _write(rule: ThresholdRule, field: str) -> str:
    value = getattr(rule, field)
    if value is None:
        return ""
    if field == "domains":
        return "-".join(value)
    if field == "enabled":
        return str(int(value))
    return str(value) if field == "measure" else repr(float(value)).removesuffix(".0")


def _parts(change: str) -> tuple[str, str, Any]:
    found = _CHANGE.fullmatch(change)
    if found is None:
        raise InputError(f"{change!r} is no change of a rule.")
    name, field, written = found.groups()
    try:
        return name, field, _READ_ALL[field](written)
    except (ValueError, KeyError):
        raise InputError(f"{change!r} is no change of a rule: {written!r} cannot be its {field}.") from None


def _changed(old: ThresholdRule | None, name: str, values: dict[str, Any]) -> ThresholdRule:
    if old is not None:
        return replace(old, **values)
    if "measure" not in values:
        raise InputError(f"The set has no rule {name!r}.")
    return ThresholdRule(name, **values)


def _moved(rules: ThresholdSet, places: list[tuple[str, int]]) -> ThresholdSet:
    order = {rule.name: rule for rule in rules.rules}
    names = [*order]
    for name, place in places:
        if name not in order or not 1 <= place <= len(names):
            raise InputError(f"Rule {name!r} cannot come to place {place}.")
        names.remove(name)
        names.insert(place - 1, name)
    return ThresholdSet(rules.name, tuple(order[name] for name in names))


def _bound(written: str) -> float | None:
    return float(written) if written else None


def _domains(written: str) -> tuple[str, ...]:
    return tuple(written.split("-")) if written else ()


_YES: Final = {"1": True}
_READ: Final[Mapping[str, Callable[[str], Any]]] = {
    "measure": str,
    "min": _bound,
    "max": _bound,
    "domains": _domains,
    "enabled": {"0": False, **_YES}.__getitem__,
}
"""A field of a rule → how its text is read."""

_DEFAULTS: Final[Mapping[str, Any]] = {"min": None, "max": None, "domains": (), "enabled": True}
_READ_ALL: Final = {**_READ, "removed": _YES.__getitem__, "place": int}
