"""Each key counts once, whatever came in which order, and an index kept up to date equals one built anew."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curation import Workspace
from curation.index import Index
from curation.jobs import Job, compact, live_shards
from tests.curation.index.rows import Response, new_job, question, write_candidates, write_prompts, write_scores
from tests.curation.index.state import state_by_hand, state_of

PROMPTS = [question(number) for number in range(4)]
VERDICTS = ("correct", "incorrect", "undecided", "error")

_candidates = st.tuples(st.integers(0, 3), st.integers(0, 1), st.integers(0, 1))  # prompt, sample, text
_scores = st.tuples(_candidates, st.integers(1, 2), st.sampled_from(VERDICTS))
_letter = st.sampled_from("abcdef")  # names do not come in the order of time

_steps = st.one_of(
    st.tuples(st.just("candidates"), st.integers(0, 1), _letter, st.lists(_candidates, min_size=1, max_size=6)),
    st.tuples(
        st.just("scores"),
        st.sampled_from([(0, 0), (1, 1), (2, 0), (2, 1), (3, 0), (3, 1)]),  # job that scores, job that sampled
        _letter,
        st.lists(_scores, min_size=1, max_size=6),
    ),
    st.tuples(st.just("prompts"), _letter, st.sets(st.integers(0, 3), min_size=1), st.booleans()),
    st.tuples(st.just("compact"), st.integers(0, 3)),
    st.tuples(st.just("lose shard"), st.integers(0, 3), st.integers(0, 5)),
    st.tuples(st.just("lose job"), st.integers(0, 3)),
    st.tuples(st.just("lose prompts"), st.integers(0, 5)),
    st.tuples(st.just("refresh")),
)


_quick = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
_steps_in_any_order = st.lists(_steps, min_size=1, max_size=14)


@_quick
@given(_steps_in_any_order)
def test_an_index_kept_up_to_date_says_what_the_files_say(steps: list[Any]) -> None:
    _check(steps)


@pytest.mark.long
@settings(_quick, max_examples=300)
@given(_steps_in_any_order)
def test_it_does_so_in_many_more_orders(steps: list[Any]) -> None:
    _check(steps)


def _check(steps: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace.create(Path(folder) / "workspace")
        jobs = [new_job(workspace, kind) for kind in ("sample", "sample", "score", "score")]
        with Index.open(workspace) as index:
            for number, step in enumerate(steps):
                _take(workspace, jobs, number, step)
                if step[0] == "refresh":
                    index.refresh()
            index.refresh()
            expected = state_by_hand(workspace)
            assert state_of(index) == expected
            with Index.open(workspace) as anew:
                assert not anew.persistent
                anew.refresh()
                assert state_of(anew) == expected
            index.rebuild()
            assert state_of(index) == expected


def _take(workspace: Workspace, jobs: list[Job], number: int, step: Any) -> None:
    match step:
        case ("candidates", job, letter, rows) if jobs[job].folder.exists():
            write_candidates(jobs[job], f"{letter}{number}", [_response(row) for row in rows])
        case ("scores", (job, sampled_by), letter, rows) if jobs[job].folder.exists():
            responses = [_response(row).but(rule_version=version, verdict=verdict) for row, version, verdict in rows]
            write_scores(jobs[job], f"{letter}{number}", responses, jobs[sampled_by])
        case ("prompts", letter, numbers, held_out):
            split = "held_out" if held_out else "train"
            chosen = [question(prompt, split=split) for prompt in sorted(numbers)]
            write_prompts(workspace, f"{letter}{number}", chosen)
        case ("compact", job) if (jobs[job].folder / "shards").exists():
            compact(jobs[job].folder, "candidates", ["prompt_id", "sample"])
            compact(jobs[job].folder, "scores", ["candidate_id", "response_hash", "rule_version", "measures_version"])
        case ("lose shard", job, which) if jobs[job].folder.exists():
            shards = [path for family in ("candidates", "scores") for path in live_shards(jobs[job].folder, family)]
            shards = [path for path in shards if "compacted" not in path.name]  # the manifest names those
            if which < len(shards):
                shards[which].unlink()
        case ("lose job", job):
            shutil.rmtree(jobs[job].folder, ignore_errors=True)
        case ("lose prompts", which):
            files = sorted(workspace.prompts.glob("*.parquet"))
            if which < len(files):
                files[which].unlink()


def _response(row: tuple[int, int, int]) -> Response:
    prompt, sample, text = row
    return Response(PROMPTS[prompt], sample, text=f"<think>text {text}</think>of {prompt}")
