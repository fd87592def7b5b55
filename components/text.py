"""Where interface text passes through, so that a catalogue of another language can take its place."""

from __future__ import annotations


def _(text: str) -> str:
    """`text` in the language of the interface; today that is English."""
    return text


def plural(one: str, many: str, count: int) -> str:
    """The form of a phrase that fits `count`."""
    return one if count == 1 else many


def inert(text: str) -> str:
    """`text` with everything that Markdown would act on escaped: for labels that can only be Markdown."""
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]()<>#+-.!|$~:^=&" else sign for sign in text.replace("\n", " "))


__all__ = ["_", "inert", "plural"]
