"""How every benchmark prints a metric: one JSON object a line."""

from __future__ import annotations

import json


def report(metric: str, value: float, unit: str, baseline: str, goal: float, holds: bool) -> None:
    """Print one metric; `baseline` names what it was measured beside, `holds` says whether the goal is met."""
    line = {
        "metric": metric,
        "value": round(value, 4),
        "unit": unit,
        "baseline": baseline,
        "goal": goal,
        "holds": holds,
    }
    print(json.dumps(line, ensure_ascii=False), flush=True)
