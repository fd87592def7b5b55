"""The command line: every command explains itself, and errors are one message with exit status 2."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from curation import Workspace
from curation.cli import main

README = Path(__file__).parents[1] / "README.md"


def commands(group: click.Group = main, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


def winnow(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def refused(*arguments: str | Path) -> str:
    result = winnow(*arguments)
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    return result.stderr


def test_the_commands_of_the_stage_are_there() -> None:
    names = {path[0] for path, _ in commands()}
    assert names == {
        *("init", "import", "sample", "score", "funnel", "thresholds", "export", "sft", "evaluate"),
        *("jobs", "stop", "resume", "rebuild", "demo", "app"),
    }


@pytest.mark.parametrize(("path", "command"), list(commands()), ids=lambda value: str(value))
def test_every_command_and_option_explains_itself(path: tuple[str, ...], command: click.Command) -> None:
    assert command.help, f"winnow {' '.join(path)} has no help"
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"winnow {' '.join(path)} {parameter.opts[0]} has no help"
    assert winnow(*path, "--help").exit_code == 0


def test_the_readme_shows_only_commands_that_exist() -> None:
    known = {path[0] for path, _ in commands()}
    shown = {line.split()[1] for line in README.read_text().splitlines() if line.startswith("winnow ")}
    assert shown
    assert shown <= known


def test_without_a_workspace_one_message_says_how_to_name_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WINNOW_WORKSPACE", raising=False)
    assert "--workspace DIR or set WINNOW_WORKSPACE" in refused("funnel")


def test_a_folder_that_is_no_workspace_is_refused(tmp_path: Path) -> None:
    assert f"winnow init {tmp_path}" in refused("jobs", "--workspace", tmp_path)


def test_bad_rows_are_named_by_line_and_nothing_is_imported(tmp_path: Path, workspace: Workspace) -> None:
    file = tmp_path / "prompts.jsonl"
    file.write_text(
        '{"question": "1+1?", "reference": "2", "domain": "math"}\n{"question": "2+2?", "domain": "math"}\n'
    )
    message = refused("import", file, "--workspace", workspace.folder)
    assert "prompts.jsonl line 2" in message
    assert "reference" in message
    assert list(workspace.prompts.glob("*.parquet")) == []
    kept = winnow("import", file, "--skip-bad-rows", "--json", "--workspace", workspace.folder)
    assert json.loads(kept.stdout.splitlines()[-1])["imported"] == 1


def test_a_missing_model_is_refused_before_a_job_is_made(tmp_path: Path, workspace: Workspace) -> None:
    file = tmp_path / "prompts.jsonl"
    file.write_text('{"question": "1+1?", "reference": "2", "domain": "math"}\n')
    assert winnow("import", file, "--workspace", workspace.folder).exit_code == 0
    message = refused("sample", "--model", tmp_path / "absent", "--workspace", workspace.folder)
    assert "absent" in message
    assert list(workspace.jobs.iterdir()) == []


def test_exporting_nothing_says_why(workspace: Workspace) -> None:
    assert "no prompts" in refused("export", "first", "--workspace", workspace.folder)


def test_the_funnel_ends_with_one_object(workspace: Workspace) -> None:
    result = winnow("funnel", "--json", "--workspace", workspace.folder)
    counts = json.loads(result.stdout.splitlines()[-1])
    assert {"prompts", "candidates", "correct", "accepted", "selected"} <= counts.keys()
    assert [step["rule"] for step in counts["steps"]]


def test_thresholds_are_changed_copied_and_refused(workspace: Workspace) -> None:
    at = ("--workspace", workspace.folder)
    assert winnow("thresholds", "set", "strict", "long_paragraph", "--max", "300", *at).exit_code == 0
    rules = json.loads(winnow("thresholds", "show", "strict", "--json", *at).stdout)["rules"]
    assert {rule["name"]: rule["max"] for rule in rules}["long_paragraph"] == 300
    assert winnow("thresholds", "copy", "strict", "stricter", *at).exit_code == 0
    assert "stricter" in winnow("thresholds", "list", *at).stdout
    assert "--measure" in refused("thresholds", "set", "strict", "unheard_of", "--max", "1", *at)
    assert "min" in refused("thresholds", "set", "strict", "long_paragraph", "--min", "400", *at)


def test_unknown_jobs_and_settings_are_named(workspace: Workspace) -> None:
    assert "nosuchjob" in refused("stop", "nosuchjob", "--workspace", workspace.folder)
    assert "temperature" in refused("sample", "--model", "x", "--temperature", "hot", "--workspace", workspace.folder)


def test_the_command_line_starts_without_the_heavy_libraries() -> None:
    script = (
        "import sys\nfrom click.testing import CliRunner\nfrom curation.cli import main\n"
        "for command in ('sample', 'sft', 'evaluate', 'demo', 'funnel', 'export'):\n"
        "    assert CliRunner().invoke(main, [command, '--help']).exit_code == 0\n"
        "print(sorted({'torch', 'vllm', 'transformers', 'trl', 'ray', 'streamlit'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
