"""Promise: a path typed in the browser leads nowhere but into the workspace and the folders that were allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.roots import ROOTS_VARIABLE, allowed_path, allowed_roots
from curation import Workspace
from curation.errors import InputError


@pytest.fixture
def room(tmp_path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Path:
    allowed = tmp_path / "allowed"
    (allowed / "models").mkdir(parents=True)
    (allowed / "prompts.jsonl").write_text("{}\n")
    (tmp_path / "secret.txt").write_text("secret")
    (allowed / "way-out").symlink_to(tmp_path / "secret.txt")
    monkeypatch.setenv(ROOTS_VARIABLE, str(allowed))
    return allowed


def test_the_workspace_comes_first(room: Path, workspace: Workspace) -> None:
    assert allowed_roots(workspace) == [workspace.folder.resolve(), room.resolve()]


def test_paths_inside_are_found(room: Path, workspace: Workspace) -> None:
    assert allowed_path(workspace, str(room / "prompts.jsonl")) == (room / "prompts.jsonl").resolve()
    assert allowed_path(workspace, "prompts.jsonl") == (room / "prompts.jsonl").resolve()
    assert allowed_path(workspace, " models/../prompts.jsonl ") == (room / "prompts.jsonl").resolve()
    assert allowed_path(workspace, "workspace.toml") == (workspace.folder / "workspace.toml").resolve()


@pytest.mark.parametrize(
    "typed",
    ["/etc/passwd", "../secret.txt", "models/../../secret.txt", "/", "~", "/etc/none", "/proc/self/environ"],
)
def test_paths_outside_are_refused_and_say_why(room: Path, workspace: Workspace, typed: str) -> None:
    with pytest.raises(InputError, match="outside the folders"):
        allowed_path(workspace, typed)


def test_a_link_does_not_lead_outside(room: Path, workspace: Workspace) -> None:
    with pytest.raises(InputError, match="outside the folders"):
        allowed_path(workspace, str(room / "way-out"))
    with pytest.raises(InputError):
        allowed_path(workspace, "way-out")


@pytest.mark.parametrize("typed", ["", "  ", "a\0b"])
def test_nothing_is_no_path(room: Path, workspace: Workspace, typed: str) -> None:
    with pytest.raises(InputError, match="Name a file"):
        allowed_path(workspace, typed)


def test_what_is_absent_is_said(room: Path, workspace: Workspace) -> None:
    with pytest.raises(InputError, match=r"nothing\.jsonl does not exist"):
        allowed_path(workspace, "nothing.jsonl")


def test_without_configuration_it_is_the_current_folder(
    tmp_path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(ROOTS_VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    assert allowed_roots(workspace) == [workspace.folder.resolve(), tmp_path.resolve()]
