"""The reading pane loses no character, marks exactly what was found, and shows what has no shape; whatever it shows is
text to the browser."""

from __future__ import annotations

import random
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from components.reading_pane import FIRST_CHARACTERS
from components.reading_runs import Marking, Part, blocks_of, parts_of
from curation.measures import Span, find_spans
from tests.app.test_palette import contrast

ASTRAL = "😀 𠀀因此 👩‍👩‍👧‍👦 𝔘"


def marking(*spans: tuple[int, int]) -> Marking:
    return Marking("Rule", "#C2418C", "wavy", tuple(Span(start, end) for start, end in spans))


def words(blocks: list[dict[str, Any]]) -> str:
    return "".join(run if isinstance(run, str) else run["t"] for block in blocks for run in block["runs"])


def bare(text: str) -> str:
    """Without white space: of blank lines the pane draws a gap."""
    return "".join(text.split())


def marked(blocks: list[dict[str, Any]]) -> dict[tuple[int, int], str]:
    found: dict[tuple[int, int], str] = {}
    for block in blocks:
        for run in block["runs"]:
            for rule, number, _wide in [] if isinstance(run, str) else run.get("m", []):
                found[rule, number] = found.get((rule, number), "") + run["t"]
    return found


def test_the_marked_characters_are_those_of_the_spans() -> None:
    chosen = random.Random(3)
    signs = [*"ab 因😀𠀀é\n.`", "word ", "\n\n", "\n```\n", "<think>", "שלום"]
    for _turn in range(200):
        text = "".join(chosen.choices(signs, k=60))
        markings = []
        for _rule in range(2):
            cuts = sorted(chosen.sample(range(len(text) + 1), 8))
            markings.append(marking(*zip(cuts[::2], cuts[1::2], strict=True)))
        blocks = blocks_of(text, 0, len(text), markings)
        assert bare(words(blocks)) == bare(text)
        expected = {
            (rule, number): bare(text[span.start : span.end])
            for rule, each in enumerate(markings)
            for number, span in enumerate(each.spans)
        }
        found = {key: bare(value) for key, value in marked(blocks).items()}
        assert {key: value for key, value in found.items() if value} == {
            key: value for key, value in expected.items() if value
        }


def test_what_the_measures_find_is_what_is_marked() -> None:
    text = f"<think>\n{ASTRAL} so 因此 we go\n</think>\n\n42"
    spans = tuple(find_spans("foreign_words", text, "en"))
    (reasoning, _answer) = parts_of(text)
    found = marked(blocks_of(text, reasoning.start, reasoning.end, [Marking("", "", "wavy", spans)]))
    assert list(found.values()) == [text[span.start : span.end] for span in spans]
    assert "因" in "".join(found.values())


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("<think>\nwhy\n</think>\n\n42\n", [("reasoning", "why"), ("answer", "42")]),
        ("no block", [("answer", "no block")]),
        ("<think>never closed", [("reasoning", "never closed"), ("answer", "")]),
        ("<think></think>", [("reasoning", ""), ("answer", "")]),
        ("first <think>why</think>42", [("before", "first"), ("reasoning", "why"), ("answer", "42")]),
        ("why</think>42", [("reasoning", "why"), ("answer", "42")]),
        ("<think>\n    indented\n</think>x", [("reasoning", "    indented"), ("answer", "x")]),
        ("", [("answer", "")]),
    ],
)
def test_the_think_block_is_apart_from_the_answer(text: str, parts: list[tuple[str, str]]) -> None:
    assert [(part.kind, text[part.start : part.end]) for part in parts_of(text)] == parts


def test_a_tag_that_a_rule_objects_to_is_shown() -> None:
    text = "<think>never closed"
    objection = Marking("Malformed", "#B84220", "double", tuple(find_spans("well_formed", text, "en")))
    (reasoning, _answer) = parts_of(text, [objection])
    assert text[reasoning.start : reasoning.end] == text
    assert list(marked(blocks_of(text, reasoning.start, reasoning.end, [objection])).values()) == ["<think>"]


def test_characters_without_a_shape_are_named() -> None:
    text = "\x1b[31m \u202eevil\u202c \x00\x00\x00 \u200b \U000e0041 \x7f \x85 a\tb"
    (block,) = blocks_of(text, 0, len(text))
    signs = [run["t"] for run in block["runs"] if not isinstance(run, str)]
    assert signs == ["ESC", "U+202E", "U+202C", "NUL×3", "U+200B", "U+E0041", "U+007F", "U+0085"]
    assert "a\tb" in words([block])


def test_only_fenced_code_is_code() -> None:
    text = "prose\n```python\nx = 1\n\ny = 2\n```\nmore\n~~~\nnever closed"
    blocks = blocks_of(text, 0, len(text))
    assert [(block["code"], words([block])) for block in blocks] == [
        (0, "prose"),
        (1, "```python\nx = 1\n\ny = 2\n```"),
        (0, "more"),
        (1, "~~~\nnever closed"),
    ]


def test_a_long_text_is_cut_and_told() -> None:
    def page() -> None:
        from components.reading_pane import reading_pane, reading_text

        reading_pane("<think>" + "word " * 200_000 + "</think>42", key="pane")
        reading_text("plain\n\ntext", key="text")

    app = AppTest.from_function(page, default_timeout=240).run()
    assert not app.exception
    text = "<think>" + "word " * 200_000 + "</think>42"
    (reasoning, answer) = parts_of(text)
    assert reasoning.end - reasoning.start > 10 * FIRST_CHARACTERS
    assert answer == Part("answer", len(text) - 2, len(text))


def test_marks_are_told_apart_on_either_background() -> None:
    from components.marked_response import LOOKS

    assert len(set(LOOKS.values())) == len({colour for colour, _line in LOOKS.values()})
    assert len({line for _colour, line in LOOKS.values()}) == len({colour for colour, _line in LOOKS.values()})
    for colour, _line in LOOKS.values():
        assert contrast(colour, "#FFFFFF") >= 3
        assert contrast(colour, "#12161C") >= 3
