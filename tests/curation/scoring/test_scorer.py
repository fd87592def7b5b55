"""A score is what rule and measures say of that text, whatever else is in the batch, and it names its versions."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation import Workspace
from curation.errors import InputError
from curation.measures import MEASURES_VERSION, measure
from curation.prompts import prompt_table
from curation.records import SCORE_SCHEMA, TEXT_MEASURES, Message, Prompt, response_hash
from curation.scoring import Scorer, score_candidates
from curation.scoring.scorer import is_current, score_keys
from curation.verification import RULE_VERSION

PROMPTS = [
    Prompt((Message("user", "1+1?"),), "math", "sum", "2", "math", "en"),
    Prompt((Message("user", "一加一？"),), "math", "sum", "2", "math", "zh"),
    Prompt((Message("user", "Which? A or B"),), "stem", "choice", "B", "choice", "en"),
    Prompt((Message("user", "Tell me a story."),), "general", "writing", None, "none", "en"),
]
TEXTS = ["<think>\none and one</think>\n\n2", "<think>\n一加一 is two</think>\n\n3", "<think>\nhm</think>\n\nB", "Once"]
VERDICTS = ["correct", "incorrect", "correct", "undecided"]


@pytest.fixture
def scored_workspace(workspace: Workspace) -> Workspace:
    pq.write_table(prompt_table(PROMPTS), workspace.prompts / "few.parquet")
    return workspace


def candidates(order: list[int]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict(
        {
            "candidate_id": pa.array([100 + i for i in order], pa.uint64()),
            "prompt_id": pa.array([PROMPTS[i].prompt_id for i in order], pa.uint64()),
            "response_hash": pa.array([response_hash(TEXTS[i]) for i in order], pa.uint64()),
            "text": pa.array([TEXTS[i] for i in order]),
        }
    )


def test_scores_follow_their_candidates(scored_workspace: Workspace) -> None:
    order = [3, 1, 0, 2, 0]
    with Scorer(scored_workspace) as scorer:
        scores = scorer.score(candidates(order))
    assert scores.schema.equals(SCORE_SCHEMA)
    assert scores.column("candidate_id").to_pylist() == [100 + i for i in order]
    assert scores.column("rule_verdict").to_pylist() == [VERDICTS[i] for i in order]
    assert set(scores.column("rule_version").to_pylist()) == {RULE_VERSION}
    assert set(scores.column("measures_version").to_pylist()) == {MEASURES_VERSION}
    for row, i in enumerate(order):
        alone = measure([TEXTS[i]], [PROMPTS[i].target_language])
        for field in TEXT_MEASURES:
            assert scores.column(field.name)[row].as_py() == pytest.approx(alone[field.name][0].item())


def test_batches_come_back_one_for_one(scored_workspace: Workspace) -> None:
    batches = list(score_candidates(scored_workspace, [candidates([0, 1]), candidates([2])]))
    assert [batch.num_rows for batch in batches] == [2, 1]


def test_a_candidate_of_an_unknown_prompt_is_refused(scored_workspace: Workspace, tmp_path: Path) -> None:
    with (
        Scorer(scored_workspace, [PROMPTS[0].prompt_id]) as scorer,  # type: ignore[arg-type]
        pytest.raises(InputError, match="import the file"),
    ):
        scorer.score(candidates([0, 1]))


def test_keys_name_candidate_and_text(scored_workspace: Workspace) -> None:
    keys = score_keys(candidates([0, 1, 0]))
    assert keys[0] == keys[2] != keys[1]
    other = candidates([0]).set_column(2, "response_hash", pa.array([7], pa.uint64()))
    assert score_keys(other)[0] != keys[0]


def test_scores_of_another_version_are_not_current(scored_workspace: Workspace) -> None:
    with Scorer(scored_workspace) as scorer:
        scores = pa.Table.from_batches([scorer.score(candidates([0, 1]))])
    versions = pa.array([RULE_VERSION, RULE_VERSION - 1], pa.int32())
    mixed = scores.set_column(scores.schema.get_field_index("rule_version"), "rule_version", versions)
    assert is_current(mixed)["candidate_id"].to_pylist() == [100]
