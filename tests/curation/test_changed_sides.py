"""Candidates that change side between two threshold sets are found once each, whichever way the pages are turned."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from curation import Workspace
from curation.changed_sides import Side, changed_sides
from curation.index import Index
from curation.jobs import Job
from curation.thresholds import ThresholdRule, ThresholdSet
from tests.curation.index.rows import Response, id_of, question, sampled, write_prompts

SAVED = ThresholdSet(
    "saved",
    (
        ThresholdRule("repetition", "repetition", max=0.5),
        ThresholdRule("code_blocks", "code_blocks", max=0),
        ThresholdRule("ragged", "well_formed", min=1, enabled=False),
    ),
)
DRAFT = ThresholdSet(
    "draft",
    (
        ThresholdRule("ragged", "well_formed", min=1),
        ThresholdRule("repetition", "repetition", max=0.3),
        ThresholdRule("code_blocks", "code_blocks", max=1, domains=("math",)),
    ),
)


def _responses() -> list[Response]:
    chosen = random.Random(3)
    return [
        Response(
            question(number, ("math", "code")[number % 2]),
            sample,
            text=f"<think>{number} {sample}</think>an answer",
            verdict=chosen.choice(["correct", "correct", "undecided"]),
            repetition=chosen.random(),
            code_blocks=chosen.randrange(3),
            well_formed=chosen.random() < 0.8,
        )
        for number in range(20)
        for sample in range(4)
    ]


RESPONSES = _responses()


def rejected_by(response: Response, repetition: float, code_blocks: int, only_math: bool, ragged: bool) -> list[str]:
    names = []
    if ragged and not response.well_formed:
        names.append("ragged")
    if response.repetition > repetition:
        names.append("repetition")
    if response.code_blocks > code_blocks and (not only_math or response.prompt.domain == "math"):
        names.append("code_blocks")
    return names


def by_hand(job: Job) -> dict[int, tuple[str, list[str]]]:
    changed = {}
    for response in RESPONSES:
        old, new = rejected_by(response, 0.5, 0, False, False), rejected_by(response, 0.3, 1, True, True)
        if response.verdict == "correct" and bool(old) != bool(new):
            changed[id_of(job, response)] = ("rejected", new) if new else ("accepted", old)
    return changed


@pytest.fixture
def job(workspace: Workspace) -> Job:
    write_prompts(workspace, "train", list(dict.fromkeys(response.prompt for response in RESPONSES)))
    return sampled(workspace, RESPONSES)


@pytest.fixture
def index(workspace: Workspace, job: Job) -> Iterator[Index]:
    with Index.open(workspace) as index:
        index.refresh()
        yield index


@pytest.mark.parametrize("side", [None, Side.ACCEPTED, Side.REJECTED])
def test_pages_hold_every_change_once_forwards_and_backwards(index: Index, job: Job, side: Side | None) -> None:
    expected = {key: value for key, value in by_hand(job).items() if side in (None, value[0])}
    assert len(expected) > 3
    found: dict[int, tuple[str, list[str]]] = {}
    start: int | None = 0
    starts = []
    while start is not None:
        starts.append(start)
        page = changed_sides(index, SAVED, DRAFT, side=side, start=start, limit=3)
        for row in page.rows.to_pylist():
            assert row["candidate_id"] not in found
            found[row["candidate_id"]] = (row["side"], sorted(row["rules"]))
        start = page.next
    assert list(found) == sorted(expected)
    assert found == {key: (now, sorted(rules)) for key, (now, rules) in expected.items()}
    assert page.accepted == sum(now == "accepted" for now, _rules in by_hand(job).values())
    assert page.rejected == sum(now == "rejected" for now, _rules in by_hand(job).values())
    for earlier, later in zip([min(expected), *starts[1:]], starts[1:], strict=False):
        assert changed_sides(index, SAVED, DRAFT, side=side, start=later, limit=3).previous == earlier
    assert changed_sides(index, SAVED, DRAFT, side=side, start=0, limit=3).previous is None


def test_a_set_changes_nothing_against_itself(index: Index) -> None:
    same = changed_sides(index, SAVED, SAVED)
    assert (same.accepted, same.rejected, same.rows.num_rows, same.next) == (0, 0, 0, None)


def test_without_rules_everything_that_was_rejected_is_accepted(index: Index, job: Job) -> None:
    emptied = changed_sides(index, SAVED, ThresholdSet("none", ()))
    assert emptied.rejected == 0
    assert emptied.accepted == sum(
        bool(rejected_by(each, 0.5, 0, False, False)) for each in RESPONSES if each.verdict == "correct"
    )
