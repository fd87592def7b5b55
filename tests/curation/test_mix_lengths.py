"""The lengths of a mix are those of exactly the candidates that an export would take."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest

from curation import Workspace
from curation.index import Index
from curation.mix import MixConfig, select
from curation.mix_lengths import BINS_PER_DOUBLING, mix_lengths
from curation.selection import SelectionConfig
from curation.thresholds import default_thresholds
from tests.curation.index.rows import Response, question, sampled, write_general, write_prompts

PROMPTS = [question(number, domain) for number, domain in enumerate(["math"] * 8 + ["logic"] * 3 + ["general"])]


@pytest.fixture
def index(workspace: Workspace) -> Iterator[Index]:
    write_prompts(workspace, "train", PROMPTS)
    sampled(
        workspace,
        [
            Response(prompt, sample, text=f"<think>{sample}</think>{prompt.reference}")
            for prompt in PROMPTS
            for sample in range(5)
        ],
    )
    write_general(workspace, "chat", [f"text {number}" for number in range(9)])
    with Index.open(workspace) as index:
        index.refresh()
        yield index


@pytest.mark.parametrize(
    ("selection", "mix"),
    [
        (SelectionConfig(cap=2), MixConfig(recipe="all")),
        (SelectionConfig(cap=3, method="shortest"), MixConfig(reasoning=9, general=4, domains={"math": 5}, seed=3)),
    ],
)
def test_they_are_those_of_the_selected(index: Index, selection: SelectionConfig, mix: MixConfig) -> None:
    rows = select(index, default_thresholds(), selection, mix).rows
    tokens = dict(
        zip(
            *index.query("SELECT candidate_id, reasoning_tokens + answer_tokens AS tokens FROM scores")
            .to_pydict()
            .values(),
            strict=True,
        )
    )
    found = {each.domain: each for each in mix_lengths(index, default_thresholds(), selection, mix)}
    assert set(found) == set(rows.filter(rows["prompt_id"].is_valid())["domain"].to_pylist())
    for domain, lengths in found.items():
        pairs = zip(rows["domain"].to_pylist(), rows["id"].to_pylist(), strict=True)
        own = sorted(tokens[each] for where, each in pairs if where == domain)
        assert (lengths.samples, lengths.tokens, lengths.longest) == (len(own), sum(own), own[-1])
        assert lengths.mean == pytest.approx(np.mean(own))
        assert own[0] <= lengths.median <= lengths.p90 <= own[-1]
        assert sum(count for _bin, count in lengths.bins) == len(own)
        bins = {math.floor(BINS_PER_DOUBLING * math.log2(max(1, each))) for each in own}
        assert {number for number, _count in lengths.bins} == bins


def test_an_empty_mix_has_none(index: Index) -> None:
    assert mix_lengths(index, default_thresholds(), SelectionConfig(), MixConfig(reasoning=0, general=5)) == ()
