"""The `winnow` group: finds its commands, loads each only when it is called, and prints errors as one message."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any, Final

import click

from curation.errors import WinnowError

_COMMANDS: Final[Mapping[str, str]] = {
    "init": "curation.cli.workspace:init",
    "import": "curation.cli.prompts:import_",
    "sample": "curation.cli.stages:sample",
    "score": "curation.cli.stages:score",
    "funnel": "curation.cli.funnel:funnel",
    "thresholds": "curation.cli.thresholds:thresholds",
    "export": "curation.cli.stages:export",
    "jobs": "curation.cli.jobs:jobs",
    "stop": "curation.cli.jobs:stop",
    "resume": "curation.cli.jobs:resume",
    "rebuild": "curation.cli.workspace:rebuild",
    "app": "curation.cli.workspace:app",
}

_ORDER: Final = (
    *("init", "import", "sample", "score", "funnel", "thresholds", "export", "sft", "evaluate"),
    *("jobs", "stop", "resume", "rebuild", "demo", "app"),
)


class Failure(click.ClickException):
    """A WinnowError on its way to the terminal."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        """Print the message alone, on standard error."""
        click.echo(f"winnow: {self.message}", err=True, file=file)


class WinnowGroup(click.Group):
    """Loads a command's module when the command is called, so that `winnow funnel` never waits for torch.

    Other packages of the checkout add commands through the entry point group `winnow.commands`.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in the order in which the stage uses them."""
        names = {*_COMMANDS, *(point.name for point in entry_points(group="winnow.commands"))}
        return sorted(names, key=lambda name: (_ORDER.index(name) if name in _ORDER else len(_ORDER), name))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command called `cmd_name`; None when there is none."""
        if cmd_name in _COMMANDS:
            module, attribute = _COMMANDS[cmd_name].split(":")
            command = getattr(importlib.import_module(module), attribute)
        else:
            found = entry_points(group="winnow.commands", name=cmd_name)
            if not found:
                return None
            command = next(iter(found)).load()
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what Winnow raises on purpose becomes one message."""
        try:
            return super().invoke(ctx)
        except WinnowError as error:
            raise Failure(str(error)) from error


@click.group(cls=WinnowGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="winnow", prog_name="winnow")
def main() -> None:
    """Winnow, the rejection-sampling desk of a reasoning-model team.

    Sample many responses per prompt, verify and filter them, export a mix, fine-tune a base on it with LoRA, and see
    whether it helped. `winnow demo` runs all of it in a few minutes.
    """
