"""An import takes every good row of any supported file exactly once, and says of every bad one what and where."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation import Workspace
from curation.errors import BadRowsError, InputError, WinnowError
from curation.prompts import ImportOptions, import_prompts, list_imports, preview_import, prompt_ids, read_prompts
from curation.records import PROMPT_SCHEMA, Message, prompt_id

MATH = ImportOptions(domain="math")
ROWS: list[dict[str, Any]] = [
    {"question": 'What is "1 + 1"?', "reference": "2"},
    {"question": "Two lines:\nwhat is 2, plus 3?", "reference": "5"},
    {"question": "已知 x + 1 = 3，求 x 的值。", "reference": "2"},
]


def write_rows(path: Path, rows: list[dict[str, Any]]) -> Path:
    """`rows` in the format that the name of `path` promises."""
    plain = path.name.removesuffix(".gz")
    if plain.endswith(".parquet"):
        pq.write_table(pa.Table.from_pylist(rows), path)
        return path
    with gzip.open(path, "wt", encoding="utf-8") if path.name.endswith(".gz") else path.open("w", newline="") as file:
        if plain.endswith((".jsonl", ".ndjson")):
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        elif plain.endswith(".json"):
            json.dump(rows, file, ensure_ascii=False, indent=1)
        else:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return path


def problems(workspace: Workspace, path: Path, options: ImportOptions = MATH) -> str:
    with pytest.raises(BadRowsError) as caught:
        import_prompts(workspace, path, options)
    assert list(workspace.prompts.glob("*.parquet")) == []
    return str(caught.value)


@pytest.mark.parametrize(
    "ending", [".jsonl", ".jsonl.gz", ".ndjson", ".json", ".json.gz", ".csv", ".csv.gz", ".parquet"]
)
def test_every_format_gives_the_same_prompts(workspace: Workspace, tmp_path: Path, ending: str) -> None:
    path = write_rows(tmp_path / f"sums{ending}", ROWS)
    report = import_prompts(workspace, path, MATH)
    assert (report.name, report.imported, report.duplicates, report.bad) == ("sums", 3, 0, ())
    table = read_prompts(workspace)
    assert table.schema == PROMPT_SCHEMA
    read = table.to_pylist()
    assert [row["messages"] for row in read] == [[{"role": "user", "content": row["question"]}] for row in ROWS]
    assert [row["reference"] for row in read] == ["2", "5", "2"]
    assert [row["target_language"] for row in read] == ["en", "en", "zh"]
    assert {(r["domain"], r["task"], r["verifier"], r["split"]) for r in read} == {("math", "math", "math", "train")}
    assert read[0]["prompt_id"] == prompt_id([Message("user", ROWS[0]["question"])], "math", "2")
    assert read[0]["source"].startswith(f"sums{ending}:")


def test_gsm8k_as_published(workspace: Workspace, real_folder: Path) -> None:
    options = ImportOptions(domain="math", reference_field="answer", reference_pattern="#### (.+)")
    path = real_folder / "gsm8k" / "train.jsonl"
    report = import_prompts(workspace, path, options)
    assert (report.imported, report.duplicates, report.skipped) == (7473, 0, 0)
    assert read_prompts(workspace, columns=["reference"]).column("reference")[0].as_py() == "72"
    again = import_prompts(workspace, path, options)
    assert (again.name, again.imported, again.duplicates) == (None, 0, 7473)
    assert [file.rows for file in list_imports(workspace)] == [7473]


def test_the_rows_own_fields_are_used(workspace: Workspace, tmp_path: Path) -> None:
    row = {
        "question": "Which is it? A. one B. two",
        "domain": "stem",
        "task": "physics",
        "reference": "(b)",
        "verifier": "choice",
        "target_language": "zh-CN",
        "split": "held_out",
    }
    general = {"question": "hello", "domain": "general"}
    path = write_rows(tmp_path / "mixed.jsonl", [row, general])
    import_prompts(workspace, path)
    first, second = read_prompts(workspace).to_pylist()
    assert first["reference"] == "B"
    assert [first[k] for k in ("domain", "task", "verifier", "target_language", "split")] == [
        *("stem", "physics", "choice", "zh", "held_out")
    ]
    assert [second[k] for k in ("domain", "task", "verifier", "reference")] == ["general", "general", "none", None]


def test_a_setting_for_all_wins_over_the_rows_field(workspace: Workspace, tmp_path: Path) -> None:
    path = write_rows(
        tmp_path / "a.jsonl", [{"question": "1+1?", "reference": 2, "domain": "Algebra", "split": "test"}]
    )
    import_prompts(workspace, path, ImportOptions(domain="math", split="held_out", target_language="de", task="sums"))
    (row,) = read_prompts(workspace).to_pylist()
    assert [row[k] for k in ("domain", "split", "target_language", "task", "reference")] == [
        *("math", "held_out", "de", "sums", "2")
    ]


def test_conversations(workspace: Workspace, tmp_path: Path) -> None:
    messages = [
        {"role": "system", "content": "Answer briefly."},
        {"role": "user", "content": "1+1?"},
        {"role": "assistant", "content": "2"},
        {"role": "user", "content": "And 2+2?"},
    ]
    import_prompts(workspace, write_rows(tmp_path / "a.jsonl", [{"messages": messages, "reference": "4"}]), MATH)
    assert read_prompts(workspace).to_pylist()[0]["messages"] == messages


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"question": "1+1?"}', '"reference" is missing'),
        (b'{"question": "1+1?"}', 'math prompts that are verified by "math" need one, or set verifier to "none"'),
        (b'{"question": "1+1?", "reference": "  "}', '"reference" is empty'),
        (b'{"question": "1+1?", "reference": NaN}', '"reference" is nan'),
        (b'{"question": "1+1?", "reference": ["2"]}', '"reference" is a list; it must be text'),
        (b'{"question": "", "reference": "2"}', '"question" is empty'),
        (b'{"question": 7, "reference": "2"}', '"question" is a number; it must be text'),
        (b'{"problem": "1+1?", "reference": "2"}', '"question" is missing (the row has problem, reference; name'),
        (b'{"question": "\\u0000", "reference": "2"}', "control character U+0000"),
        (b'{"question": "$\\frac12$", "reference": "2"}', "backslash of a LaTeX command"),
        (b'{"question": "\\ud83d", "reference": "2"}', "half of a character"),
        (b'{"question": "caf\xe9", "reference": "2"}', "not UTF-8"),
        (b'{"question": "1+1?", "reference": "2"', "not JSON"),
        (b"[1, 2]", "not an object"),
        (b"[" * 100_000, "not JSON"),
        (
            b'{"question": "a?", "reference": "2", "verifier": "guess"}',
            "\"verifier\" is 'guess'; it must be one of math",
        ),
        (b'{"question": "a?", "reference": "2", "split": "test"}', "or give one for all with --split"),
        (b'{"question": "a?", "reference": "2", "target_language": "Klingon"}', "no known language"),
        (b'{"question": "a?", "reference": "2", "verifier": "choice"}', "the reference of a choice is its letter"),
        (b'{"messages": [], "reference": "2"}', "an empty list; it must be a list of at least one message"),
        (b'{"messages": [{"role": "user"}], "reference": "2"}', '"messages message 1 content" is missing'),
        (b'{"messages": [{"role": "bot", "content": "a"}], "reference": "2"}', "has role 'bot'"),
        (
            b'{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}',
            "ends with the assistant",
        ),
    ],
)
def test_a_bad_row_is_named_with_its_line(workspace: Workspace, tmp_path: Path, line: bytes, said: str) -> None:
    path = tmp_path / "prompts.jsonl"
    good = b'{"question": "1+2?", "reference": "3"}\n'
    path.write_bytes(good + b"\n" + line + b"\n" + good)
    message = problems(workspace, path)
    assert message.startswith("prompts.jsonl line 3: ")
    assert said in message


def test_all_or_nothing_unless_asked_otherwise(workspace: Workspace, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "a.jsonl", [*ROWS, {"question": "no reference"}, *ROWS])
    assert "Nothing was imported" in problems(workspace, path)
    report = import_prompts(workspace, path, ImportOptions(domain="math", skip_bad_rows=True))
    assert (report.imported, report.duplicates, report.skipped) == (3, 3, 1)
    assert report.bad[0].startswith("a.jsonl line 4: ")


def test_a_bad_row_after_the_first_chunks_leaves_nothing(workspace: Workspace, tmp_path: Path) -> None:
    rows = [{"question": f"What is {n} + 1?", "reference": str(n + 1)} for n in range(12_000)]
    path = write_rows(tmp_path / "long.jsonl", [*rows, {"question": "?"}])
    problems(workspace, path)
    assert [p for p in workspace.prompts.iterdir() if p.suffix != ".lock"] == []


def test_a_wholly_wrong_file_is_not_read_to_its_end(workspace: Workspace, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "a.jsonl", [{"problem": "?"}] * 5000)
    message = problems(workspace, path)
    assert "stopped after 1,000 bad rows" in message
    assert message.count("\n") < 30


def test_the_same_prompt_is_one_whatever_file_it_came_from(workspace: Workspace, tmp_path: Path) -> None:
    import_prompts(workspace, write_rows(tmp_path / "a.jsonl", ROWS[:2]), MATH)
    report = import_prompts(workspace, write_rows(tmp_path / "b.csv", [*ROWS, ROWS[2]]), MATH)
    assert (report.imported, report.duplicates) == (1, 3)
    assert len(prompt_ids(workspace)) == 3
    other_domain = import_prompts(workspace, tmp_path / "a.jsonl", ImportOptions(domain="logic"))
    assert other_domain.imported == 2
    assert other_domain.name == "a-2"


def test_a_name_is_never_taken_twice(workspace: Workspace, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "a.jsonl", ROWS[:1])
    import_prompts(workspace, path, ImportOptions(domain="math", name="sums"))
    before = (workspace.prompts / "sums.parquet").read_bytes()
    other = write_rows(tmp_path / "b.jsonl", ROWS[1:])
    with pytest.raises(InputError, match="choose another name"):
        import_prompts(workspace, other, ImportOptions(domain="math", name="sums"))
    with pytest.raises(InputError, match="cannot name an import"):
        import_prompts(workspace, other, ImportOptions(domain="math", name="../sums"))
    assert (workspace.prompts / "sums.parquet").read_bytes() == before


# Without a time in it: test workers must agree on the cases' names, which are made of the content.
CUT_GZIP = gzip.compress(b'{"question": "1?", "reference": "2"}\n' * 9, mtime=0)[:-9]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"", "empty"),
        ("a.csv", b"question,question\n1,2\n", "names 'question' twice"),
        ("a.csv", b"problem,reference\n1+1?,2\n", 'no column "question"; the columns are problem, reference'),
        ("a.csv", b'question,reference\n1+1?,2\n"open,3\n4,5\n', "line 3: a quote that opens here is never closed"),
        ("a.json", b'{\n"rows": [1]}', 'no list under "data"'),
        ("a.json", b'[{"question": "1?", "reference": "2"} {}]', "after item 1"),
        ("a.json", b'[{"question": "1?", "reference": "2"}, {"question": ', "item 2 is not valid JSON"),
        ("a.jsonl.gz", b"not gzip", "not a whole gzip file"),
        ("a.jsonl.gz", CUT_GZIP, "not a whole gzip file"),
        ("a.parquet", b"PAR1 no", "not a readable Parquet file"),
        ("a.xlsx", b"", "the name must end in one of .jsonl"),
    ],
)
def test_a_file_that_is_not_what_it_says(
    workspace: Workspace, tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as caught:
        import_prompts(workspace, tmp_path / name, MATH)
    assert name in str(caught.value)
    assert said in str(caught.value)
    assert list(workspace.prompts.glob("*.parquet")) == []


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.json", b'[{"question": ' + b"1" * 5_000 + b"}]", "item 1 cannot be read"),
        ("a.json", b'{"question": ' + b"[" * 200_000, "is nested too deeply"),
        ("a.csv", b'messages,reference\n"' + b"[" * 200_000 + b'",2\n', "neither a list of messages nor JSON of one"),
    ],
    ids=["an integer of 5,000 digits", "lists in lists in lists", "the same in a cell"],
)
def test_json_that_cannot_be_read_is_told(
    workspace: Workspace, tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as caught:
        import_prompts(workspace, tmp_path / name, MATH)
    assert said in str(caught.value) and len(str(caught.value)) < 2_000


def test_rows_of_a_csv_are_counted_by_line(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b'\xef\xbb\xbfquestion,reference\r\n"two\r\nlines",1\r\nlone\r\ncaf\xe9,2\r\nx,\r\n')
    message = problems(workspace, path)
    assert "a.csv line 4: 1 values for 2 columns" in message
    assert 'a.csv line 5: "question" holds text that is not UTF-8' in message
    assert 'a.csv line 6: "reference" is empty' in message


def test_json_under_data_and_json_lines_in_disguise(workspace: Workspace, tmp_path: Path) -> None:
    nested = tmp_path / "nested.json"
    nested.write_text(json.dumps({"version": 1.1, "meta": {"data": [1]}, "data": ROWS}))
    assert import_prompts(workspace, nested, MATH).imported == 3
    lines = tmp_path / "lines.json"
    lines.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    assert import_prompts(workspace, lines, MATH).duplicates == 3


def test_long_texts_cross_the_readers_windows(workspace: Workspace, tmp_path: Path) -> None:
    rows = [{"question": f"{n} " + "长" * 900_000, "reference": str(n)} for n in range(4)]
    for ending in (".json", ".csv", ".jsonl"):
        report = import_prompts(workspace, write_rows(tmp_path / f"long{ending}", rows), MATH)
        assert report.imported + report.duplicates == 4
    assert read_prompts(workspace, columns=["reference"]).column("reference").to_pylist() == ["0", "1", "2", "3"]


def test_the_reference_pattern(workspace: Workspace, tmp_path: Path) -> None:
    rows = [{"question": "a?", "solution": "long\n#### 1,000 "}, {"question": "b?", "solution": "no mark"}]
    path = write_rows(tmp_path / "a.jsonl", rows)
    options = ImportOptions(
        domain="math", reference_field="solution", reference_pattern="#### (.+)", skip_bad_rows=True
    )
    report = import_prompts(workspace, path, options)
    assert report.imported == 1
    assert "line 2" in report.bad[0]
    assert "does not match the reference pattern" in report.bad[0]
    assert read_prompts(workspace, columns=["reference"]).column("reference").to_pylist() == ["1,000"]
    with pytest.raises(InputError, match="not a regular expression"):
        ImportOptions(reference_pattern="#### (.+")


def test_a_preview_writes_nothing(workspace: Workspace, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "a.csv", [*ROWS, {"question": "", "reference": "1"}, *ROWS])
    preview = preview_import(path, MATH, rows=4)
    assert [prompt.messages[0].content for prompt in preview.rows] == [row["question"] for row in ROWS]
    assert preview.bad == ('a.csv line 6: "question" is empty',)
    assert preview.fields == ("question", "reference")
    assert list(workspace.prompts.iterdir()) == []


def test_settings_that_cannot_be_meant() -> None:
    for settings in ({"domain": "maths"}, {"verifier": "x"}, {"split": "test"}, {"target_language": "xx"}):
        with pytest.raises(InputError, match="is not a known"):
            ImportOptions(**settings)  # type: ignore[arg-type]


def test_a_missing_file_is_said(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(WinnowError, match="no such file"):
        import_prompts(workspace, tmp_path / "none.jsonl", MATH)
    with pytest.raises(WinnowError, match="is a folder"):
        import_prompts(workspace, tmp_path, MATH)
