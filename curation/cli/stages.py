"""`winnow sample`, `winnow score`, `winnow export`: the stages of curation, each a job that the command follows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from curation.cli.console import detach_option, follow, json_option, print_json, workspace_option
from curation.cli.options import given, setting_options
from curation.errors import InputError
from curation.export import ExportConfig, FileType, Form, launch_export, read_manifest
from curation.jobs import Job
from curation.mix import MixConfig, load_mix
from curation.sampling import SamplingConfig, launch_sampling
from curation.scoring import ScoringConfig, launch_scoring
from curation.selection import SELECTION_METHODS, SelectionConfig
from curation.settings import config_from_mapping
from curation.workspace import Workspace


@click.command()
@setting_options(SamplingConfig)
@detach_option
@json_option
@workspace_option
def sample(workspace_folder: Path | None, detach: bool, as_json: bool, **flags: Any) -> None:
    """Sample the policy: candidates for each prompt, scored by rule and measured as they finish."""
    workspace = Workspace.open(workspace_folder)
    job = launch_sampling(workspace, config_from_mapping(SamplingConfig, given(flags)))
    _run(job, detach=detach, as_json=as_json)


@click.command()
@setting_options(ScoringConfig)
@detach_option
@json_option
@workspace_option
def score(workspace_folder: Path | None, detach: bool, as_json: bool, **flags: Any) -> None:
    """Score candidates by rule and measure them, where that is missing or of an older version."""
    workspace = Workspace.open(workspace_folder)
    job = launch_scoring(workspace, config_from_mapping(ScoringConfig, given(flags)))
    _run(job, detach=detach, as_json=as_json)


@click.command()
@click.argument("name")
@click.option(
    "--format",
    "form",
    type=click.Choice([each.value for each in Form]),
    default=Form.PROMPT_COMPLETION.value,
    show_default=True,
    help="How a sample is laid out.",
)
@click.option(
    "--file-type",
    type=click.Choice([each.value for each in FileType]),
    default=FileType.PARQUET.value,
    show_default=True,
    help="What the data files are.",
)
@click.option("--thresholds", "set_name", default="default", show_default=True, help="The threshold set to apply.")
@click.option("--cap", default=SelectionConfig().cap, show_default=True, help="Samples kept per prompt at most.")
@click.option(
    "--choose",
    type=click.Choice(SELECTION_METHODS),
    default=SelectionConfig().method,
    show_default=True,
    help="Which of a prompt's candidates are kept.",
)
@click.option("--keep-duplicates", is_flag=True, help="Keep equal responses to one prompt.")
@click.option("--mix", "mix_name", default="all", show_default=True, help="A saved mix, or the recipes all and r1.")
@click.option("--reasoning", type=click.IntRange(0), help="Reasoning samples in total (recipe r1: 600,000).")
@click.option("--general", type=click.IntRange(0), help="General samples in total (recipe r1: 200,000).")
@click.option("--quota", "quotas", multiple=True, metavar="DOMAIN=N", help="Samples of one domain (repeatable).")
@click.option("--seed", default=0, show_default=True, help="Chooses and shuffles.")
@detach_option
@json_option
@workspace_option
def export(
    workspace_folder: Path | None,
    name: str,
    form: str,
    file_type: str,
    set_name: str,
    cap: int,
    choose: str,
    keep_duplicates: bool,
    mix_name: str,
    reasoning: int | None,
    general: int | None,
    quotas: tuple[str, ...],
    seed: int,
    detach: bool,
    as_json: bool,
) -> None:
    """Compose the mix and write it to exports/NAME, with its card and manifest.

    `--mix all` takes everything that is selected and one general sample to three of them; `--mix r1`, or any total or
    quota, follows the proportions of DeepSeek-R1. A shortfall is reported and never filled from elsewhere.
    """
    workspace = Workspace.open(workspace_folder)
    totals = {key: value for key, value in (("reasoning", reasoning), ("general", general)) if value is not None}
    domains = dict(_quota(each) for each in quotas)
    mix: MixConfig = load_mix(workspace, mix_name)
    if totals or domains:
        mix = replace(mix, recipe="r1", **totals, domains={**mix.domains, **domains})
    config = ExportConfig(
        name=name,
        format=form,
        file_type=file_type,
        thresholds=set_name,
        selection=SelectionConfig(cap=cap, method=choose, seed=seed, deduplicate=not keep_duplicates),
        mix=replace(mix, seed=seed),
    )
    job = launch_export(workspace, config)
    domains_taken = job.config["domains"]
    for domain, counts in domains_taken.items():
        if counts["shortfall"]:
            click.echo(
                f"{domain}: {counts['taken']:,} of {counts['quota']:,}, {counts['shortfall']:,} short.", err=True
            )
    if detach:
        _run(job, detach=True, as_json=as_json)
        return
    follow(job)
    folder = workspace.exports / name
    manifest = read_manifest(folder)
    if as_json:
        print_json({"job": job.id, "folder": str(folder), "samples": manifest.samples, "domains": domains_taken})
    else:
        click.echo(f"{manifest.samples:,} samples in {folder}")


def _quota(text: str) -> tuple[str, int]:
    domain, _, count = text.partition("=")
    if not count.replace(",", "").isdigit():
        raise InputError(f"--quota {text}: write DOMAIN=N, such as math=1000.")
    return domain, int(count.replace(",", ""))


def _run(job: Job, *, detach: bool, as_json: bool) -> None:
    """Follow the job unless detached, and say how it went."""
    state = job.state() if detach else follow(job)
    progress = job.progress()
    done = progress.done if progress else 0
    if as_json:
        print_json({"job": job.id, "state": state.name, "done": done, "total": progress.total if progress else 0})
    elif detach:
        click.echo(f"{job.id} started; follow it with `winnow jobs {job.id}`.")
    else:
        click.echo(f"{job.id} {state.name}: {done:,} done.")
