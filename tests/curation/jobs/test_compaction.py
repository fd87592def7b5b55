"""Promise: compaction loses no key and counts none twice, at no moment: killed anywhere, raced by readers, repeated."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation.errors import ShardError
from curation.jobs import ShardGoneError, ShardWriter, compact, iter_batches, live_shards, read_keys

SCHEMA = pa.schema(
    [
        pa.field("key", pa.uint64(), nullable=False),
        pa.field("vote", pa.int32(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
    ]
)
KEY = ["key", "vote"]
CHECKOUT = Path(__file__).parents[3]


def write(job_folder: Path, keys: np.ndarray, mark: str, rows_per_shard: int = 100, text_bytes: int = 200) -> None:
    (job_folder / "shards").mkdir(exist_ok=True)
    with ShardWriter(job_folder / "shards", "keys", SCHEMA, max_seconds=1e6) as writer:
        for start in range(0, len(keys), rows_per_shard):
            part = keys[start : start + rows_per_shard].tolist()
            texts = [f"{mark} {key} ".ljust(text_bytes, "x") for key in part]
            writer.write(pa.table({"key": part, "vote": [key % 3 for key in part], "text": texts}, schema=SCHEMA))
            writer.flush()


def contents(job_folder: Path) -> pa.Table:
    return pa.Table.from_batches(iter_batches(live_shards(job_folder, "keys")), SCHEMA)


@pytest.mark.parametrize("memory_bytes", [100_000, 2**27])
def test_sorted_each_key_once_first_shard_wins(tmp_path: Path, memory_bytes: int) -> None:
    random_keys = np.random.default_rng(0)
    first, again = random_keys.permutation(2_000), random_keys.permutation(3_000)
    write(tmp_path, first, "first")
    write(tmp_path, again, "again")
    compact(tmp_path, "keys", KEY, target_bytes=20_000, memory_bytes=memory_bytes)
    table = contents(tmp_path)
    assert table.column("key").to_pylist() == list(range(3_000))
    winners = [text.split()[0] for text in table.column("text").to_pylist()]
    assert winners == ["first"] * 2_000 + ["again"] * 1_000
    files = live_shards(tmp_path, "keys")
    assert 1 < len(files) < 50
    edges = [pq.read_metadata(path).row_group(0).column(0).statistics.min for path in files]
    assert edges == sorted(edges)
    assert {path.name for path in (tmp_path / "shards").glob("*.parquet")} == {path.name for path in files}


def test_it_can_be_repeated_and_continued(tmp_path: Path) -> None:
    write(tmp_path, np.arange(0, 500), "old")
    for start in range(0, 1_500, 500):
        compact(tmp_path, "keys", KEY)
        files = live_shards(tmp_path, "keys")
        compact(tmp_path, "keys", KEY)
        assert live_shards(tmp_path, "keys") == files  # nothing new: nothing is rewritten
        write(tmp_path, np.arange(start + 250, start + 1_000), "new")
        assert live_shards(tmp_path, "keys")[: len(files)] == files  # what is compacted comes, and wins, first
    compact(tmp_path, "keys", KEY)
    table = contents(tmp_path)
    assert table.column("key").to_pylist() == list(range(2_000))
    assert [text.split()[0] for text in table.column("text").to_pylist()] == ["old"] * 500 + ["new"] * 1_500


def test_a_compacted_file_that_was_moved_out_is_produced_again(tmp_path: Path) -> None:
    write(tmp_path, np.arange(2_000), "old")
    compact(tmp_path, "keys", KEY, target_bytes=20_000)
    damaged = live_shards(tmp_path, "keys")[0]
    lost = set(pq.read_table(damaged).column("key").to_pylist())
    damaged.rename(tmp_path / "damaged")
    left = read_keys(tmp_path, "keys", ["key"]).column("key").to_pylist()
    assert lost and set(left) == set(range(2_000)) - lost
    write(tmp_path, np.array(sorted(lost)), "again")  # what a resumed job does
    compact(tmp_path, "keys", KEY)
    assert contents(tmp_path).column("key").to_pylist() == list(range(2_000))


def test_keys_of_several_columns_and_of_text(tmp_path: Path) -> None:
    schema = pa.schema([("candidate_id", pa.uint64()), ("judge", pa.string()), ("vote", pa.int32())])
    (tmp_path / "shards").mkdir()
    with ShardWriter(tmp_path / "shards", "votes", schema) as writer:
        for _ in range(2):
            writer.write(
                pa.table(
                    {
                        "candidate_id": [3, 1, 3, 1],
                        "judge": ["b", "b", "a", "b"],
                        "vote": [0, 1, 0, 0],
                    },
                    schema=schema,
                )
            )
    compact(tmp_path, "votes", ["candidate_id", "judge", "vote"])
    rows = pa.Table.from_batches(iter_batches(live_shards(tmp_path, "votes"))).to_pylist()
    assert [tuple(row.values()) for row in rows] == [(1, "b", 0), (1, "b", 1), (3, "a", 0), (3, "b", 0)]


def test_a_damaged_shard_stops_it_and_changes_nothing(tmp_path: Path) -> None:
    write(tmp_path, np.arange(500), "a")
    files = live_shards(tmp_path, "keys")
    files[2].write_bytes(files[2].read_bytes()[:-100])
    with pytest.raises(ShardError, match=files[2].name):
        compact(tmp_path, "keys", KEY)
    assert live_shards(tmp_path, "keys") == files
    assert list((tmp_path / "shards").glob("*compacted*")) == []


def compact_and_kill(folder: Path, delay_s: float) -> bool:
    """Run a compaction in a process and kill it `delay_s` seconds after it began; whether it was done by then."""
    script = (
        "import sys, pathlib, curation.jobs as jobs; print('begins', flush=True); "
        "jobs.compact(pathlib.Path(sys.argv[1]), 'keys', ['key', 'vote'], target_bytes=100_000, memory_bytes=200_000)"
    )
    process = subprocess.Popen([sys.executable, "-c", script, str(folder)], stdout=subprocess.PIPE, cwd=CHECKOUT)
    assert process.stdout is not None
    process.stdout.readline()
    try:
        process.wait(delay_s)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    return process.returncode == 0


def killed_again_and_again(folder: Path, kills: int, seed: int) -> None:
    write(folder, np.random.default_rng(seed).permutation(10_000), "first", text_bytes=400)
    write(folder, np.arange(5_000), "again", text_bytes=400)
    moment = random.Random(seed)
    n = 10_000
    for _ in range(kills):
        compact_and_kill(folder, moment.uniform(0.0, 0.4))
        keys = read_keys(folder, "keys", ["key"]).column("key").to_numpy()
        assert len(np.unique(keys)) == n
        compacted = all("compacted" in path.name for path in live_shards(folder, "keys"))
        assert len(keys) == (n if compacted else len(keys))
        if compacted:  # more work arrives
            write(folder, np.arange(n - 100, n + 500), "first")
            n += 500
    compact(folder, "keys", KEY)
    table = contents(folder)
    assert table.column("key").to_pylist() == list(range(n))
    assert {text.split()[0] for text in table.column("text").to_pylist()} == {"first"}
    left = {path.name for path in (folder / "shards").iterdir() if not path.name.startswith(".manifest")}
    live = {path.name for path in live_shards(folder, "keys")}
    assert {name for name in left if name.endswith(".parquet")} == live
    assert not any(name.startswith(".scratch") for name in left)


def test_killed_at_random_moments(tmp_path: Path) -> None:
    killed_again_and_again(tmp_path, kills=5, seed=1)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10, 16))
def test_killed_at_many_random_moments(tmp_path: Path, seed: int) -> None:
    killed_again_and_again(tmp_path, kills=25, seed=seed)


def test_a_crash_between_publishing_and_removing_counts_nothing_twice(tmp_path: Path) -> None:
    write(tmp_path, np.arange(300), "a")
    saved = {path.name: path.read_bytes() for path in live_shards(tmp_path, "keys")}
    manifest = tmp_path / "shards" / "manifest.json"
    compact(tmp_path, "keys", KEY)
    files = [path.name for path in live_shards(tmp_path, "keys")]
    for name, content in saved.items():  # as the folder was right after the manifest was replaced
        (tmp_path / "shards" / name).write_bytes(content)
    merged = ", ".join(f'"{name}"' for name in saved)
    manifest.write_text(f'{{"keys": {{"files": ["{files[0]}"], "merged": [{merged}]}}}}')
    assert len(contents(tmp_path)) == 300
    write(tmp_path, np.arange(300, 400), "a")
    compact(tmp_path, "keys", KEY)
    assert contents(tmp_path).column("key").to_pylist() == list(range(400))
    assert not set(os.listdir(tmp_path / "shards")) & set(saved)  # noqa: PTH208


def test_readers_that_race_see_every_key_once(tmp_path: Path) -> None:
    write(tmp_path, np.arange(2_000), "a", rows_per_shard=50)
    end = threading.Event()
    seen: list[int] = []
    wrong: list[object] = []

    def read() -> None:
        while not end.is_set() and not wrong:
            try:
                keys = read_keys(tmp_path, "keys", ["key"]).column("key").to_numpy()
                listed = [
                    row
                    for batch in iter_batches(live_shards(tmp_path, "keys"), ["key"])
                    for row in batch["key"].to_pylist()
                ]
            except ShardGoneError:
                continue
            except Exception as error:
                wrong.append(error)
                return
            found = (keys.tolist(), listed)
            wrong.extend(rows for rows in found if sorted(rows) != list(range(max(2_000, len(rows)))))
            seen.append(len(keys))

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for round_ in range(4):
        compact(tmp_path, "keys", KEY, target_bytes=20_000, memory_bytes=200_000)
        write(tmp_path, np.arange(2_000 + 100 * round_, 2_100 + 100 * round_), "a", rows_per_shard=50)
    time.sleep(0.1)
    end.set()
    for reader in readers:
        reader.join()
    assert wrong == []
    assert seen


@pytest.mark.long
def test_memory_stays_flat(tmp_path: Path) -> None:
    """A gigabyte of texts is compacted in a process that may not grow by more than 700 MB."""
    texts = ["".join(random.Random(seed).choices("abcdefgh 的一是", k=20_000)) for seed in range(50)]
    (tmp_path / "shards").mkdir()
    order = np.random.default_rng(0).permutation(50_000)
    with ShardWriter(tmp_path / "shards", "keys", SCHEMA, max_bytes=8 * 2**20) as writer:
        for start in range(0, len(order), 100):
            part = order[start : start + 100].tolist()
            rows = {"key": part, "vote": [0] * len(part), "text": [f"{key} {texts[key % 50]}" for key in part]}
            writer.write(pa.table(rows, schema=SCHEMA))
    script = (
        # of this process alone: what getrusage tells begins with the peak of the process that started it
        "import re, sys, pathlib, curation.jobs as jobs; "
        "peak = lambda: int(re.search(r'VmHWM:\\s+(\\d+)', pathlib.Path('/proc/self/status').read_text())[1]) // 1024; "
        "before = peak(); "
        "jobs.compact(pathlib.Path(sys.argv[1]), 'keys', ['key', 'vote']); print(peak() - before)"
    )
    grown = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True, cwd=CHECKOUT
    )
    assert int(grown.stdout) < 700
    assert read_keys(tmp_path, "keys", ["key"]).column("key").to_pylist() == list(range(50_000))
