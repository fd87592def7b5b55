"""General samples are imported with the manners of prompts: checked, once each, all or nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from curation import Workspace
from curation.errors import BadRowsError
from curation.prompts.general import GeneralOptions, import_general, iter_general, list_general, preview_general
from curation.records import GENERAL_SCHEMA

MESSAGES = [{"role": "user", "content": "你是谁？"}, {"role": "assistant", "content": "我是一个助手。"}]
PAIR = {"prompt": "Say hello.", "response": "Hello!", "task": "writing", "language": "en"}


def lines(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_both_shapes(workspace: Workspace, tmp_path: Path) -> None:
    path = lines(tmp_path / "general.jsonl", [{"messages": MESSAGES}, PAIR, PAIR])
    report = import_general(workspace, path)
    assert (report.name, report.imported, report.duplicates) == ("general", 2, 1)
    (table,) = iter_general(workspace)
    assert table.schema == GENERAL_SCHEMA
    first, second = table.to_pylist()
    assert (first["messages"], first["task"], first["language"]) == (MESSAGES, "general", "zh")
    assert (second["messages"][1]["content"], second["task"], second["language"]) == ("Hello!", "writing", "en")
    assert import_general(workspace, path).imported == 0
    assert [file.rows for file in list_general(workspace)] == [2]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"prompt": "Hi"}, '"response" is missing'),
        ({"response": "Hi"}, '"messages" is missing'),
        ({"prompt": "Hi", "response": " "}, '"response" is empty'),
        ({"messages": MESSAGES[:1]}, "end with the assistant's"),
        ({"messages": MESSAGES[1:]}, "must hold a user's message"),
        ({**PAIR, "language": "xx"}, "no known language"),
    ],
)
def test_bad_rows(workspace: Workspace, tmp_path: Path, row: dict[str, Any], said: str) -> None:
    path = lines(tmp_path / "g.jsonl", [PAIR, row])
    with pytest.raises(BadRowsError) as caught:
        import_general(workspace, path)
    assert str(caught.value).startswith("g.jsonl line 2: ")
    assert said in str(caught.value)
    assert list_general(workspace) == []
    assert import_general(workspace, path, GeneralOptions(skip_bad_rows=True)).imported == 1


def test_preview(tmp_path: Path) -> None:
    preview = preview_general(lines(tmp_path / "g.jsonl", [PAIR, {"prompt": "Hi"}]))
    assert [sample.task for sample in preview.rows] == ["writing"]
    assert len(preview.bad) == 1
