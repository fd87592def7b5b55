"""Prompts are read back once each, in the order that was asked for, and a damaged file is named."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from curation import Workspace
from curation.errors import InputError, ShardError
from curation.prompts import ImportOptions, import_prompts, iter_prompts, prompt_ids, read_prompts


@pytest.fixture
def many(workspace: Workspace, tmp_path: Path) -> Workspace:
    path = tmp_path / "sums.csv"
    path.write_text("question,reference\n" + "".join(f"What is {n} + 1?,{n + 1}\n" for n in range(12_000)))
    import_prompts(workspace, path, ImportOptions(domain="math"))
    return workspace


def test_rows_come_in_the_order_of_the_ids(many: Workspace) -> None:
    everything = read_prompts(many)
    ids = everything.column("prompt_id").to_numpy()
    chosen = ids[[11_999, 3, 3, 7_000]]
    assert read_prompts(many, chosen, ["reference"]).to_pydict() == {"reference": ["12000", "4", "4", "7001"]}
    assert read_prompts(many, np.empty(0, np.uint64)).num_rows == 0


def test_an_unknown_id_is_an_error(many: Workspace) -> None:
    with pytest.raises(InputError, match="1 of 2 prompts are not there, such as 0000000000000007"):
        read_prompts(many, np.array([prompt_ids(many)[0], 7], np.uint64))


def test_a_prompt_in_two_files_is_read_once(many: Workspace) -> None:
    shutil.copy(many.prompts / "sums.parquet", many.prompts / "copy.parquet")
    (many.prompts / ".sums.parquet.1-ab.partial").write_bytes(b"half")
    assert read_prompts(many).num_rows == 12_000
    assert sum(table.num_rows for table in iter_prompts(many)) == 12_000
    assert len(prompt_ids(many)) == 12_000


def test_tables_are_small_and_groups_without_a_wanted_row_are_not_read(many: Workspace) -> None:
    assert max(table.num_rows for table in iter_prompts(many)) <= 5_000
    last = read_prompts(many, columns=["prompt_id"]).column("prompt_id").to_numpy()[-1:]
    assert [table.num_rows for table in iter_prompts(many, last)] == [1]


def test_a_damaged_file_is_named(many: Workspace) -> None:
    path = many.prompts / "sums.parquet"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ShardError, match=r"sums\.parquet cannot be read"):
        prompt_ids(many)


def test_an_empty_workspace(workspace: Workspace) -> None:
    assert read_prompts(workspace).num_rows == 0
    assert len(prompt_ids(workspace)) == 0
