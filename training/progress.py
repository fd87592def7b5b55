"""The metrics of a fine-tuning: how they are written while it runs, kept right across a resume, and read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from curation.files import write_text


@dataclass(frozen=True, slots=True)
class MetricsRow:
    """What is known of one optimiser step; a value that was not measured at that step is None.

    `loss` and `eval_loss` are nats a trained token, `time` is Unix time in seconds, `tokens` counts what the model
    has seen since the first step (prompts included, padding left out).
    """

    step: int
    epoch: float | None = None
    loss: float | None = None
    eval_loss: float | None = None
    learning_rate: float | None = None
    grad_norm: float | None = None
    token_accuracy: float | None = None
    tokens: int | None = None
    tokens_per_s: float | None = None
    time: float | None = None


def read_metrics(job_folder: Path) -> list[MetricsRow]:
    """Every step of a job once, in order; of two rows for one step the later wins. A line cut by a kill is left out."""
    names = {field.name for field in fields(MetricsRow)}
    steps: dict[int, dict[str, Any]] = {}
    for row in _rows(job_folder / "metrics.jsonl"):
        steps.setdefault(int(row["step"]), {}).update({key: value for key, value in row.items() if key in names})
    return [MetricsRow(**steps[step]) for step in sorted(steps)]


def rewind_metrics(job_folder: Path, step: int) -> None:
    """Drop the rows after `step`: a resume from its checkpoint will write them again."""
    path = job_folder / "metrics.jsonl"
    if path.exists():
        kept = [json.dumps(row) for row in _rows(path) if int(row["step"]) <= step]
        write_text(path, "".join(f"{line}\n" for line in kept))


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    if not path.exists():
        return
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if isinstance(row, dict) and isinstance(row.get("step"), int):
                yield row
