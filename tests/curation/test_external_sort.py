"""Promise: rows come out in the order of their key whatever fits in memory, equal keys in their order of arrival,
none lost, none twice, and no scratch file stays behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curation.external_sort import even_bounds, partitions_for, quantile_bounds, sort_batches


def batches_of(keys: list[int], rows: int, text_bytes: int = 40) -> Iterator[pa.RecordBatch]:
    for start in range(0, len(keys), rows):
        part = keys[start : start + rows]
        yield pa.record_batch(
            {
                "key": pa.array(part, pa.uint64()),
                "arrival": pa.array(range(start, start + len(part)), pa.int64()),
                "text": [f"{key:x}" * (text_bytes // 4) for key in part],
            }
        )


def check(keys: list[int], tables: list[pa.Table]) -> None:
    rows = [
        row for table in tables for row in zip(*(table[name].to_pylist() for name in table.column_names), strict=True)
    ]
    expected = sorted((key, arrival) for arrival, key in enumerate(keys))
    assert [(key, arrival) for key, arrival, _ in rows] == expected
    assert all(text == f"{key:x}" * (len(text) // len(f"{key:x}")) for key, _, text in rows)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    keys=st.lists(st.one_of(st.integers(0, 5), st.integers(0, 2**64 - 1)), max_size=300),
    rows=st.integers(1, 50),
    memory_bytes=st.sampled_from([200, 2_000, 50_000]),
    guess=st.booleans(),
)
def test_any_keys_are_sorted(tmp_path: Path, keys: list[int], rows: int, memory_bytes: int, guess: bool) -> None:
    bounds = None if guess else quantile_bounds(np.array(keys, dtype=np.uint64), 7)
    check(
        keys,
        list(sort_batches(batches_of(keys, rows), "key", scratch=tmp_path, bounds=bounds, memory_bytes=memory_bytes)),
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("order", ["ascending", "descending", "one key", "two keys"])
def test_bad_bounds_only_cost_time(tmp_path: Path, order: str) -> None:
    n = 4_000
    keys = {"ascending": range(n), "descending": range(n, 0, -1), "one key": [7] * n, "two keys": [7, 8] * (n // 2)}[
        order
    ]
    check(list(keys), list(sort_batches(batches_of(list(keys), 50), "key", scratch=tmp_path, memory_bytes=20_000)))
    assert list(tmp_path.iterdir()) == []


def test_several_keys_sort_within_the_first(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    prompts, samples = random.integers(0, 50, 2_000), random.integers(0, 30, 2_000)
    batch = pa.record_batch({"prompt_id": pa.array(prompts, pa.uint64()), "sample": pa.array(samples, pa.int32())})
    pieces = [batch.slice(start, 100) for start in range(0, 2_000, 100)]
    table = pa.concat_tables(
        sort_batches(
            pieces, ["prompt_id", "sample"], scratch=tmp_path, bounds=even_bounds(0, 50, 8), memory_bytes=4_000
        )
    )
    pairs = list(zip(table["prompt_id"].to_pylist(), table["sample"].to_pylist(), strict=True))
    assert pairs == sorted(zip(prompts.tolist(), samples.tolist(), strict=True))


def test_tables_stay_within_memory(tmp_path: Path) -> None:
    keys = np.random.default_rng(1).permutation(20_000).tolist()
    n_bytes = sum(batch.nbytes for batch in batches_of(keys, 500))
    memory_bytes = n_bytes // 10
    bounds = even_bounds(0, 20_000, partitions_for(n_bytes, memory_bytes))
    tables = list(
        sort_batches(batches_of(keys, 500), "key", scratch=tmp_path, bounds=bounds, memory_bytes=memory_bytes)
    )
    assert len(tables) == len(bounds) + 1
    assert max(table.nbytes for table in tables) < memory_bytes
    check(keys, tables)


def test_scratch_is_removed_when_the_reader_leaves_early(tmp_path: Path) -> None:
    tables = sort_batches(batches_of(list(range(2_000)), 50), "key", scratch=tmp_path, memory_bytes=10_000)
    next(tables)
    assert list(tmp_path.iterdir())
    tables.close()  # type: ignore[attr-defined]
    assert list(tmp_path.iterdir()) == []


def test_nothing_in_nothing_out(tmp_path: Path) -> None:
    assert list(sort_batches([], "key", scratch=tmp_path)) == []
