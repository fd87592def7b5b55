"""Of a prompt's accepted candidates at most the cap is kept, each text once, and the seed decides which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from curation import Workspace
from curation.errors import InputError
from curation.funnel import funnel
from curation.index import Index
from curation.jobs import Job
from curation.mix import MixConfig, select
from curation.selection import SelectionConfig
from curation.thresholds import default_thresholds
from tests.curation.index.rows import Response, id_of, question, sampled, write_prompts

PROMPTS = [question(number, ["math", "logic"][number % 2]) for number in range(30)]
FIRST = [
    Response(prompt, sample, text=f"<think>{sample // 2}</think>{prompt.reference}", reasoning_tokens=50 - sample)
    for prompt in PROMPTS
    for sample in range(8)
]
SECOND = [response.but(verdict="incorrect" if response.sample else "correct") for response in FIRST]
EVERYTHING = MixConfig(recipe="all")


@pytest.fixture
def jobs(workspace: Workspace) -> tuple[Job, Job]:
    write_prompts(workspace, "train", PROMPTS)
    return sampled(workspace, FIRST, shards=3), sampled(workspace, SECOND)


@pytest.fixture
def index(workspace: Workspace, jobs: tuple[Job, Job]) -> Iterator[Index]:
    with Index.open(workspace) as index:
        index.refresh()
        yield index


@pytest.mark.parametrize("method", ["random", "shortest"])
def test_a_prompt_gives_at_most_the_cap_and_each_text_once(index: Index, jobs: tuple[Job, Job], method: str) -> None:
    text_of = {
        id_of(job, response): response.text
        for job, rows in zip(jobs, (FIRST, SECOND), strict=True)
        for response in rows
    }
    for cap in (1, 3, 100):
        selection = SelectionConfig(cap=cap, method=method)
        rows = select(index, default_thresholds(), selection, EVERYTHING).rows
        per_prompt = Counter(rows["prompt_id"].to_pylist())
        assert set(per_prompt.values()) == {min(cap, 4)}  # of eight texts four differ
        texts = Counter(
            (prompt, text_of[candidate])
            for prompt, candidate in zip(rows["prompt_id"].to_pylist(), rows["id"].to_pylist(), strict=True)
        )
        assert max(texts.values()) == 1
        assert rows.num_rows == funnel(index, default_thresholds(), selection).selected


def test_doubles_are_kept_when_asked_for(index: Index) -> None:
    selection = SelectionConfig(cap=100, deduplicate=False)
    rows = select(index, default_thresholds(), selection, EVERYTHING).rows
    assert rows.num_rows == 30 * 9 == funnel(index, default_thresholds(), selection).selected


def test_the_shortest_come_first(index: Index, jobs: tuple[Job, Job]) -> None:
    rows = select(index, default_thresholds(), SelectionConfig(cap=1, method="shortest"), EVERYTHING).rows
    shortest = {id_of(jobs[0], response) for response in FIRST if response.sample == 7}
    assert set(rows["id"].to_pylist()) == shortest


def test_the_seed_decides_and_nothing_else(workspace: Workspace, index: Index) -> None:
    def chosen(seed: int, of: Index = index) -> set[int]:
        rows = select(of, default_thresholds(), SelectionConfig(cap=2, seed=seed), EVERYTHING).rows
        return set(rows["id"].to_pylist())

    assert chosen(1) == chosen(1)
    assert len(chosen(1) & chosen(2)) < 50
    with Index.open(workspace) as other:
        other.refresh()
        assert chosen(1, other) == chosen(1)
    # each of a prompt's texts comes up about as often, whatever the seeds are
    samples = Counter(candidate for seed in range(40) for candidate in chosen(seed))
    assert min(samples.values()) >= 1
    assert len(samples) == 30 * 9


def test_wrong_settings_are_refused() -> None:
    with pytest.raises(InputError, match="cap"):
        SelectionConfig(cap=0)
    with pytest.raises(InputError, match="no way to select"):
        SelectionConfig(method="best")
