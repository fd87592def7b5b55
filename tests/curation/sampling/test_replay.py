"""Responses from elsewhere go to the requests that they answer; a file that cannot be used says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.errors import ModelError
from curation.records import Message
from curation.sampling.engines import Completion, SamplingRequest, open_engine


def replay(path: Path, keys: list[tuple[int, int]]) -> list[Completion]:
    requests = [SamplingRequest(key, (Message("user", "?"),), 1) for key in keys]
    return list(open_engine("replay", path).generate(requests))


def test_rows_with_keys_answer_their_requests(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(
        '{"prompt_id": "00000000000000ff", "text": "2024-01-02", "finish_reason": "length", "answer_tokens": 3}\n'
        '{"prompt_id": "00000000000000ff", "text": "second", "finish_reason": "stop", "answer_tokens": 1}\n'
        '{"prompt_id": "0000000000000001", "text": "one", "finish_reason": "stop", "answer_tokens": 1}\n'
    )
    found = replay(path, [(1, 0), (255, 1), (255, 0), (7, 0)])
    assert [(c.key, c.text) for c in found] == [((1, 0), "one"), ((255, 1), "second"), ((255, 0), "2024-01-02")]
    assert (found[2].finish_reason, found[2].answer_tokens) == ("length", 3)


def test_rows_without_keys_are_served_in_turn(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "a"}\n{"text": "b"}\n')
    assert [c.text for c in replay(path, [(i, 0) for i in range(5)])] == ["a", "b", "a", "b", "a"]


@pytest.mark.parametrize("content", ['{"answer": "a"}\n', '{"text": null}\n', "{not json\n", ""])
def test_a_file_that_cannot_be_used_says_so(tmp_path: Path, content: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(content)
    with pytest.raises(ModelError, match=r"rows\.jsonl"):
        replay(path, [(1, 0)])
