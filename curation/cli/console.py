"""What commands share: the workspace option, progress on standard error, tables and JSON on standard output."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from curation.errors import JobError
from curation.jobs import Job, JobState, State, wait
from curation.jobs import Progress as JobProgress
from curation.workspace import ENVIRONMENT_VARIABLE

Command = TypeVar("Command", bound=Callable[..., Any])

screen = Console(stderr=True)


def workspace_option(command: Command) -> Command:
    """`--workspace DIR`, or the environment variable WINNOW_WORKSPACE; passed as `workspace_folder`."""
    return click.option(
        "-w",
        "--workspace",
        "workspace_folder",
        type=click.Path(path_type=Path, file_okay=False),
        envvar=ENVIRONMENT_VARIABLE,
        show_envvar=True,
        help="The workspace folder.",
    )(command)


def json_option(command: Command) -> Command:
    """`--json`: the last line on standard output is one JSON object."""
    return click.option("--json", "as_json", is_flag=True, help="End with one JSON object on one line.")(command)


def detach_option(command: Command) -> Command:
    """`--detach`: start the job and return."""
    return click.option("--detach", is_flag=True, help="Start the job and return; follow it with `winnow jobs`.")(
        command
    )


def print_json(value: Any) -> None:
    """One line on standard output."""
    click.echo(json.dumps(value, ensure_ascii=False))


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[int] = ()) -> None:
    """A plain table on standard output; the columns numbered in `right` are set flush right."""
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for number, heading in enumerate(headings):
        last = number == len(headings) - 1  # the one that may be long
        drawn.add_column(heading, justify="right" if number in right else "left", no_wrap=not last, overflow="fold")
    for row in rows:
        drawn.add_row(*row)
    output = Console(highlight=False, markup=False)
    if not output.is_terminal:
        output.width = 240  # a file or a pipe has no width to keep to
    output.print(drawn)


def follow(job: Job) -> JobState:
    """Show a job's progress until it ends; raises JobError when it did not finish.

    Interrupting the command leaves the job running.
    """
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
        console=screen,
        transient=False,
    )
    with bar:
        task = bar.add_task(job.kind, total=None, note="")

        def show(progress: JobProgress | None) -> None:
            if progress is not None:
                bar.update(task, completed=progress.done, total=progress.total or None, note=progress_note(progress))

        try:
            state = wait(job, on_progress=show)
        except KeyboardInterrupt:
            screen.print(f"\n{job.id} goes on in the background: `winnow jobs`, `winnow stop {job.id}`.", markup=False)
            raise
        show(job.progress())
    if state.name != State.FINISHED:
        raise JobError(
            f"{job.id} {state.name}: {state.detail or 'see its log'}\n"
            f"Its log: {job.folder / 'log.txt'}; go on with `winnow resume {job.id}`."
        )
    return state


def progress_note(progress: JobProgress) -> str:
    """Rates, time left and what the stage says, in one line."""
    parts = [f"{value:,.0f} {name.removesuffix('_per_s')}/s" for name, value in progress.rates.items()]
    if progress.eta_s is not None:
        parts.append(f"ETA {progress.eta_s:,.0f} s")
    if progress.note:
        parts.append(progress.note)
    return " · ".join(parts)
