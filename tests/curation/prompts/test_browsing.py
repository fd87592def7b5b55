"""Prompts are found by domain, split, words and id, page by page, whatever their number and wherever they lie."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from curation import Workspace
from curation.errors import InputError, ShardError
from curation.index import Index
from curation.prompts import ImportOptions, import_prompts, prompt_ids, read_prompts
from curation.prompts.browsing import (
    PromptFilter,
    candidates_of,
    count_prompts,
    find_prompt,
    page_of_prompts,
    write_prompts_csv,
)
from curation.records import format_id
from curation.thresholds import default_thresholds
from tests.app.filled_workspace import fill

RULES = default_thresholds()


def import_questions(workspace: Workspace, path: Path, questions: list[str], domain: str, split: str) -> None:
    rows = [{"question": question, "reference": str(number)} for number, question in enumerate(questions)]
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    import_prompts(workspace, path, ImportOptions(domain=domain, split=split))


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    workspace = Workspace.create(tmp_path / "a folder [a-c] of *")
    questions = [f"How many are {number} and 2?" for number in range(30)]
    import_questions(workspace, tmp_path / "sums [1].jsonl", questions, "math", "train")
    import_questions(
        workspace, tmp_path / "more.jsonl", ["Is the SKY blue? 100 %", "Ist Größe ein Wort?"], "logic", "held_out"
    )
    with Index.open(workspace) as opened:
        opened.refresh()
        yield opened


def ids_of(page_rows: object) -> list[int]:
    return page_rows.column("prompt_id").to_pylist()  # type: ignore[attr-defined, no-any-return]


def test_prompts_are_counted_by_domain_and_split(index: Index) -> None:
    assert [(each.domain, each.split, each.prompts) for each in count_prompts(index)] == [
        ("math", "train", 30),
        ("logic", "held_out", 2),
    ]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (PromptFilter(), 32),
        (PromptFilter(domain="math"), 30),
        (PromptFilter(split="held_out"), 2),
        (PromptFilter(domain="math", split="held_out"), 0),
        (PromptFilter(text="the sky"), 1),
        (PromptFilter(text="GRÖSSE"), 0),
        (PromptFilter(text="GRÖßE"), 1),
        (PromptFilter(text="%"), 1),
        (PromptFilter(text="_"), 0),
        (PromptFilter(text="'; DROP TABLE prompts; --"), 0),
        (PromptFilter(domain="math", text="and 2?"), 30),
        (PromptFilter(domain="logic", text="and 2?"), 0),
    ],
)
def test_a_filter_lets_through_what_it_says(index: Index, wanted: PromptFilter, expected: int) -> None:
    page = page_of_prompts(index, RULES, wanted, limit=100)
    assert page.total == page.rows.num_rows == expected


def test_a_prompt_is_found_by_its_id_or_the_beginning_of_it(index: Index) -> None:
    wanted = int(prompt_ids(index.workspace)[7])
    for text in (format_id(wanted), format_id(wanted).upper(), format_id(wanted)[:8]):
        assert ids_of(page_of_prompts(index, RULES, PromptFilter(text=text)).rows) == [wanted]


def test_every_prompt_is_on_exactly_one_page_forth_and_back(index: Index) -> None:
    seen: list[int] = []
    starts: list[int] = []
    page = page_of_prompts(index, RULES, PromptFilter(), limit=7)
    assert page.previous is None
    while True:
        starts.append(ids_of(page.rows)[0])
        assert page.before == len(seen) and page.total == 32
        seen += ids_of(page.rows)
        if page.next is None:
            break
        page = page_of_prompts(index, RULES, PromptFilter(), start=page.next, limit=7)
    assert seen == sorted(prompt_ids(index.workspace).tolist())
    for start in reversed(starts[:-1]):
        assert page.previous == start
        page = page_of_prompts(index, RULES, PromptFilter(), start=page.previous, limit=7)


def test_a_row_says_what_the_prompt_asks_and_how_its_candidates_fared(workspace: Workspace) -> None:
    fill(workspace, prompts=8, samples=3)
    with Index.open(workspace) as index:
        index.refresh()
        rows = page_of_prompts(index, RULES, PromptFilter(), limit=50).rows.to_pylist()
        assert len(rows) == 12
        for row in rows:
            stored = read_prompts(workspace, np.array([row["prompt_id"]], np.uint64)).to_pylist()[0]
            assert row["question"] == stored["messages"][0]["content"] and row["reference"] == "42"
            found = candidates_of(index, RULES, row["prompt_id"], limit=50)
            assert found.total == found.rows.num_rows == row["candidates"] == (3 if row["split"] == "train" else 0)
            assert found.verdicts.get("correct", 0) == row["correct"]
            assert found.rows.column("reasons").to_pylist().count([]) == row["accepted"]
            for candidate in found.rows.to_pylist():
                assert (candidate["verdict"] in candidate["reasons"]) == (candidate["verdict"] != "correct")


def test_candidates_come_page_by_page(workspace: Workspace) -> None:
    fill(workspace, prompts=4, samples=5)
    with Index.open(workspace) as index:
        index.refresh()
        prompt = page_of_prompts(index, RULES, PromptFilter(split="train"), limit=1).rows.column("prompt_id")[0].as_py()
        pages = [candidates_of(index, RULES, prompt, offset=offset, limit=2) for offset in (0, 2, 4, 6)]
        assert [page.rows.column("sample").to_pylist() for page in pages] == [[0, 1], [2, 3], [4], []]
        assert {page.total for page in pages} == {5}


def test_the_download_holds_every_prompt_of_the_filter_whole(index: Index) -> None:
    target = io.StringIO()
    write_prompts_csv(index, RULES, PromptFilter(domain="math", text="and 2"), target)
    rows = list(csv.DictReader(io.StringIO(target.getvalue())))
    assert len(rows) == 30
    assert {row["question"] for row in rows} == {f"How many are {number} and 2?" for number in range(30)}
    assert {row["prompt_id"] for row in rows} == {format_id(each) for each in ids_of(
        page_of_prompts(index, RULES, PromptFilter(domain="math"), limit=50).rows)}  # fmt: skip


def test_a_whole_prompt_is_found_and_an_unknown_one_is_none(index: Index) -> None:
    wanted = int(prompt_ids(index.workspace)[0])
    prompt = find_prompt(index.workspace, wanted)
    assert prompt is not None and prompt.prompt_id == wanted
    assert find_prompt(index.workspace, 1) is None


def test_an_empty_workspace_has_empty_pages(workspace: Workspace) -> None:
    with Index.open(workspace) as index:
        index.refresh()
        assert count_prompts(index) == []
        for wanted in (PromptFilter(), PromptFilter(text="anything")):
            page = page_of_prompts(index, RULES, wanted)
            assert (page.total, page.rows.num_rows, page.previous, page.next) == (0, 0, None, None)


def test_a_damaged_file_is_named(index: Index) -> None:
    for path in index.workspace.prompts.glob("*.parquet"):
        path.write_bytes(b"PAR1 no more")
    for ask in (PromptFilter(), PromptFilter(text="sky")):
        with pytest.raises(ShardError, match="cannot be read"):
            page_of_prompts(index, RULES, ask)


def test_a_filter_that_cannot_be_is_refused() -> None:
    with pytest.raises(InputError, match="no domain"):
        PromptFilter(domain="cooking")
    with pytest.raises(InputError, match="no split"):
        PromptFilter(split="test")
