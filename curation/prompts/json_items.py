"""The items of a JSON array, one by one, so that a file of any size is read in flat memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final, TextIO

_CHUNK: Final = 1 << 20  # characters
_SPACE: Final = " \t\n\r"
_DECODER: Final = json.JSONDecoder()


class BrokenJsonError(ValueError):
    """The text is no JSON list, nor an object with one under "data"; the message says where."""


def iter_json_items(stream: TextIO) -> Iterator[Any]:
    """The items of a top-level list, or of the list under the key "data" of a top-level object.

    Raises BrokenJsonError where the text stops being JSON; items before that place have been yielded by then.
    """
    scanner = _Scanner(stream)
    opening = scanner.take()
    if opening == "[":
        yield from _items(scanner)
    elif opening == "{":
        yield from _items_under_data(scanner)
    else:
        raise BrokenJsonError('it does not start with a list, or with an object that has a list under "data"')


def _items_under_data(scanner: _Scanner) -> Iterator[Any]:
    while True:
        key = scanner.value('a key of the outer object, or its end: there is no list under "data"')
        if scanner.take() != ":":
            raise BrokenJsonError("a colon is missing in the outer object")
        if key == "data":
            if scanner.take() != "[":
                raise BrokenJsonError('what stands under "data" is not a list')
            yield from _items(scanner)
            return  # what follows the list does not matter
        scanner.value(f"the value of {key!r}")
        if scanner.take() != ",":
            raise BrokenJsonError('the outer object has no list under "data"')


def _items(scanner: _Scanner) -> Iterator[Any]:
    if scanner.peek() == "]":
        scanner.take()
        return
    number = 0
    while True:
        number += 1
        yield scanner.value(f"item {number:,}")
        follows = scanner.take()
        if follows == "]":
            return
        if follows != ",":
            what = repr(follows) if follows else "the end of the file"
            raise BrokenJsonError(f"after item {number:,} a comma or ] is missing, {what} stands there")


class _Scanner:
    """A window on the stream that grows until the next value is whole."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._text = ""
        self._at = 0
        self._ended = False

    def peek(self) -> str:
        """The next character that is not space, "" at the end."""
        while True:
            while self._at < len(self._text):
                if self._text[self._at] not in _SPACE:
                    return self._text[self._at]
                self._at += 1
            if not self._grow():
                return ""

    def take(self) -> str:
        character = self.peek()
        self._at += len(character)
        return character

    def value(self, what: str) -> Any:
        self.peek()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                # a value that is cut by the window's edge and one that is broken look the same until more is read
                if self._grow():
                    continue
                raise BrokenJsonError(f"{what} is not valid JSON ({error.msg})") from error
            except RecursionError as error:
                raise BrokenJsonError(f"{what} is nested too deeply") from error
            except ValueError as error:  # an integer of more digits than Python reads
                raise BrokenJsonError(f"{what} cannot be read ({error})") from error
            if end == len(self._text) and self._grow():
                continue  # a number may go on
            self._at = end
            return value

    def _grow(self) -> bool:
        if self._ended:
            return False
        self._text = self._text[self._at :]
        self._at = 0
        more = self._stream.read(max(_CHUNK, len(self._text)))
        self._ended = not more
        self._text += more
        return bool(more)
