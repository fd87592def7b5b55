"""Histograms count what counting value by value counts, and draw a bound between what passes it and what does not."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from curation import Workspace
from curation.histograms import COUNT_EDGES, SHARE_EDGES, Histogram, edges_of, histograms, taken_in
from curation.index import Index
from curation.thresholds import THRESHOLD_MEASURES
from tests.curation.index.rows import Response, new_job, question, sampled, write_candidates, write_prompts

DOMAINS = ("math", "code", "logic")


def _responses() -> list[Response]:
    chosen = random.Random(11)
    return [
        Response(
            question(number, DOMAINS[number % 3]),
            sample,
            text=f"<think>{number} {sample}</think>an answer",
            reasoning_tokens=chosen.choice([0, 1, 10, 11, 12, 13, 99, 100, 101, 1999, 2000, 2001, 2**31 - 1]),
            finish_reason=chosen.choice(["stop", "length"]),
            verdict=chosen.choice(["correct", "correct", "incorrect"]),
            target_word_ratio=chosen.choice([0.0, 0.001, 0.025, 0.95, 0.9501, 0.999, 1.0]),
            longest_paragraph=int(chosen.choice([1, 30, 1000, 100_000]) * chosen.random()),
            code_blocks=chosen.randrange(4),
            repetition=chosen.random(),
            well_formed=chosen.random() < 0.8,
        )
        for number in range(60)
        for sample in range(5)
    ]


RESPONSES = _responses()
CORRECT = [response for response in RESPONSES if response.verdict == "correct"]


def value_of(response: Response, measure: str) -> float:
    if measure == "truncated":
        return float(response.finish_reason == "length")
    return float(getattr(response, measure))


def bin_of(measure: str, value: float) -> int:
    """The first bin whose upper edge is not below the value."""
    edges = edges_of(measure)
    return next((at for at, edge in enumerate(edges) if value <= edge), len(edges) - 1)


@pytest.fixture
def index(workspace: Workspace) -> Iterator[Index]:
    prompts = list(dict.fromkeys(response.prompt for response in RESPONSES))
    write_prompts(workspace, "train", prompts)
    sampled(workspace, RESPONSES)
    held_out = question(1000, split="held_out")
    write_prompts(workspace, "test", [held_out])
    sampled(workspace, [Response(held_out)])
    write_candidates(new_job(workspace), "unscored", [Response(prompts[0], sample) for sample in range(50, 53)])
    with Index.open(workspace) as index:
        index.refresh()
        yield index


@pytest.mark.parametrize(
    "measure",
    [
        "target_word_ratio",
        "repetition",
        "longest_paragraph",
        "code_blocks",
        "reasoning_tokens",
        "well_formed",
        "truncated",
    ],
)
def test_every_bin_holds_what_counting_by_hand_puts_there(index: Index, measure: str) -> None:
    found = histograms(index)[measure]
    for domains in ((), ("math",), ("code", "logic")):
        expected = [0] * len(found.edges)
        for response in CORRECT:
            if not domains or response.prompt.domain in domains:
                expected[bin_of(measure, value_of(response, measure))] += 1
        assert found.counts(domains) == tuple(expected)
    held = [bin_of(measure, value_of(response, measure)) for response in CORRECT]
    assert found.occupied() == range(min(held), max(held) + 1)


def test_only_the_measures_asked_for_are_counted(index: Index) -> None:
    assert list(histograms(index, ["repetition", "truncated", "repetition"])) == ["repetition", "truncated"]
    assert histograms(index, []) == {}
    assert set(histograms(index)) == set(THRESHOLD_MEASURES)


def test_an_empty_workspace_has_empty_histograms(workspace: Workspace) -> None:
    with Index.open(workspace) as index:
        index.refresh()
        found = histograms(index)["repetition"]
    assert not sum(found.counts())
    assert found.occupied() == range(0)
    assert found.quantile(0.99) is None


def test_rows_without_a_value_are_left_out(index: Index) -> None:
    cursor = index._connection.cursor()
    cursor.execute("UPDATE scores SET longest_paragraph = NULL, repetition = NULL, well_formed = NULL")
    found = histograms(index)
    for measure in ("longest_paragraph", "repetition", "well_formed"):
        assert not sum(found[measure].counts())
    assert sum(found["truncated"].counts()) == len(CORRECT)


@pytest.mark.parametrize("measure", ["target_word_ratio", "longest_paragraph", "code_blocks", "well_formed"])
def test_a_bound_is_drawn_between_the_values_that_pass_it_and_the_others(measure: str) -> None:
    histogram = Histogram(measure, edges_of(measure), {})
    for bound in (0.0, 1.0, *((0.95, 0.025, 0.999, 0.5) if edges_of(measure) == SHARE_EDGES else ())):
        for value in (0.0, 1.0, *SHARE_EDGES[:-2] * (edges_of(measure) == SHARE_EDGES)):
            assert (value <= bound) == (histogram.position(value) <= histogram.position(bound))
            assert (value >= bound) == (histogram.position(value) > histogram.position_below(bound))


def test_positions_grow_with_the_value_and_stay_on_the_axis() -> None:
    histogram = Histogram("longest_paragraph", COUNT_EDGES, {})
    positions = [histogram.position(value) for value in (-5, 0, 1, 10, 11, 12, 160, 1500, 1501, 10**9, 10**12)]
    assert positions == sorted(positions)
    assert positions[0] == -1 and positions[1] == 0 and positions[-1] == len(COUNT_EDGES) - 1


def test_a_quantile_is_the_edge_of_its_bin() -> None:
    histogram = Histogram("code_blocks", COUNT_EDGES, {"math": (90, 5, 4, 1, *([0] * (len(COUNT_EDGES) - 4)))})
    assert [histogram.quantile(share) for share in (0.0, 0.5, 0.95, 0.99, 1.0)] == [0.0, 0.0, 1.0, 2.0, 3.0]


def test_the_fingerprint_changes_with_what_is_taken_in(index: Index, workspace: Workspace) -> None:
    before = taken_in(index)
    index.refresh()
    assert taken_in(index) == before
    sampled(workspace, [Response(RESPONSES[0].prompt, 99)])
    index.refresh()
    assert taken_in(index) != before
