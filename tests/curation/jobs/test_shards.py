"""Promise: a shard is whole or absent, a damaged one is named with what to do, and names alone give the order."""

from __future__ import annotations

import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation.errors import ShardError
from curation.jobs import ShardGoneError, ShardWriter, iter_batches, live_shards, read_keys

SCHEMA = pa.schema(
    [
        pa.field("key", pa.uint64(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("mark", pa.string()),
    ]
)


def rows(*keys: int, text: str = "文本 text", mark: str | None = "stop") -> pa.Table:
    return pa.table({"key": keys, "text": [text] * len(keys), "mark": [mark] * len(keys)}, schema=SCHEMA)


def keys_of(job_folder: Path) -> list[int]:
    return list(read_keys(job_folder, "keys", ["key"]).column("key").to_pylist())


def test_rows_come_back_as_they_went_in(tmp_path: Path) -> None:
    (tmp_path / "shards").mkdir()
    written = [rows(1, 2**64 - 1), rows(3, mark=None), rows(4, text="x" * 100_000)]
    with ShardWriter(tmp_path / "shards", "keys", SCHEMA) as writer:
        for table in written:
            writer.write(table)
        writer.write(rows())
        writer.write(rows(5).to_batches()[0])
        writer.write(rows(6).select(["mark", "text", "key"]))  # any order of columns
    table = pa.Table.from_batches(iter_batches(live_shards(tmp_path, "keys")))
    assert table.equals(pa.concat_tables([*written, rows(5), rows(6)]).combine_chunks())
    assert table.schema.equals(SCHEMA)
    assert keys_of(tmp_path) == [1, 2**64 - 1, 3, 4, 5, 6]


def test_no_shard_no_rows(tmp_path: Path) -> None:
    assert live_shards(tmp_path, "keys") == []
    assert read_keys(tmp_path, "keys", ["key"]).num_rows == 0
    assert read_keys(tmp_path, "keys", ["key"], SCHEMA).schema.types == [pa.uint64()]


def test_shards_are_cut_by_rows_bytes_and_time(tmp_path: Path) -> None:
    shards = tmp_path / "shards"
    shards.mkdir()
    with ShardWriter(shards, "rows", SCHEMA, max_rows=3, max_seconds=1e6) as writer:
        for key in range(7):
            writer.write(rows(key))
    assert [pq.read_metadata(path).num_rows for path in live_shards(tmp_path, "rows")] == [
        7
    ]  # fewer than the first cut
    with ShardWriter(shards, "rows2", SCHEMA, max_rows=3, max_seconds=1e6) as writer:
        writer.write(rows(*range(500)))
        for key in range(7):
            writer.write(rows(key))
    assert [pq.read_metadata(path).num_rows for path in live_shards(tmp_path, "rows2")] == [500, 3, 3, 1]
    with ShardWriter(shards, "bytes", SCHEMA, max_bytes=1_000, max_seconds=1e6) as writer:
        for key in range(4):
            writer.write(rows(key, text="x" * 600))
    assert len(live_shards(tmp_path, "bytes")) == 2
    writer = ShardWriter(shards, "time", SCHEMA, max_seconds=0.01)
    writer.write(rows(1))
    time.sleep(0.02)
    writer.flush_if_due()
    assert len(live_shards(tmp_path, "time")) == 1


def test_later_writers_sort_later_even_after_the_clock_was_set_back(tmp_path: Path) -> None:
    shards = tmp_path / "shards"
    shards.mkdir()
    for key in range(3):
        with ShardWriter(shards, "keys", SCHEMA) as writer:
            writer.write(rows(key))
        for path in live_shards(tmp_path, "keys")[key:]:  # as if it had been written in the year 2999
            path.rename(path.with_name(path.name.replace(path.name[5:9], "2999")))
    assert keys_of(tmp_path) == [0, 1, 2]


def test_families_do_not_mix_and_partial_files_do_not_count(tmp_path: Path) -> None:
    shards = tmp_path / "shards"
    shards.mkdir()
    for family in ("keys", "keys2"):
        with ShardWriter(shards, family, SCHEMA) as writer:
            writer.write(rows(1))
    (shards / ".keys-x-000000.parquet.7-abcd.partial").write_bytes(b"half")
    assert [path.name.split("-")[0] for path in live_shards(tmp_path, "keys")] == ["keys"]
    for family, name in (("a-b", None), ("a", "x/y"), ("a", "x-y")):
        with pytest.raises(ValueError, match="cannot name"):
            ShardWriter(shards, family, SCHEMA, name)


@pytest.mark.parametrize("damage", ["truncated", "garbage", "empty", "one byte"])
def test_a_damaged_shard_is_named(tmp_path: Path, damage: str) -> None:
    (tmp_path / "shards").mkdir()
    with ShardWriter(tmp_path / "shards", "keys", SCHEMA) as writer:
        writer.write(rows(*range(1_000)))
        writer.flush()
        writer.write(rows(2_000))
    bad = live_shards(tmp_path, "keys")[0]
    content = bytearray(bad.read_bytes())
    match damage:
        case "truncated":
            content = content[: len(content) // 2]
        case "garbage":
            content = bytearray(b"x" * len(content))
        case "empty":
            content = bytearray()
        case "one byte":
            content[200] ^= 0xFF
    bad.write_bytes(content)
    with pytest.raises(ShardError, match=f"{bad.name} is damaged .*Move it out of .* resume the job"):
        list(iter_batches(live_shards(tmp_path, "keys")))
    bad.rename(tmp_path / bad.name)
    assert keys_of(tmp_path) == [2_000]


def test_a_shard_that_went_away_is_no_damage(tmp_path: Path) -> None:
    with pytest.raises(ShardGoneError):
        list(iter_batches([tmp_path / "keys-x-000000.parquet"]))


def test_a_column_of_another_version_is_named(tmp_path: Path) -> None:
    (tmp_path / "shards").mkdir()
    with ShardWriter(tmp_path / "shards", "keys", SCHEMA) as writer:
        writer.write(rows(1))
    with pytest.raises(ShardError, match="no column 'vote'"):
        read_keys(tmp_path, "keys", ["key", "vote"])


def test_ten_thousand_shards_are_listed_by_name_alone(tmp_path: Path) -> None:
    shards = tmp_path / "shards"
    shards.mkdir()
    names = [f"keys-20260101T000000000000abcd-{index:06d}.parquet" for index in range(10_000)]
    for name in names:
        (shards / name).touch()  # not even Parquet: nothing is opened
    assert [path.name for path in live_shards(tmp_path, "keys")] == names


def test_a_damaged_manifest_is_named(tmp_path: Path) -> None:
    (tmp_path / "shards").mkdir()
    (tmp_path / "shards" / "manifest.json").write_text('{"keys": {"files"')
    with pytest.raises(ShardError, match=r"manifest.json is damaged .*restore it"):
        live_shards(tmp_path, "keys")
