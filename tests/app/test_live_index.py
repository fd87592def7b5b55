"""What pages count is never older than it says, costs nothing while nothing changes, and follows who asks anew."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.serving import PATIENCE_S
from components.live_index import FRESH_S, LiveIndex, View
from curation import Workspace
from curation.prompts import ImportOptions, import_prompts
from curation.thresholds import ThresholdSet, load_thresholds, save_thresholds


@pytest.fixture
def live(workspace: Workspace) -> Iterator[LiveIndex]:
    index = LiveIndex(workspace)
    yield index
    index.close()


def add(workspace: Workspace, tmp_path: Path, name: str) -> None:
    path = tmp_path / f"{name}.jsonl"
    path.write_text(f'{{"question": "{name}?", "reference": "2"}}\n')
    import_prompts(workspace, path, ImportOptions(domain="math"))


def prompts(view: View) -> int:
    assert view.counted is not None and not view.is_behind
    return view.counted.funnel.prompts


def test_a_result_that_nobody_waited_for_is_not_taken_for_the_present(
    workspace: Workspace, live: LiveIndex, tmp_path: Path
) -> None:
    assert live.view(patience_s=0.0) == View(None, is_behind=True)
    while live._running is not None:
        time.sleep(0.01)
    add(workspace, tmp_path, "one")
    time.sleep(FRESH_S + 0.1)
    assert prompts(live.view(PATIENCE_S)) == 1


def test_nothing_is_counted_again_while_nothing_changes(workspace: Workspace, live: LiveIndex, tmp_path: Path) -> None:
    add(workspace, tmp_path, "one")
    first = live.view(PATIENCE_S)
    live.forget()
    again = live.view(PATIENCE_S)
    assert first.counted is not None and again.counted is not None
    assert again.counted.funnel is first.counted.funnel
    add(workspace, tmp_path, "two")
    live.forget()
    assert prompts(live.view(PATIENCE_S)) == 2
    (workspace.prompts / "two.parquet").unlink()
    live.forget()
    assert prompts(live.view(PATIENCE_S)) == 1


def test_who_asks_anew_gets_what_came_before_the_question(
    workspace: Workspace, live: LiveIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def slowly(of: Workspace, name: str = "default") -> ThresholdSet:
        found = load_thresholds(of, name)
        reached.set()
        assert go_on.wait(PATIENCE_S)
        return found

    monkeypatch.setattr("components.live_index.load_thresholds", slowly)
    assert live.view(patience_s=0.0).is_behind
    assert reached.wait(PATIENCE_S)
    save_thresholds(workspace, ThresholdSet("default", ()))
    live.forget()
    go_on.set()
    view = live.view(PATIENCE_S)
    assert view.counted is not None and view.counted.thresholds.rules == ()


def test_a_failed_look_is_tried_again(
    workspace: Workspace, live: LiveIndex, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    add(workspace, tmp_path, "one")
    with monkeypatch.context() as broken:
        broken.setattr("components.live_index.funnel", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            live.view(PATIENCE_S)
    assert prompts(live.view(PATIENCE_S)) == 1
