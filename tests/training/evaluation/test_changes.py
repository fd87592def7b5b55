"""What changed between two models agrees with a count by hand, whatever lies twice in the shards."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pytest

from curation import Workspace
from curation.errors import ShardError
from curation.jobs import Job, ShardWriter, create_job, live_shards
from curation.thresholds import ThresholdRule
from training.evaluation import EVALUATION_SCHEMA, FAMILY
from training.evaluation.changes import Outcome, change_of, count_changes, page_of_changes, responses_to

MEASURES = {"target_word_ratio": 1.0, "foreign_words": 0, "longest_paragraph": 9, "code_blocks": 0, "code_ratio": 0.0}


def row(model: str, prompt: int, sample: int, verdict: str, **more: object) -> dict[str, object]:
    return {
        "model": model, "revision": "r", "prompt_id": prompt, "sample": sample, "domain": "math", "verifier": "math",
        "text": f"{model} {prompt} {sample} {verdict}", "finish_reason": "stop", "reasoning_tokens": 1,
        "answer_tokens": 2, "seed": None, "rule_verdict": verdict, "rule_detail": "made", "prediction": None,
        "rule_version": 1, "measures_version": 1, **MEASURES, "repetition": 0.0, "well_formed": True, **more,
    }  # fmt: skip


def write(job: Job, rows: list[dict[str, object]]) -> None:
    with ShardWriter(job.shards, FAMILY, EVALUATION_SCHEMA) as writer:
        writer.write(pa.Table.from_pylist(rows, schema=EVALUATION_SCHEMA))


@pytest.fixture
def job(tmp_path: Path) -> Job:
    workspace = Workspace.create(tmp_path / "model=qwen" / "odd [1] *name?")
    return create_job(workspace, "evaluate", "training.evaluation", {})


def test_changes_are_counted_by_prompt(job: Job) -> None:
    marks = {1: ("00", "11"), 2: ("11", "00"), 3: ("10", "01"), 4: ("00", "10"), 2**63 + 5: ("11", "11")}
    rows = []
    for prompt, sides in marks.items():
        for model, side in zip(("base", "tuned"), sides, strict=True):
            rows += [
                row(model, prompt, sample, "correct" if mark == "1" else "incorrect")
                for sample, mark in enumerate(side)
            ]
    rows += [row(model, 70, 0, "error") for model in ("base", "tuned")]  # a failed check is no verdict
    rows += [row(model, 71, 0, "undecided", verifier="none") for model in ("base", "tuned")]
    rows.append(row("base", 72, 0, "correct"))  # the other model was not asked
    rows.append(row("third", 1, 0, "correct"))
    write(job, rows)
    write(job, [row("base", 1, 0, "correct", text="written again")])  # the first shard by name counts
    assert count_changes(job, "base", "tuned") == {Outcome.RIGHT: 2, Outcome.WRONG: 1, Outcome.SAME: 2}
    assert count_changes(job, "base", "tuned", domain="logic") == dict.fromkeys(Outcome, 0)
    right = page_of_changes(job, "base", "tuned", Outcome.RIGHT)
    assert [each.prompt_id for each in right] == [1, 4]  # the larger change first
    assert (right[1].left_correct, right[1].left_samples, right[1].right_correct) == (0, 2, 1)
    assert page_of_changes(job, "base", "tuned", Outcome.SAME, limit=1, offset=1)[0].prompt_id == 3
    both = change_of(job, "base", "tuned", 2**63 + 5)
    assert both is not None and both.outcome is Outcome.SAME and both.left_correct == 2
    assert change_of(job, "base", "tuned", 72) is None


def test_responses_come_once_in_order(job: Job) -> None:
    write(job, [row(model, 1, sample, "correct") for model in ("tuned", "base", "third") for sample in (1, 0)])
    write(job, [row("base", 1, 0, "incorrect")])
    found = responses_to(job, "base", "tuned", 1)
    assert [(each.model, each.sample) for each in found] == [("base", 0), ("base", 1), ("tuned", 0), ("tuned", 1)]
    assert found[0].text == "base 1 0 correct"
    assert [each.broken for each in found] == [()] * 4
    assert responses_to(job, "base", "tuned", 2) == []


def test_a_response_names_the_rules_that_it_breaks(tmp_path: Path) -> None:
    rules = [
        ThresholdRule("code_blocks", "code_blocks", max=0),
        ThresholdRule("cut", "truncated", max=0),
        ThresholdRule("elsewhere", "code_blocks", max=0, domains=("logic",)),
    ]
    workspace = Workspace.create(tmp_path / "w")
    job = create_job(workspace, "evaluate", "training.evaluation", {"rules": [asdict(rule) for rule in rules]})
    write(
        job,
        [
            row("base", 1, 0, "correct", code_blocks=2),
            row("tuned", 1, 0, "correct", code_blocks=1, finish_reason="length"),
            row("tuned", 1, 1, "correct"),
        ],
    )
    found = responses_to(job, "base", "tuned", 1)
    assert [each.broken for each in found] == [("code_blocks",), ("code_blocks", "cut"), ()]


def test_uneven_samples_are_compared_as_rates(job: Job) -> None:
    rows = [row("base", 1, sample, "correct" if sample < 2 else "incorrect") for sample in range(4)]
    write(job, [*rows, row("tuned", 1, 0, "correct"), row("tuned", 1, 1, "incorrect")])
    assert count_changes(job, "base", "tuned")[Outcome.SAME] == 1


def test_nothing_yet_and_damage(job: Job) -> None:
    assert Counter(count_changes(job, "base", "tuned")) == Counter()
    write(job, [row("base", 1, 0, "correct")])
    live_shards(job.folder, FAMILY)[0].write_bytes(b"PAR1 damaged")
    with pytest.raises(ShardError, match="resume the job"):
        count_changes(job, "base", "tuned")
