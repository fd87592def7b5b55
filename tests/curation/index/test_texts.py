"""The texts of the rows on a screen come from the shards, in the order asked for, before and after a compaction."""

from __future__ import annotations

import pytest

from curation import Workspace
from curation.errors import ShardError
from curation.index import Index, texts
from curation.jobs import compact
from tests.curation.index.rows import Response, id_of, new_job, question, sampled, write_prompts, write_scores

PROMPTS = [question(number) for number in range(20)]
RESPONSES = [
    Response(prompt, sample, text=f"<think>{sample}</think>{prompt.reference}")
    for prompt in PROMPTS
    for sample in range(2)
]


def test_texts_come_in_the_order_asked_for(workspace: Workspace) -> None:
    write_prompts(workspace, "first", PROMPTS)
    job = sampled(workspace, RESPONSES, shards=5)
    wanted = [id_of(job, response) for response in (RESPONSES[30], RESPONSES[3], RESPONSES[4], RESPONSES[3])]
    with Index.open(workspace) as index:
        index.refresh()
        table = texts(index, [*wanted, 12345])
        assert table["candidate_id"].to_pylist() == wanted[:3]
        assert table["text"].to_pylist() == [RESPONSES[i].text for i in (30, 3, 4)]
        assert table["messages"].to_pylist()[0] == [{"role": "user", "content": "math question 15"}]
        assert table["rule_detail"].to_pylist() == ["same number"] * 3
        assert texts(index, []).num_rows == 0
        compact(job.folder, "candidates", ["prompt_id", "sample"])  # behind the back of the index
        assert texts(index, wanted) == table


def test_the_detail_is_that_of_the_score_that_counts(workspace: Workspace) -> None:
    write_prompts(workspace, "first", PROMPTS)
    job = sampled(workspace, RESPONSES)
    later = new_job(workspace, "score")
    write_scores(later, "a", [RESPONSES[0].but(verdict="incorrect", detail="a closer look")], job)
    with Index.open(workspace) as index:
        index.refresh()
        table = texts(index, [id_of(job, response) for response in RESPONSES[:2]])
        assert table["rule_detail"].to_pylist() == ["a closer look", "same number"]


def test_a_shard_that_was_damaged_later_is_named(workspace: Workspace) -> None:
    write_prompts(workspace, "first", PROMPTS)
    job = sampled(workspace, RESPONSES)
    with Index.open(workspace) as index:
        index.refresh()
        shard = next(job.shards.glob("candidates-*"))
        content = shard.read_bytes()
        shard.write_bytes(content[: len(content) // 2])
        with pytest.raises(ShardError, match=shard.name):
            texts(index, [id_of(job, RESPONSES[0])])
