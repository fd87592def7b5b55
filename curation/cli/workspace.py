"""`winnow init`, `winnow rebuild`, `winnow app`: the workspace itself, its index, and the app on it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from curation.cli.console import json_option, print_json, workspace_option
from curation.errors import InputError
from curation.index import Index
from curation.workspace import ENVIRONMENT_VARIABLE, Workspace


@click.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path, file_okay=False))
@click.option("--name", help="What to call it (default: the folder's name).")
@workspace_option
def init(folder: Path | None, name: str | None, workspace_folder: Path | None) -> None:
    """Make a new workspace in FOLDER."""
    chosen = folder or workspace_folder
    if chosen is None:
        raise InputError(f"where? `winnow init DIR`, or set {ENVIRONMENT_VARIABLE}.")
    workspace = Workspace.create(chosen, name)
    click.echo(f"{workspace.folder} is ready. Next: winnow import FILE --workspace {chosen}")


@click.command()
@json_option
@workspace_option
def rebuild(workspace_folder: Path | None, as_json: bool) -> None:
    """Build the index anew from the files; nothing is lost by it."""
    workspace = Workspace.open(workspace_folder)
    with Index.open(workspace) as index:
        report = index.rebuild()
    if as_json:
        print_json({"prompts": report.prompts, "candidates": report.candidates, "scores": report.scores})
    else:
        click.echo(
            f"Index rebuilt: {report.prompts:,} prompts, {report.candidates:,} candidates, {report.scores:,} scores."
        )


@click.command()
@click.option("--port", default=8501, show_default=True, type=click.IntRange(1, 65535), help="Where to serve it.")
@workspace_option
def app(workspace_folder: Path | None, port: int) -> None:
    """Open the app on a workspace (made if it does not exist yet)."""
    folder = (workspace_folder or Path("demo-workspace")).absolute()
    script = Path(__file__).resolve().parents[2] / "app.py"
    if not script.is_file():
        raise InputError(f"{script} is missing: run Winnow from its checkout (`pip install -e .`).")
    if (folder / "workspace.toml").exists():
        Workspace.open(folder)
    else:
        Workspace.create(folder)
    os.environ[ENVIRONMENT_VARIABLE] = str(folder)
    os.chdir(script.parent)  # Streamlit reads .streamlit/ from where it is started
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)]
    os.execv(sys.executable, command)
