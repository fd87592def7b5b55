"""Which files a reader of the app may name: those in the workspace and in the roots that whoever started it allowed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from components.text import _
from curation.errors import InputError
from curation.workspace import Workspace

ROOTS_VARIABLE: Final = "WINNOW_ROOTS"
"""Folders, separated as in PATH. Unset: the folder that the app was started in."""


def allowed_roots(workspace: Workspace) -> list[Path]:
    """The workspace first, then the configured folders; links resolved."""
    named = os.environ.get(ROOTS_VARIABLE)
    folders = [Path(part).expanduser() for part in named.split(os.pathsep) if part] if named else [Path.cwd()]
    return list(dict.fromkeys(folder.resolve() for folder in (workspace.folder, *folders)))


def allowed_path(workspace: Workspace, text: str) -> Path:
    """The absolute path that `text` names, links resolved; relative ones are looked for in each root in turn.

    Raises InputError for a path outside the roots, whether or not it exists, and for one that does not exist.
    """
    roots = allowed_roots(workspace)
    text = text.strip()
    if not text or "\0" in text:
        raise InputError(_("Name a file or folder."))
    typed = Path(text).expanduser()
    tried = [typed] if typed.is_absolute() else [root / typed for root in roots]
    inside = [path for path in (each.resolve() for each in tried) if any(path.is_relative_to(root) for root in roots)]
    if not inside:
        raise InputError(
            _("{path} is outside the folders that this app may read: {roots}. Set {variable} to allow others.").format(
                path=text, roots=", ".join(str(root) for root in roots), variable=ROOTS_VARIABLE
            )
        )
    for path in inside:
        if path.exists():
            return path
    raise InputError(_("{path} does not exist.").format(path=text))
