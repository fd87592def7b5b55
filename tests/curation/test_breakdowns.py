"""Promise: difficulty and length are counted as a loop over all candidates would count them."""

from __future__ import annotations

import math
import random

import pyarrow as pa
import pytest

from curation import Workspace
from curation.breakdowns import BANDS, by_difficulty, by_length
from curation.index import Index
from curation.thresholds import ThresholdRule, ThresholdSet
from tests.app.filled_workspace import fill

ROWS = (
    "SELECT prompt_id, verdict::VARCHAR AS verdict, reasoning_tokens + answer_tokens AS tokens, code_blocks FROM scores"
)
THRESHOLDS = ThresholdSet("strict", (ThresholdRule("code_blocks", "code_blocks", max=0),))


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    workspace = Workspace.create(tmp_path_factory.mktemp("breakdowns") / "workspace")
    fill(workspace)
    opened = Index.open(workspace)
    opened.refresh()
    return opened


def rows(index: Index) -> list[dict[str, object]]:
    table: pa.Table = index.query(ROWS)
    return [row for row in table.to_pylist() if row["verdict"] is not None]


def accepted(row: dict[str, object]) -> bool:
    return row["verdict"] == "correct" and row["code_blocks"] == 0


def test_difficulty_is_the_share_of_correct_candidates_of_a_prompt(index: Index) -> None:
    prompts: dict[object, list[dict[str, object]]] = {}
    for row in rows(index):
        prompts.setdefault(row["prompt_id"], []).append(row)
    undecided = [prompt for prompt, each in prompts.items() if {row["verdict"] for row in each} == {"undecided"}]
    assert undecided
    for prompt in undecided:
        del prompts[prompt]
    bands = by_difficulty(index, THRESHOLDS)
    assert len(bands) == BANDS
    for band in bands:
        inside = []
        for candidates in prompts.values():
            solved = sum(row["verdict"] == "correct" for row in candidates) / len(candidates)
            exact = band.low == band.high
            if (exact and solved == band.low) or (not exact and band.low < solved <= band.high and solved < 1):
                inside.append(candidates)
        assert band.prompts == len(inside)
        assert band.candidates == sum(map(len, inside))
        assert band.accepted == sum(accepted(row) for candidates in inside for row in candidates)
    assert sum(band.prompts for band in bands) == len(prompts)
    assert sum(band.prompts > 0 for band in bands) > 2


def test_lengths_fall_into_bins_without_gaps(index: Index) -> None:
    bins = by_length(index, THRESHOLDS)
    assert [bin.high for bin in bins[:-1]] == [bin.low for bin in bins[1:]]
    for bin in bins:
        inside = [row for row in rows(index) if bin.low <= row["tokens"] < bin.high]  # type: ignore[operator]
        assert bin.candidates == len(inside)
        assert bin.accepted == sum(map(accepted, inside))
    assert sum(bin.candidates for bin in bins) == len(rows(index))


def test_every_length_has_one_bin() -> None:
    from curation.breakdowns import _bound

    for length in [*range(1, 3_000), *random.Random(0).sample(range(3_000, 10**6), 500)]:
        number = math.floor(2 * math.log2(length))
        assert _bound(number) <= length < _bound(number + 1)


def test_an_empty_workspace_has_no_lengths(workspace: Workspace) -> None:
    with Index.open(workspace) as empty:
        empty.refresh()
        assert by_length(empty, THRESHOLDS) == ()
        assert [band.prompts for band in by_difficulty(empty, THRESHOLDS)] == [0] * BANDS
