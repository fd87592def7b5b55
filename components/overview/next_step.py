"""What to do next: one sentence, and the command that does it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from components.format import number
from components.jobs.seen import SeenJob
from components.text import _
from curation.funnel import Funnel
from curation.jobs import State
from curation.workspace import Workspace


@dataclass(frozen=True, slots=True)
class NextStep:
    """What a curator would do now, and on which page; `command` does the same in a terminal."""

    sentence: str
    page: str
    label: str
    command: str


def next_step(workspace: Workspace, funnel: Funnel, seen: Sequence[SeenJob]) -> NextStep | None:
    """The next step of the stage that has not been done yet; None while something runs or nothing is left."""
    if any(each.is_active for each in seen):
        return None
    finished = {each.job.kind for each in seen if each.state.name == State.FINISHED}
    exports = _folders(workspace.exports)
    adapters = _folders(workspace.models)
    if not funnel.prompts:
        return NextStep(
            _("Import the prompts to sample from."),
            "prompts",
            _("Prompts"),
            _command(workspace, "import prompts.jsonl"),
        )
    if not funnel.candidates:
        sentence = _("Sample responses to the {n} prompts.").format(n=number(funnel.prompts))
        return NextStep(sentence, "sampling", _("Sampling"), _command(workspace, "sample --model POLICY_FOLDER"))
    if funnel.scored < funnel.candidates:
        sentence = _("Score the {n} candidates that have no verdict yet.")
        return NextStep(
            sentence.format(n=number(funnel.candidates - funnel.scored)),
            "sampling",
            _("Sampling"),
            _command(workspace, "score"),
        )
    if not funnel.selected:
        return NextStep(
            _("Nothing is accepted yet: see what each threshold rejects, and loosen one."),
            "filters",
            _("Filters"),
            _command(workspace, "funnel"),
        )
    if not exports:
        sentence = _("Write the {n} selected candidates to a data set.").format(n=number(funnel.selected))
        return NextStep(sentence, "mix", _("Mix and export"), _command(workspace, "export mix-1"))
    if not adapters:
        return NextStep(
            _("Fine-tune a base on what was exported."),
            "training",
            _("Training"),
            _command(workspace, f"sft --base BASE_FOLDER --export {exports[-1]} --output tuned"),
        )
    if "evaluate" not in finished:
        return NextStep(
            _("See whether it helped: compare the base with and without the adapter on held-out prompts."),
            "evaluation",
            _("Evaluation"),
            _command(workspace, f"evaluate --model base=BASE_FOLDER --model tuned=BASE_FOLDER+{adapters[-1]}"),
        )
    return None


def _command(workspace: Workspace, rest: str) -> str:
    folder = str(workspace.folder)
    here = str(Path.cwd())
    if folder.startswith(here + "/"):
        folder = folder[len(here) + 1 :]
    name, _space, arguments = rest.partition(" ")
    return f"winnow {name} --workspace {shlex.quote(folder)} {arguments}".rstrip()


def _folders(folder: Path) -> list[str]:
    try:
        return sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    except FileNotFoundError:
        return []
