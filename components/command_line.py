"""The command that does the same as a page's button, ready to be pasted into a terminal."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from components.text import _
from curation.workspace import Workspace


def command_line(workspace: Workspace, command: str, arguments: Sequence[str] = ()) -> str:
    """`winnow COMMAND --workspace … ARGUMENTS…`, quoted for a shell; folders inside the current one are relative."""
    words = ["winnow", command, "--workspace", shown_path(workspace.folder), *arguments]
    return shlex.join(words)


def shown_path(path: Path | str) -> str:
    """A path as short as it can be written where the app was started."""
    path = Path(path)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def show_command(command: str, *, key: str) -> None:
    """An expander with the command in it."""
    with st.expander(_("The same on the command line"), icon=":material/terminal:", key=f"command-{key}"):
        st.code(command, language=None, wrap_lines=True)
