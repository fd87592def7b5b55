"""`winnow sft`, `winnow evaluate`, `winnow demo`: the commands that training adds to the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from curation.cli.console import (
    detach_option,
    follow,
    json_option,
    print_json,
    progress_note,
    screen,
    table,
    workspace_option,
)
from curation.cli.funnel import print_funnel
from curation.cli.options import given, setting_options
from curation.errors import InputError, JobError
from curation.jobs import Job, State, wait
from curation.settings import config_from_mapping, config_from_toml
from curation.workspace import Workspace
from training.config import TrainingConfig
from training.demo.loop import DemoConfig, launch_demo, read_result, running_step
from training.evaluation import EvaluatedModel, EvaluationConfig, launch_evaluation
from training.evaluation.results import EvaluationResults, read_results
from training.presets import PRESETS
from training.sft import launch_training


@click.command()
@click.option("--preset", type=click.Choice([*PRESETS]), help="Start from these settings; flags win over them.")
@click.option("--config", "config_file", type=click.Path(path_type=Path), help="A TOML file of settings; flags win.")
@setting_options(TrainingConfig, skip={"preset"})
@detach_option
@json_option
@workspace_option
def sft(
    workspace_folder: Path | None,
    preset: str | None,
    config_file: Path | None,
    detach: bool,
    as_json: bool,
    **flags: Any,
) -> None:
    """Fine-tune a base on an export with LoRA; the adapter is saved in the workspace's models folder."""
    workspace = Workspace.open(workspace_folder)
    settings = {**(PRESETS[preset].settings if preset else {}), **given(flags)}
    if preset:
        settings["preset"] = preset
    if config_file is not None:
        config = config_from_toml(TrainingConfig, config_file, **settings)
    else:
        config = config_from_mapping(TrainingConfig, settings)
    job = launch_training(workspace, config)
    state = job.state() if detach else follow(job)
    adapter = workspace.models / config.output
    if as_json:
        print_json({"job": job.id, "state": state.name, "adapter": str(adapter)})
    elif detach:
        click.echo(f"{job.id} started; follow it with `winnow jobs {job.id}`.")
    else:
        click.echo(f"Adapter saved in {adapter}")


@click.command()
@click.option(
    "--model",
    "models",
    multiple=True,
    required=True,
    metavar="NAME=FOLDER[+ADAPTER]",
    help="A model to compare (repeatable); ADAPTER is a folder, or the name of an adapter in the workspace.",
)
@setting_options(EvaluationConfig, skip={"models"})
@detach_option
@json_option
@workspace_option
def evaluate(workspace_folder: Path | None, models: tuple[str, ...], detach: bool, as_json: bool, **flags: Any) -> None:
    """Sample models on the held-out prompts and compare them: pass@1 with 95 % intervals, and how readable they are."""
    workspace = Workspace.open(workspace_folder)
    compared = tuple(parse_model(workspace, text) for text in models)
    config = config_from_mapping(EvaluationConfig, {"models": compared, **given(flags)})
    job = launch_evaluation(workspace, config)
    if detach:
        if as_json:
            print_json({"job": job.id, "state": job.state().name})
        else:
            click.echo(f"{job.id} started; follow it with `winnow jobs {job.id}`.")
        return
    follow(job)
    results = read_results(job)
    if as_json:
        print_json({"job": job.id, **results.as_json()})
    else:
        _comparison(results)


