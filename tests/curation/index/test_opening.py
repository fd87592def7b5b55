"""One process keeps the index; any other looks through its own; what is damaged or old is built anew."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from curation import Workspace
from curation.errors import WorkspaceError
from curation.funnel import funnel
from curation.index import Index
from curation.thresholds import default_thresholds
from tests.curation.index.rows import Response, question, sampled, write_prompts
from tests.curation.index.state import state_of

PROMPTS = [question(number) for number in range(4)]


@pytest.fixture
def filled(workspace: Workspace) -> Workspace:
    write_prompts(workspace, "first", PROMPTS)
    sampled(workspace, [Response(prompt, sample) for prompt in PROMPTS for sample in range(2)])
    return workspace


def test_an_index_outlives_its_process(filled: Workspace) -> None:
    with Index.open(filled) as index:
        assert index.persistent
        index.refresh()
        state = state_of(index)
    with Index.open(filled) as index:
        assert state_of(index) == state
        assert index.refresh().shards == 0


def test_nobody_waits_for_the_lock(filled: Workspace) -> None:
    with Index.open(filled) as first, Index.open(filled) as second:
        assert first.persistent
        assert not second.persistent
        first.refresh()
        second.refresh()
        assert state_of(first) == state_of(second)
        script = (
            "import sys; from curation import Workspace; from curation.index import Index\n"
            "with Index.open(Workspace.open(sys.argv[1])) as index: print(index.persistent, index.refresh().candidates)"
        )
        root = Path(__file__).resolve().parents[3]
        other = subprocess.run(
            [sys.executable, "-c", script, str(filled.folder)], capture_output=True, text=True, check=True, cwd=root
        )
        assert other.stdout.split() == ["False", "8"]
    with Index.open(filled) as third:
        assert third.persistent


def test_an_index_that_another_program_has_open_is_left_alone(filled: Workspace) -> None:
    with Index.open(filled) as index:
        index.refresh()
    script = "import sys, duckdb; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", script, str(filled.index / "winnow.duckdb")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with Index.open(filled) as index:
            assert not index.persistent
            assert index.refresh().candidates == 8
        assert other.stdin is not None
        other.stdin.close()
    with Index.open(filled) as index:
        assert index.persistent
        assert index.refresh().shards == 0


@pytest.mark.parametrize("damage", ["garbage", "cut", "first blocks", "another version", "folder deleted"])
def test_an_index_that_cannot_be_used_is_built_anew(filled: Workspace, damage: str) -> None:
    with Index.open(filled) as index:
        index.refresh()
        state = state_of(index)
    file = filled.index / "winnow.duckdb"
    if damage == "garbage":
        file.write_bytes(b"\0garbage" * 4096)
    elif damage == "cut":
        file.write_bytes(file.read_bytes()[:5000])
    elif damage == "first blocks":
        _scramble(file, 12_288)
    elif damage == "another version":
        with duckdb.connect(str(file)) as connection:
            connection.execute("UPDATE meta SET fingerprint = 'older'")
    else:
        for path in filled.index.iterdir():
            path.unlink()
        filled.index.rmdir()
    with Index.open(filled) as index:
        assert index.persistent
        assert index.refresh().candidates == 8
        assert state_of(index) == state


def test_damage_that_shows_later_is_repaired_by_a_refresh(workspace: Workspace) -> None:
    prompts = [question(number) for number in range(3000)]
    write_prompts(workspace, "first", prompts)
    sampled(workspace, [Response(prompt, sample) for prompt in prompts for sample in range(4)])
    with Index.open(workspace) as index:
        index.refresh()
        state = state_of(index)
    file = workspace.index / "winnow.duckdb"
    whole = file.read_bytes()
    repaired = 0
    for start in range(12_288 + 262_144, len(whole), 262_144):
        file.write_bytes(whole)
        _scramble(file, start)
        with Index.open(workspace) as index:
            was_opened = index.persistent
            with contextlib.suppress(WorkspaceError):  # a page would show it, and draw itself again
                state_of(index)
            index.refresh()
            assert state_of(index) == state
            repaired += was_opened and not index.persistent
    assert repaired


def _scramble(file: Path, start: int) -> None:
    content = bytearray(file.read_bytes())
    for position in range(start, min(start + 262_144, len(content)), 97):
        content[position] ^= 0x5A
    file.write_bytes(content)


def test_a_folder_that_cannot_be_written_does_not_stop_a_reader(filled: Workspace) -> None:
    filled.index.rmdir() if filled.index.exists() else None
    filled.index.write_text("in the way")
    with Index.open(filled) as index:
        assert not index.persistent
        index.refresh()
        assert funnel(index, default_thresholds()).accepted == 8
