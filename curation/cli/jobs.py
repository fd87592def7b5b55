"""`winnow jobs`, `winnow stop`, `winnow resume`: what runs in the background."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from curation import jobs as job_folders
from curation.cli.console import detach_option, follow, json_option, print_json, table, workspace_option
from curation.jobs import Job, find_job, list_jobs
from curation.workspace import Workspace


@click.command()
@click.argument("job_id", required=False)
@click.option("--kind", help="Only jobs of this kind (sample, score, export, sft, evaluate, demo).")
@click.option("--log", "log_lines", default=20, show_default=True, help="Lines of the log to show, with JOB_ID.")
@json_option
@workspace_option
def jobs(workspace_folder: Path | None, job_id: str | None, kind: str | None, log_lines: int, as_json: bool) -> None:
    """List the jobs; with JOB_ID (its beginning or end will do), show one and the end of its log."""
    workspace = Workspace.open(workspace_folder)
    if job_id is not None:
        job = find_job(workspace, job_id)
        row = _row(job)
        if as_json:
            print_json({**row, "config": job.config})
            return
        table(["", ""], [(name, str(value)) for name, value in row.items()])
        click.echo("\n" + "\n".join(job.log_tail().splitlines()[-log_lines:]))
        return
    rows = [_row(job) for job in list_jobs(workspace, kind)]
    if as_json:
        print_json({"jobs": rows})
    elif not rows:
        click.echo("No jobs yet.")
    else:
        table(
            ["job", "kind", "state", "done", "total", "detail"],
            [
                (row["id"], row["kind"], row["state"], f"{row['done']:,}", f"{row['total']:,}", row["detail"])
                for row in rows
            ],
            right=(3, 4),
        )


@click.command()
@click.argument("job_id")
@click.option("--grace", default=20.0, show_default=True, help="Seconds to let it finish what is in flight.")
@workspace_option
def stop(workspace_folder: Path | None, job_id: str, grace: float) -> None:
    """Ask a job to stop, then end whatever is left of it. It can be resumed."""
    job = find_job(Workspace.open(workspace_folder), job_id)
    state = job_folders.stop(job, grace_s=grace)
    click.echo(f"{job.id}: {state.name}")


@click.command()
@click.argument("job_id")
@detach_option
@workspace_option
def resume(workspace_folder: Path | None, job_id: str, detach: bool) -> None:
    """Go on with a job that was stopped, failed or lost; what it had done is kept."""
    job = find_job(Workspace.open(workspace_folder), job_id)
    job_folders.resume(job)
    if detach:
        click.echo(f"{job.id} started.")
    else:
        click.echo(f"{job.id}: {follow(job).name}")


def _row(job: Job) -> dict[str, Any]:
    state, progress = job.state(), job.progress()
    return {
        "id": job.id,
        "kind": job.kind,
        "state": state.name,
        "done": progress.done if progress else 0,
        "total": progress.total if progress else 0,
        "detail": state.detail,
    }
