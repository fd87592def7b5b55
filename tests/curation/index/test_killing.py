"""Killing the process that holds the index loses nothing: whoever opens it next says what the files say."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from curation import Workspace
from curation.index import Index
from tests.curation.index.rows import Response, new_job, question, write_candidates, write_prompts, write_scores
from tests.curation.index.state import state_by_hand, state_of

CHECKOUT = Path(__file__).resolve().parents[3]
HOLDER = """
import sys
from curation import Workspace
from curation.index import Index
with Index.open(Workspace.open(sys.argv[1])) as index:
    print(index.persistent, flush=True)
    while True:
        index.refresh()
"""


def hold(workspace: Workspace) -> subprocess.Popen[str]:
    """A process that holds the index and refreshes it without end."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(workspace.folder)], stdout=subprocess.PIPE, text=True, cwd=CHECKOUT
    )
    assert holder.stdout is not None
    assert holder.stdout.readline().strip() == "True"
    return holder


def kill_while_it_takes_in(workspace: Workspace, rounds: int, seed: int) -> None:
    """Add shards while a process takes them in, kill it at a random moment, and look; so many times."""
    rng = random.Random(seed)
    prompts = [question(number) for number in range(20)]
    write_prompts(workspace, "first", prompts)
    job = new_job(workspace)
    for number in range(rounds):
        holder = hold(workspace)
        for part in range(4):
            responses = [Response(prompt, number * 4 + part) for prompt in prompts]
            write_candidates(job, f"{number:03d}-{part}", responses)
            write_scores(job, f"{number:03d}-{part}", responses)
        time.sleep(rng.uniform(0.0, 0.3))
        holder.send_signal(signal.SIGKILL)
        assert holder.wait(timeout=60) == -signal.SIGKILL
        with Index.open(workspace) as index:
            assert index.persistent, "the dead process's lock is gone with it"
            index.refresh()
            assert state_of(index) == state_by_hand(workspace)
            assert len(state_of(index)[0]) == (number + 1) * 4 * len(prompts)
    for file in workspace.index.iterdir():
        if file.is_file():
            file.unlink()
    with Index.open(workspace) as index:
        index.refresh()
        assert state_of(index) == state_by_hand(workspace)


def test_killed_at_random_moments(workspace: Workspace) -> None:
    kill_while_it_takes_in(workspace, rounds=3, seed=0)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1, 4))
def test_killed_at_many_random_moments(workspace: Workspace, seed: int) -> None:
    kill_while_it_takes_in(workspace, rounds=10, seed=seed)
