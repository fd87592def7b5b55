"""`winnow thresholds`: list, show and change the threshold sets of a workspace."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click

from curation.cli.console import json_option, print_json, table, workspace_option
from curation.errors import InputError
from curation.measures import MEASURES
from curation.records import Domain
from curation.thresholds import ThresholdRule, ThresholdSet, list_thresholds, load_thresholds, save_thresholds
from curation.workspace import Workspace


@click.group()
def thresholds() -> None:
    """List, show and change threshold sets: the bounds on measures that accepted candidates keep to."""


@thresholds.command("list")
@json_option
@workspace_option
def list_(workspace_folder: Path | None, as_json: bool) -> None:
    """List the threshold sets."""
    names = list_thresholds(Workspace.open(workspace_folder))
    names = sorted({*names, "default"})
    if as_json:
        print_json({"thresholds": names})
    else:
        click.echo("\n".join(names))


@thresholds.command()
@json_option
def measures(as_json: bool) -> None:
    """List the measures that a rule can bound, with units and definitions."""
    if as_json:
        print_json({name: {"unit": each.unit, "definition": each.definition} for name, each in MEASURES.items()})
    else:
        table(["measure", "unit", "definition"], [(name, m.unit, m.definition) for name, m in MEASURES.items()])


@thresholds.command()
@click.argument("name", default="default")
@json_option
@workspace_option
def show(workspace_folder: Path | None, name: str, as_json: bool) -> None:
    """Show the rules of the set NAME."""
    chosen = load_thresholds(Workspace.open(workspace_folder), name)
    if as_json:
        print_json(asdict(chosen))
        return
    table(
        ["rule", "measure", "min", "max", "domains", "on"],
        [
            (
                rule.name,
                rule.measure,
                "" if rule.min is None else f"{rule.min:g}",
                "" if rule.max is None else f"{rule.max:g}",
                ", ".join(rule.domains) or "all",
                "yes" if rule.enabled else "no",
            )
            for rule in chosen.rules
        ],
    )


@thresholds.command("set")
@click.argument("name")
@click.argument("rule")
@click.option("--measure", type=click.Choice([*MEASURES]), help="What it bounds (needed for a new rule).")
@click.option("--min", "minimum", type=float, help="Candidates below are rejected.")
@click.option("--max", "maximum", type=float, help="Candidates above are rejected.")
@click.option(
    "--domain",
    "domains",
    multiple=True,
    type=click.Choice([each.value for each in Domain]),
    help="Only these (repeatable).",
)
@click.option("--on/--off", "enabled", default=None, help="Switch the rule on or off.")
@click.option("--remove", is_flag=True, help="Take the rule out of the set.")
@workspace_option
def set_(
    workspace_folder: Path | None,
    name: str,
    rule: str,
    measure: str | None,
    minimum: float | None,
    maximum: float | None,
    domains: tuple[str, ...],
    enabled: bool | None,
    remove: bool,
) -> None:
    """Change RULE in the set NAME, or add it; a set that is not there yet starts as a copy of the default."""
    workspace = Workspace.open(workspace_folder)
    fresh = name not in list_thresholds(workspace)
    current = load_thresholds(workspace, "default" if fresh else name)
    rules = {each.name: each for each in current.rules}
    changes: dict[str, Any] = {
        key: value
        for key, value in (
            ("measure", measure),
            ("min", minimum),
            ("max", maximum),
            ("domains", domains or None),
            ("enabled", enabled),
        )
        if value is not None
    }
    if remove:
        if rules.pop(rule, None) is None:
            raise InputError(f"threshold set {name!r} has no rule {rule!r}; it has {', '.join(rules) or 'none'}.")
    elif rule in rules:
        rules[rule] = replace(rules[rule], **changes)
    elif measure is None:
        raise InputError(f"threshold set {name!r} has no rule {rule!r}; to add it, say what it bounds: --measure M.")
    else:
        rules[rule] = ThresholdRule(name=rule, **changes)
    path = save_thresholds(workspace, ThresholdSet(name=name, rules=tuple(rules.values())))
    click.echo(f"{path} saved.")


@thresholds.command()
@click.argument("source")
@click.argument("name")
@workspace_option
def copy(workspace_folder: Path | None, source: str, name: str) -> None:
    """Save the set SOURCE under a new NAME."""
    workspace = Workspace.open(workspace_folder)
    if name in list_thresholds(workspace):
        raise InputError(f"there is a threshold set {name!r} already; choose another name.")
    path = save_thresholds(workspace, replace(load_thresholds(workspace, source), name=name))
    click.echo(f"{path} saved.")
