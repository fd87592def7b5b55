"""A check says exactly what an import will do, names every bad row, and writes nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from curation import Workspace
from curation.errors import BadRowsError, InputError
from curation.prompts import GeneralOptions, ImportOptions, import_general, import_prompts
from curation.prompts.checking import BadRow, check_general, check_prompts, head_of

GOOD = [{"question": f"What is {number}?", "reference": str(number), "domain": "math"} for number in range(6)]
BAD = [{"question": "", "reference": "1", "domain": "math"}, {"question": "What?", "domain": "math"}]


def written(path: Path, rows: list[dict[str, str]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_check_foretells_the_import(workspace: Workspace, tmp_path: Path) -> None:
    import_prompts(workspace, written(tmp_path / "known.jsonl", GOOD[:2]))
    path = written(tmp_path / "prompts.jsonl", [*GOOD, GOOD[5], *BAD])
    checked = check_prompts(workspace, path, ImportOptions())
    assert (checked.new, checked.known, checked.bad) == (4, 3, 2)
    assert [bad.number for bad in checked.problems] == [8, 9]
    assert len(list(workspace.prompts.glob("*.parquet"))) == 1

    with pytest.raises(BadRowsError) as refused:
        import_prompts(workspace, path)
    places = [f"prompts.jsonl line {bad.number}: {bad.reason}" for bad in checked.problems]
    assert list(refused.value.problems) == places
    report = import_prompts(workspace, path, ImportOptions(skip_bad_rows=True))
    assert (report.imported, report.duplicates, report.skipped) == (4, 3, 2)


def test_a_line_that_is_no_json_is_a_bad_row(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "prompts.jsonl"
    path.write_text('{"question": "What?"\n\n["a"]\n')
    checked = check_prompts(workspace, path, ImportOptions(domain="math"))
    assert [bad.number for bad in checked.problems] == [1, 3]
    assert checked.problems[1] == BadRow(3, "not an object; write each row as {…}")


def test_general_samples_are_checked_alike(workspace: Workspace, tmp_path: Path) -> None:
    rows = [{"prompt": "Hello", "response": "Hi"}, {"prompt": "Hello"}, {"prompt": "Hello", "response": "Hi"}]
    path = written(tmp_path / "general.jsonl", rows)
    checked = check_general(workspace, path, GeneralOptions())
    assert (checked.new, checked.known, checked.bad) == (1, 1, 1)
    report = import_general(workspace, path, GeneralOptions(skip_bad_rows=True))
    assert (report.imported, report.duplicates, report.skipped) == (1, 1, 1)


def test_what_hears_of_the_rows_can_end_the_check(workspace: Workspace, tmp_path: Path) -> None:
    class EnoughError(Exception):
        pass

    def stop(rows: int) -> None:
        assert rows == 1000
        raise EnoughError

    path = written(tmp_path / "many.jsonl", [GOOD[0]] * 3000)
    with pytest.raises(EnoughError):
        check_prompts(workspace, path, ImportOptions(), stop)


def test_the_head_names_every_field_that_occurs(tmp_path: Path) -> None:
    path = written(tmp_path / "prompts.jsonl", [{"a": "1"}, {"b": "2", "a": "3"}])
    assert head_of(path).fields == ("a", "b")
    table = tmp_path / "prompts.csv"
    table.write_text("question,reference\n")
    assert head_of(table).fields == ("question", "reference") and head_of(table).rows == ()
    with pytest.raises(InputError, match="no such file"):
        head_of(tmp_path / "absent.jsonl")


def test_a_column_that_is_missing_is_told_once_for_the_whole_table(workspace: Workspace, tmp_path: Path) -> None:
    table = tmp_path / "prompts.csv"
    table.write_text("problem,reference\nWhat?,1\n")
    with pytest.raises(InputError, match='no column "question"'):
        check_prompts(workspace, table, ImportOptions(domain="math"))
