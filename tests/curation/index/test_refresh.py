"""A refresh takes in what changed and no more, whole or not at all, and says which file it could not read."""

from __future__ import annotations

import threading
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation import Workspace
from curation.errors import ShardError
from curation.index import Index
from curation.jobs import compact
from curation.records import TEXT_MEASURES
from tests.curation.index.rows import (
    Response,
    new_job,
    question,
    sampled,
    write_candidates,
    write_general,
    write_prompts,
    write_scores,
)
from tests.curation.index.state import state_by_hand, state_of

PROMPTS = [question(number) for number in range(6)]
RESPONSES = [
    Response(prompt, sample, text=f"<think>{sample}</think>{prompt.reference}")
    for prompt in PROMPTS
    for sample in range(3)
]


def test_a_second_refresh_has_nothing_to_do(workspace: Workspace) -> None:
    write_prompts(workspace, "first", PROMPTS)
    ids = write_general(workspace, "chat", ["hello", "hello", "bye"])
    sampled(workspace, RESPONSES, shards=4)
    with Index.open(workspace) as index:
        first = index.refresh()
        assert (first.prompts, first.general, first.candidates, first.scores, first.shards) == (6, 2, 18, 18, 8)
        second = index.refresh()
        assert (second.prompts, second.general, second.candidates, second.scores, second.shards) == (0, 0, 0, 0, 0)
        assert index.query("SELECT sample_id FROM general ORDER BY ALL")["sample_id"].to_pylist() == sorted(set(ids))


def test_compaction_changes_where_rows_are_and_nothing_else(workspace: Workspace) -> None:
    write_prompts(workspace, "first", PROMPTS)
    job = sampled(workspace, RESPONSES, shards=4)
    with Index.open(workspace) as index:
        index.refresh()
        before = index.query("SELECT * EXCLUDE (shard, score_shard) FROM scores ORDER BY candidate_id")
        compact(job.folder, "candidates", ["prompt_id", "sample"])
        compact(job.folder, "scores", ["candidate_id", "response_hash", "rule_version", "measures_version"])
        report = index.refresh()
        assert (report.candidates, report.scores, report.shards) == (0, 0, 2)
        assert index.query("SELECT * EXCLUDE (shard, score_shard) FROM scores ORDER BY candidate_id") == before
        assert state_of(index) == state_by_hand(workspace)


def test_a_score_holds_for_its_text_only(workspace: Workspace) -> None:
    write_prompts(workspace, "first", PROMPTS)
    job = new_job(workspace)
    write_candidates(job, "a", RESPONSES)
    write_scores(job, "a", [response.but(text="another text") for response in RESPONSES])
    with Index.open(workspace) as index:
        report = index.refresh()
        assert (report.candidates, report.scores) == (18, 0)
        assert index.query("SELECT count(verdict) AS n FROM scores")["n"].to_pylist() == [0]


def test_candidates_wait_for_their_prompts(workspace: Workspace) -> None:
    sampled(workspace, RESPONSES)
    with Index.open(workspace) as index:
        index.refresh()
        assert index.query("SELECT count(domain) AS n FROM scores")["n"].to_pylist() == [0]
        write_prompts(workspace, "late", PROMPTS)
        index.refresh()
        assert state_of(index) == state_by_hand(workspace)


@pytest.mark.parametrize("damage", [b"", b"PAR1 is all that is left", None])
def test_a_damaged_shard_is_named_and_nothing_is_taken_in(workspace: Workspace, damage: bytes | None) -> None:
    write_prompts(workspace, "first", PROMPTS)
    job = sampled(workspace, RESPONSES[:9])
    with Index.open(workspace) as index:
        index.refresh()
        before = state_of(index)
        good = write_candidates(job, "b", RESPONSES[9:12])
        bad = write_candidates(job, "c", RESPONSES[12:])
        if damage is None:
            pq.write_table(pa.table({"candidate_id": [1]}), bad)
        else:
            bad.write_bytes(damage)
        with pytest.raises(ShardError) as error:
            index.refresh()
        assert str(bad) in str(error.value)
        assert str(good) not in str(error.value)
        assert "resume" in str(error.value)
        assert state_of(index) == before
        report = index.refresh(on_corrupt="skip")
        assert report.candidates == 3
        assert len(report.corrupt) == 1
        assert str(bad) in report.corrupt[0]
        bad.unlink()
        assert index.refresh().corrupt == ()
        assert state_of(index) == state_by_hand(workspace)


def test_a_damaged_manifest_leaves_its_job_as_it_was(workspace: Workspace) -> None:
    write_prompts(workspace, "first", PROMPTS)
    job = sampled(workspace, RESPONSES[:9])
    with Index.open(workspace) as index:
        index.refresh()
        before = state_of(index)[0]
        (job.shards / "manifest.json").write_text("{")
        with pytest.raises(ShardError, match=r"manifest\.json"):
            index.refresh()
        other = sampled(workspace, RESPONSES)
        report = index.refresh(on_corrupt="skip")
        assert report.candidates == 18
        assert "manifest.json" in report.corrupt[0]
        assert [row for row in state_of(index)[0] if row["job_id"] != other.id] == before


def test_folders_may_have_any_name(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "a=b [of] *? 'quoted' 工作")
    write_prompts(workspace, "first [1]", PROMPTS)
    sampled(workspace, RESPONSES)
    with Index.open(workspace) as index:
        assert index.refresh().candidates == 18


def test_readers_see_the_state_before_or_after(workspace: Workspace) -> None:
    write_prompts(workspace, "first", PROMPTS)
    sampled(workspace, RESPONSES)
    count = "SELECT count(*), count(verdict) FROM scores"
    seen = set()
    with Index.open(workspace) as index:
        index.refresh()
        done = threading.Event()

        def read() -> None:
            while not done.is_set():
                with index.reading() as cursor:
                    first = cursor.execute(count).fetchone()
                    assert cursor.execute(count).fetchone() == first
                    seen.add(first)

        readers = [threading.Thread(target=read) for _ in range(2)]
        for reader in readers:
            reader.start()
        with index.reading() as early:
            assert early.execute(count).fetchone() == (18, 18)
            sampled(workspace, RESPONSES)
            index.refresh()
            index.rebuild()
            assert early.execute(count).fetchone() == (18, 18)
        done.set()
        for reader in readers:
            reader.join()
        assert seen <= {(18, 18), (36, 36)}


def test_the_schema_holds_every_measure(workspace: Workspace) -> None:
    names = {
        pa.float32(): "FLOAT",
        pa.int32(): "INTEGER",
        pa.bool_(): "BOOLEAN",
    }
    with Index.open(workspace) as index:
        for table in ("scores", "stray"):
            columns = dict(
                zip(
                    *index.query(f"SELECT name, type FROM pragma_table_info('{table}')").to_pydict().values(),
                    strict=True,
                )
            )
            assert {field.name: names[field.type] for field in TEXT_MEASURES}.items() <= columns.items()