@click.command()
@setting_options(DemoConfig)
@detach_option
@json_option
@workspace_option
def demo(workspace_folder: Path | None, detach: bool, as_json: bool, **flags: Any) -> None:
    """Run the whole stage on the demo models, in the workspace given (made if it does not exist yet).

    Samples the policy, scores and filters, exports a mix, fine-tunes the base on it, and compares policy, base and
    tuned on held-out prompts. Interrupted, or run again, it goes on where it was.
    """
    folder = workspace_folder or Path("demo-workspace")
    exists = (folder / "workspace.toml").exists()
    workspace = Workspace.open(folder) if exists else Workspace.create(folder)
    job = launch_demo(workspace, config_from_mapping(DemoConfig, given(flags)))
    if detach:
        if as_json:
            print_json({"job": job.id, "state": job.state().name})
        else:
            click.echo(f"{job.id} started; follow it with `winnow jobs --workspace {folder}`.")
        return
    _follow_demo(job)
    result = read_result(job)
    if as_json:
        print_json(result.as_json())
        return
    print_funnel(result.funnel)
    click.echo()
    _comparison(read_results(_child(job)))


def _follow_demo(job: Job) -> None:
    """One progress bar a step."""
    bars = Progress(
        SpinnerColumn(finished_text="✓"),
        TextColumn("{task.description:<9}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
        console=screen,
    )
    tasks: dict[str, Any] = {}

    def show() -> None:
        child = running_step(job)
        for kind, task in tasks.items():
            if child is None or kind != child.kind:
                bars.update(task, total=bars.tasks[task].total or 1, completed=bars.tasks[task].total or 1, note="")
        if child is None:
            return
        if child.kind not in tasks:
            tasks[child.kind] = bars.add_task(child.kind, total=None, note="")
        progress = child.progress()
        if progress is not None:
            bars.update(
                tasks[child.kind], completed=progress.done, total=progress.total or None, note=progress_note(progress)
            )

    with bars:
        try:
            while True:
                state = wait(job, timeout_s=0.5)
                show()
                if state.has_ended:
                    break
        except KeyboardInterrupt:
            screen.print(f"\n{job.id} goes on in the background: `winnow jobs`, `winnow stop {job.id}`.", markup=False)
            raise
    if state.name != State.FINISHED:
        raise JobError(f"{job.id} {state.name}: {state.detail or 'see its log'}\nIts log: {job.log_path}")


def _child(job: Job) -> Job:
    child = running_step(job)
    assert child is not None, "a finished demo has steps"
    return child


def parse_model(workspace: Workspace, text: str) -> EvaluatedModel:
    """NAME=FOLDER or NAME=FOLDER+ADAPTER, where ADAPTER is a model of the workspace or a folder; a folder that is there
    may have plus signs in its name. Raises InputError for any other text."""
    name, equals, folders = text.partition("=")
    if not (equals and name and folders):
        raise InputError(f"--model {text}: write NAME=FOLDER or NAME=FOLDER+ADAPTER, such as base=models/base.")
    if Path(folders).exists() or "+" not in folders:  # a folder may have a plus in its name
        return EvaluatedModel(name, str(Path(folders).absolute()))
    pairs = [(Path(folders[:at]), folders[at + 1 :]) for at, sign in enumerate(folders) if sign == "+"]
    adapters = [(folder, _adapter(workspace, adapter)) for folder, adapter in pairs]
    folder, adapter = max(adapters, key=lambda pair: (pair[0].exists(), pair[1].exists()))
    return EvaluatedModel(name, str(folder.absolute()), str(adapter))


def _adapter(workspace: Workspace, text: str) -> Path:
    saved = workspace.models / text
    return saved if saved.exists() else Path(text).absolute()


def _comparison(results: EvaluationResults) -> None:
    """Models side by side; a rate is a share of the responses."""
    habits = list(results.models[0].overall.habits)
    rows = []
    for model in results.models:
        scores = model.overall
        rows.append(
            (
                model.name,
                f"{scores.pass_at_1.value:.3f} [{scores.pass_at_1.low:.3f}, {scores.pass_at_1.high:.3f}]",
                *(f"{scores.habits[habit].value:.1%}" for habit in habits),
                f"{scores.reasoning_tokens.value + scores.answer_tokens.value:,.0f}",
            )
        )
    table(
        ["model", "pass@1 [95 %]", *(habit.replace("_", " ") for habit in habits), "tokens"],
        rows,
        right=range(1, len(habits) + 3),
    )
