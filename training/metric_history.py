"""The metrics of a fine-tuning while it runs: read as they grow, smoothed, and thinned to what a chart can show.

`training.progress` reads a finished file at once; a page that looks every two seconds reads only what was added.
"""

from __future__ import annotations

import json
import math
import os
import threading
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.json as pa_json

Values = npt.NDArray[np.float64]

_MUCH: Final = 1 << 18  # bytes above which Arrow's parser is worth its start
_TAIL: Final = 256  # bytes by which a file that was written anew is told


@dataclass(frozen=True, slots=True)
class MetricCurves:
    """Columns over the logged steps, in their order; NaN where something was not measured. Units as in MetricsRow."""

    step: Values
    epoch: Values
    loss: Values
    eval_loss: Values
    learning_rate: Values
    grad_norm: Values
    token_accuracy: Values
    tokens: Values
    tokens_per_s: Values
    time: Values

    def last(self, name: str) -> float | None:
        """The latest value that was measured of a column, None before the first."""
        values: Values = getattr(self, name)
        known = np.flatnonzero(~np.isnan(values))
        return float(values[known[-1]]) if len(known) else None


_NAMES: Final = tuple(field.name for field in fields(MetricCurves))
_SCHEMA: Final = pa.schema([("step", pa.int64()), *((name, pa.float64()) for name in _NAMES[1:])])


class MetricHistory:
    """Follows one job's metrics.jsonl; one instance serves many threads.

    A resume rewrites the file (its rows after the checkpoint go): that is noticed, and the file is read anew. A last
    line without its end is left for the next look, a line cut by a kill is passed over.
    """

    def __init__(self, job_folder: Path) -> None:
        self._path = job_folder / "metrics.jsonl"
        self._lock = threading.Lock()
        self._forget()

    def look(self) -> MetricCurves:
        """Everything that is known now; parses only what was added since the last look."""
        with self._lock:
            self._take_in()
            return self._curves

    def _forget(self) -> None:
        self._identity: tuple[int, int] | None = None
        self._read = 0  # bytes that were taken in
        self._tail = b""  # the last of them
        self._columns = {name: array("d") for name in _NAMES}
        self._curves = MetricCurves(*(np.empty(0) for _ in _NAMES))

    def _take_in(self) -> None:
        try:
            with self._path.open("rb") as file:
                stat = os.fstat(file.fileno())
                identity = (stat.st_dev, stat.st_ino)
                if identity != self._identity or stat.st_size < self._read or not self._continues(file):
                    self._forget()
                    self._identity = identity
                if stat.st_size == self._read:
                    return
                file.seek(self._read)
                added = file.read()
        except FileNotFoundError:
            self._forget()
            return
        whole = added[: added.rfind(b"\n") + 1]
        if not whole:
            return
        self._read += len(whole)
        self._tail = (self._tail + whole)[-_TAIL:]
        table = _table(whole) if len(whole) > _MUCH else None
        if table is not None and self._is_next(table["step"].to_numpy()):
            for name in _NAMES:
                self._columns[name].frombytes(table[name].cast(pa.float64()).to_numpy().tobytes())
        else:
            for row in _rows(whole):
                self._put(row)
        self._curves = MetricCurves(*(_finite(self._columns[name]) for name in _NAMES))

    def _continues(self, file: Any) -> bool:
        """Whether the file still holds what was read last where it was read."""
        file.seek(self._read - len(self._tail))
        return bool(file.read(len(self._tail)) == self._tail)

    def _is_next(self, steps: npt.NDArray[Any]) -> bool:
        before = self._columns["step"][-1] if self._columns["step"] else -math.inf
        return bool(len(steps) and steps[0] > before and (np.diff(steps) > 0).all())

    def _put(self, row: dict[str, Any]) -> None:
        """Of two rows for one step the later wins, value by value."""
        steps = self._columns["step"]
        step = float(row["step"])
        at = len(steps) if not steps or step > steps[-1] else bisect_left(steps, step)
        if at == len(steps) or steps[at] != step:
            for name in _NAMES:
                self._columns[name].insert(at, step if name == "step" else float("nan"))
        for name, value in row.items():
            if name in self._columns and name != "step" and isinstance(value, int | float):
                self._columns[name][at] = value


def _finite(column: array[float]) -> Values:
    """The values with NaN for what no chart can draw: a gradient norm may be infinite for a step."""
    values = np.array(column)
    return np.where(np.isfinite(values), values, np.nan)


def smoothed(values: Values, weight: float) -> Values:
    """The exponential moving average with `weight` in [0, 1) on what came before; NaN passes over, and stays NaN.

    Divided by the sum of its weights, so that the first values are not drawn towards 0. Weights below 1e-6 count as 0.
    """
    known = np.flatnonzero(~np.isnan(values))
    if weight <= 0 or not len(known):
        return values
    reach = min(math.ceil(math.log(1e-6) / math.log(weight)), len(known))
    sums = np.convolve(values[known], weight ** np.arange(reach))[: len(known)]
    averages = np.full(len(values), np.nan)
    averages[known] = sums * (1 - weight) / (1 - weight ** np.minimum(np.arange(1, len(known) + 1), reach))
    return averages


def thinned(values: Values, most: int) -> npt.NDArray[np.int64]:
    """Indices of at most `most` (at least 4) points that draw the same line: each stretch's lowest and highest.

    NaN is left out; the first and the last known value stay.
    """
    known = np.flatnonzero(~np.isnan(values))
    if len(known) <= most:
        return known
    stretches = np.array_split(known[1:-1], (most - 2) // 2)
    kept = {int(known[0]), int(known[-1])}
    for part in stretches:
        if len(part):
            kept |= {int(part[values[part].argmin()]), int(part[values[part].argmax()])}
    return np.array(sorted(kept), dtype=np.int64)


def _table(lines: bytes) -> pa.Table | None:
    """Whole lines by Arrow's parser; None where they need a closer look (a torn line, a value that is no number)."""
    options = pa_json.ParseOptions(explicit_schema=_SCHEMA, unexpected_field_behavior="ignore")
    try:
        table = pa_json.read_json(pa.BufferReader(lines), parse_options=options)
    except pa.ArrowException:
        return None
    return None if table["step"].null_count else table


def _rows(lines: bytes) -> Iterator[dict[str, Any]]:
    """The rows of whole lines; those that are none are passed over."""
    for line in lines.split(b"\n"):
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict) and isinstance(row.get("step"), int):
            yield row
