"""A CSV that somebody opens in a spreadsheet computes nothing and loses nothing."""

from __future__ import annotations

import pytest

from curation.spreadsheets import spreadsheet_cell


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=HYPERLINK(\"x\")", "'=HYPERLINK(\"x\")"), ("@SUM(1)", "'@SUM(1)"), ("-2+3", "'-2+3"), ("\t=1", "'\t=1"),
        ("-3", "-3"), ("+1.5e-3", "+1.5e-3"), ("-1,234", "-1,234"), ("x = 3", "x = 3"), ("", ""),
        (-3, -3), (None, None), (["a"], '["a"]'),
    ],
)  # fmt: skip
def test_only_formulas_are_marked(value: object, cell: object) -> None:
    assert spreadsheet_cell(value) == cell
