"""`winnow import`: prompts, or general samples, from a file into the workspace."""

from __future__ import annotations

from pathlib import Path

import click

from curation.cli.console import json_option, print_json, screen, workspace_option
from curation.errors import InputError
from curation.prompts import GeneralOptions, ImportOptions, ImportReport, import_general, import_prompts
from curation.records import Domain, Rule, Split
from curation.workspace import Workspace


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--general", is_flag=True, help="FILE holds general samples: finished conversations, each with a task.")
@click.option(
    "--domain",
    type=click.Choice([each.value for each in Domain]),
    help="The domain of every prompt (else each row's own).",
)
@click.option("--task", help="The task of every prompt or sample (else each row's own).")
@click.option(
    "--verifier",
    type=click.Choice([each.value for each in Rule]),
    help="How candidates are verified (default: by domain).",
)
@click.option("--language", help="The target language of every row, such as en or zh (default: guessed).")
@click.option(
    "--split", type=click.Choice([each.value for each in Split]), help="Held-out prompts are for evaluation only."
)
@click.option("--prompt-field", help="The field that holds the prompt (default: question; with --general, prompt).")
@click.option("--messages-field", help="The field that holds a conversation, instead of a single prompt.")
@click.option("--reference-field", help="The field that holds the reference answer (default: reference).")
@click.option("--reference-pattern", help="A regular expression; its first group is the reference answer.")
@click.option("--name", help="What to call the import (default: the file's name).")
@click.option("--skip-bad-rows", is_flag=True, help="Import the good rows of a file that has bad ones.")
@json_option
@workspace_option
def import_(
    workspace_folder: Path | None,
    file: Path,
    general: bool,
    domain: str | None,
    task: str | None,
    verifier: str | None,
    language: str | None,
    split: str | None,
    prompt_field: str | None,
    messages_field: str | None,
    reference_field: str | None,
    reference_pattern: str | None,
    name: str | None,
    skip_bad_rows: bool,
    as_json: bool,
) -> None:
    """Import prompts (or, with --general, general samples) from FILE: JSONL, JSON, CSV or Parquet.

    Every row is checked and each bad one reported with its line; nothing is imported unless all are good or
    --skip-bad-rows is given. The same prompt imported twice is one.
    """
    workspace = Workspace.open(workspace_folder)
    with screen.status(f"reading {file}"):
        if general:
            for flag, value in (
                ("domain", domain),
                ("verifier", verifier),
                ("split", split),
                ("reference-field", reference_field),
                ("reference-pattern", reference_pattern),
            ):
                if value is not None:
                    raise InputError(f"--{flag} is for prompts; general samples have none, so leave it out.")
            report = import_general(
                workspace,
                file,
                GeneralOptions(
                    task=task,
                    language=language,
                    prompt_field=prompt_field or "prompt",
                    messages_field=messages_field,
                    name=name,
                    skip_bad_rows=skip_bad_rows,
                ),
            )
        else:
            report = import_prompts(
                workspace,
                file,
                ImportOptions(
                    domain=domain,
                    task=task,
                    verifier=verifier,
                    target_language=language,
                    split=split,
                    prompt_field=prompt_field or "question",
                    messages_field=messages_field,
                    reference_field=reference_field or "reference",
                    reference_pattern=reference_pattern,
                    name=name,
                    skip_bad_rows=skip_bad_rows,
                ),
            )
    if as_json:
        print_json(
            {
                "name": report.name,
                "imported": report.imported,
                "duplicates": report.duplicates,
                "skipped": report.skipped,
                "problems": list(report.bad),
            }
        )
    else:
        _tell(report, "general samples" if general else "prompts")


def _tell(report: ImportReport, what: str) -> None:
    for problem in report.bad:
        click.echo(problem, err=True)
    if report.skipped:
        click.echo(f"{report.skipped:,} bad rows left out.", err=True)
    known = f" ({report.duplicates:,} were there already)" if report.duplicates else ""
    if report.imported:
        click.echo(f"{report.imported:,} {what} imported as {report.name}{known}.")
    else:
        click.echo(f"Nothing new to import{known}.")
