"""`winnow funnel`: how many candidates each step leaves, and what each threshold rejects."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from curation.cli.console import json_option, print_json, table, workspace_option
from curation.funnel import funnel as compute_funnel
from curation.index import Index
from curation.selection import SelectionConfig
from curation.thresholds import load_thresholds
from curation.workspace import Workspace


@click.command()
@click.option("--thresholds", "set_name", default="default", show_default=True, help="The threshold set to apply.")
@click.option("--cap", default=4, show_default=True, type=click.IntRange(1), help="Samples kept per prompt at most.")
@json_option
@workspace_option
def funnel(workspace_folder: Path | None, set_name: str, cap: int, as_json: bool) -> None:
    """Show what was sampled, what is correct, what each threshold rejects and what is selected."""
    workspace = Workspace.open(workspace_folder)
    rules = load_thresholds(workspace, set_name)
    with Index.open(workspace) as index:
        index.refresh()
        result = compute_funnel(index, rules, SelectionConfig(cap=cap))
    if as_json:
        print_json(result.as_json())
        return
    print_funnel(result.as_json())


def print_funnel(counts: Mapping[str, Any]) -> None:
    """The funnel as a table, from its JSON form."""
    rows = [
        ("prompts", counts["prompts"], "", ""),
        ("candidates", counts["candidates"], "", ""),
        ("correct", counts["correct"], "", ""),
        *((f"  {s['rule']}", s["remaining"], f"{s['rejects']:,}", f"{s['only']:,}") for s in counts["steps"]),
        ("accepted", counts["accepted"], "", ""),
        ("selected", counts["selected"], "", ""),
    ]
    table(
        ["step", "left", "rejects", "only this rule"],
        [(name, f"{left:,}", rejects, only) for name, left, rejects, only in rows],
        right=(1, 2, 3),
    )
