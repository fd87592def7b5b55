"""Cells of CSV files that people open in spreadsheets."""

from __future__ import annotations

import json
import re
from typing import Final

_NUMBER: Final = re.compile(r"[+-]?[\d.,]+(e[+-]?\d+)?%?", re.IGNORECASE)


def spreadsheet_cell(value: object) -> object:
    """A value that a spreadsheet shows and does not compute: text that begins like a formula gets an apostrophe before
    it, numbers stay as they are, and lists and objects are written as JSON."""
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    if not isinstance(value, str) or not value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return value
    return value if _NUMBER.fullmatch(value) else f"'{value}"
