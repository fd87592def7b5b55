"""A history that is read as it grows holds what the whole file holds, across torn lines, resumes and long files."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest

from training.metric_history import MetricHistory, smoothed, thinned
from training.progress import read_metrics, rewind_metrics


def row(step: int, **values: object) -> str:
    known = {"loss": 1.0 / step, "tokens": 10 * step, "time": 5.0 + step}
    return f"{json.dumps({'step': step, **known, **values})}\n"


def agrees(history: MetricHistory, folder: Path) -> None:
    curves, rows = history.look(), read_metrics(folder)
    assert curves.step.tolist() == [each.step for each in rows]
    for name in ("loss", "eval_loss", "tokens", "time"):
        expected = [np.nan if getattr(each, name) is None else getattr(each, name) for each in rows]
        np.testing.assert_array_equal(getattr(curves, name), np.array(expected, dtype=float))


def test_it_follows_a_file_that_grows_in_any_pieces(tmp_path: Path) -> None:
    chosen = random.Random(3)
    text = "".join(row(step) + (row(step, eval_loss=0.5) if step % 7 == 0 else "") for step in range(1, 200))
    text = text.replace(row(50), row(50)[:20] + "\n").replace(row(60), row(60) + "[1]\n\n{}\n")
    history, path = MetricHistory(tmp_path), tmp_path / "metrics.jsonl"
    assert len(history.look().step) == 0
    written = 0
    while written < len(text):
        more = chosen.randint(1, 900)
        with path.open("a", encoding="utf-8") as file:
            file.write(text[written : written + more])
        written += more
        if written >= len(text) or text[written - 1] == "\n":
            agrees(history, tmp_path)
        history.look()
    agrees(history, tmp_path)
    assert history.look().last("eval_loss") == 0.5


def test_a_resume_takes_back_the_steps_after_its_checkpoint(tmp_path: Path) -> None:
    path, history = tmp_path / "metrics.jsonl", MetricHistory(tmp_path)
    path.write_text("".join(map(row, range(1, 30))), encoding="utf-8")
    agrees(history, tmp_path)
    rewind_metrics(tmp_path, 10)
    with path.open("a", encoding="utf-8") as file:
        file.writelines(row(step, loss=9.0) for step in range(11, 60))
    agrees(history, tmp_path)
    path.unlink()
    assert len(history.look().step) == 0


def test_a_long_file_is_read_whole_by_the_fast_parser_and_by_the_careful_one(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    lines = [row(step) for step in range(1, 20_001)]
    path.write_text("".join(lines), encoding="utf-8")
    agrees(MetricHistory(tmp_path), tmp_path)
    lines[777] = lines[777][:9] + "\n"
    path.write_text("".join(lines), encoding="utf-8")
    agrees(MetricHistory(tmp_path), tmp_path)
    lines[10_000:10_010] = reversed(lines[10_000:10_010])
    path.write_text("".join(lines), encoding="utf-8")
    agrees(MetricHistory(tmp_path), tmp_path)


@pytest.mark.parametrize("steps", [3, 9_000])
def test_what_is_not_finite_is_a_gap(tmp_path: Path, steps: int) -> None:
    values = {2: float("inf"), 3: float("nan")}
    lines = [row(step, grad_norm=values.get(step, 1.0)) for step in range(1, steps + 1)]
    (tmp_path / "metrics.jsonl").write_text("".join(lines))
    known = MetricHistory(tmp_path).look().grad_norm
    assert np.isnan(known[[1, 2]]).all() and not np.isnan(known[0]) and not np.isinf(known).any()


def test_smoothing_is_the_debiased_moving_average() -> None:
    values = np.array([4.0, np.nan, 2.0, 8.0, 8.0, 1.0])
    total = weights = 0.0
    expected = []
    for value in values:
        if not np.isnan(value):
            total, weights = 0.9 * total + 0.1 * value, 0.9 * weights + 0.1
        expected.append(np.nan if np.isnan(value) else total / weights)
    np.testing.assert_allclose(smoothed(values, 0.9), expected)
    np.testing.assert_array_equal(smoothed(values, 0.0), values)
    long = np.full(5_000, 3.0)
    np.testing.assert_allclose(smoothed(long, 0.99), long)


def test_thinning_keeps_the_ends_and_every_spike() -> None:
    values = np.linspace(5.0, 1.0, 100_000)
    values[[3_333, 77_777]] = 90.0, -90.0
    values[500:600] = np.nan
    kept = thinned(values, 800)
    assert len(kept) <= 800 and (np.diff(kept) > 0).all()
    assert {0, 3_333, 77_777, 99_999} <= set(kept.tolist())
    assert not np.isnan(values[kept]).any()
    assert thinned(np.array([1.0, np.nan, 2.0]), 4).tolist() == [0, 2]
    assert len(thinned(np.full(9, np.nan), 4)) == 0
