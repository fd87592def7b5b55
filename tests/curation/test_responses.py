"""Promise: a response is split the same way everywhere, and only a clean think block and an answer is well formed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.responses import Response, find_layout, reasoning_bounds, split_response

pieces = st.lists(
    st.sampled_from(["<think>", "</think>", " ", "\n", "a", "答案", "<", "think>", "\ud800"]), max_size=12
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<think>a</think>b", Response("a", "b", True)),
        ("\n<think>\na\n</think>\n\nb\n", Response("\na\n", "\n\nb\n", True)),
        ("", Response("", "", False)),
        ("b", Response("", "b", False)),
        ("<think>a", Response("a", "", False)),
        ("<think>", Response("", "", False)),
        ("<think></think>b", Response("", "b", False)),
        ("<think> \n          \n </think>b", Response(" \n          \n ", "b", False)),
        ("<think>a</think>", Response("a", "", False)),
        ("<think>a</think> \n", Response("a", " \n", False)),
        ("<think>a</think>b<think>c</think>d", Response("a", "b<think>c</think>d", False)),
        ("<think>a<think>b</think>c", Response("a<think>b", "c", False)),
        ("<think>a</think>b</think>", Response("a", "b</think>", False)),
        ("a</think>b", Response("a", "b", False)),
        ("Well. <think>a</think>b", Response("a", "b", False)),
        ("It says <think> and no more", Response("", "It says <think> and no more", False)),
        ("<THINK>a</THINK>b", Response("", "<THINK>a</THINK>b", False)),
    ],
)
def test_split(text: str, expected: Response) -> None:
    assert split_response(text) == expected


@given(pieces.map("".join))
def test_parts_are_slices_in_order(text: str) -> None:
    layout = find_layout(text)
    assert 0 <= layout.reasoning_start <= layout.reasoning_end <= layout.answer_start <= len(text)
    response = split_response(text)
    start, end = reasoning_bounds(text)
    assert response.reasoning == text[start:end]
    assert text.endswith(response.answer)
    if response.well_formed:
        assert response.reasoning.strip()
        assert response.answer.strip()
        assert text.count("<think>") == text.count("</think>") == 1
