"""Data files are cut at a size, keep their order, and do not depend on how the samples happened to arrive."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.export.config import FileType, Form
from curation.export.forms import SAMPLE_SCHEMA, formed, sample_bytes, split_last
from curation.export.writing import DataFile, DataFileWriter


def samples(count: int, characters: int = 10) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {
                "kind": "reasoning" if n % 3 else "general",
                "id": 2**64 - 1 - n,
                "prompt_id": n if n % 3 else None,
                "domain": "math",
                "task": "算术",
                "language": "zh",
                "messages": [{"role": "user", "content": f"问 {k}"} for k in range(n % 3 + 1)],
                "response": f"{n} " + "长x" * (characters // 2),
            }
            for n in range(count)
        ],
        schema=SAMPLE_SCHEMA,
    )


def written(folder: Path, parts: list[pa.Table], file_type: str, file_bytes: int = 10**9) -> tuple[DataFile, ...]:
    folder.mkdir()
    with DataFileWriter(folder, Form.PROMPT_COMPLETION, file_type, file_bytes) as writer:
        for part in parts:
            writer.write(part)
        return writer.close()


@pytest.mark.parametrize("file_type", list(FileType))
def test_files_are_cut_at_their_size(tmp_path: Path, file_type: str) -> None:
    table = samples(9_000, characters=20)
    files = written(tmp_path / "a", [table], file_type, file_bytes=1000)
    assert [file.name for file in files] == [f"data/train-0000{n}-of-00003.{file_type}" for n in range(3)]
    assert [file.rows for file in files] == [4096, 4096, 808]
    ids: list[str] = []
    for file in files:
        path = tmp_path / "a" / file.name
        if file_type == FileType.PARQUET:
            ids += pq.read_table(path)["id"].to_pylist()
        else:
            ids += [json.loads(line)["id"] for line in path.read_text(encoding="utf-8").splitlines()]
    assert ids == [f"{2**64 - 1 - n:016x}" for n in range(9_000)]
    assert {path.name for path in (tmp_path / "a" / "data").iterdir()} == {Path(file.name).name for file in files}


def test_long_samples_make_small_row_groups(tmp_path: Path) -> None:
    (file,) = written(tmp_path / "a", [samples(12, characters=2 << 20)], FileType.PARQUET)
    groups = pq.ParquetFile(tmp_path / "a" / file.name)
    assert groups.num_row_groups == 3
    assert sum(groups.metadata.row_group(n).num_rows for n in range(groups.num_row_groups)) == 12


@settings(max_examples=8, deadline=None)
@given(cuts=st.lists(st.integers(0, 5000), max_size=6))
def test_bytes_do_not_depend_on_how_samples_arrive(tmp_path_factory: pytest.TempPathFactory, cuts: list[int]) -> None:
    folder = tmp_path_factory.mktemp("arrival")
    table = samples(5_000)
    edges = [0, *sorted(cuts), 5_000]
    parts = [table.slice(start, end - start) for start, end in pairwise(edges)]
    assert written(folder / "one", [table], FileType.PARQUET) == written(folder / "parts", parts, FileType.PARQUET)


@pytest.mark.parametrize("form", list(Form))
def test_a_slice_has_the_form_of_its_rows(form: str) -> None:
    table = samples(9)
    whole = formed(table, form).to_pylist()
    assert formed(table.slice(4, 3), form).to_pylist() == whole[4:7]
    assert formed(pa.concat_tables([table.slice(0, 4), table.slice(4)]), form).to_pylist() == whole


def test_sizes_are_in_bytes() -> None:
    table = samples(6)
    expected = [
        sum(len(m["content"].encode()) for m in row["messages"]) + len(row["response"].encode())
        for row in table.to_pylist()
    ]
    assert sample_bytes(table).tolist() == expected
    assert sample_bytes(table.slice(2, 3)).tolist() == expected[2:5]


def test_the_last_message_is_split_off() -> None:
    conversations = samples(6)["messages"].combine_chunks().slice(1, 4)
    before, last = split_last(conversations)
    whole = conversations.to_pylist()
    assert before.to_pylist() == [messages[:-1] for messages in whole]
    assert last.to_pylist() == [messages[-1]["content"] for messages in whole]
