"""Where things are in a workspace: the one folder that holds everything of one curation project."""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import tomlkit

from curation.errors import InputError, WorkspaceError
from curation.files import write_text, writing

SCHEMA_VERSION: Final = 1
ENVIRONMENT_VARIABLE: Final = "WINNOW_WORKSPACE"
_NAME = re.compile(r"[\w][\w .-]{0,99}")


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace folder. Files in it are the record; `index/` can be deleted at any time."""

    folder: Path

    @classmethod
    def create(cls, folder: Path | str, name: str | None = None) -> Self:
        """Make a workspace in `folder` (new or empty); raises WorkspaceError when something is in the way."""
        folder = Path(folder).absolute()
        if (folder / "workspace.toml").exists():
            raise WorkspaceError(f"{folder} is a workspace already; open it, or choose another folder.")
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise WorkspaceError(f"{folder} exists and is not empty; choose a new folder for the workspace.")
        workspace = cls(folder)
        with writing(folder):
            for part in workspace._folders:
                part.mkdir(parents=True, exist_ok=True)
        document = tomlkit.document()
        document["name"] = name or folder.name
        document["schema_version"] = SCHEMA_VERSION
        write_text(folder / "workspace.toml", tomlkit.dumps(document))
        return workspace

    @classmethod
    def open(cls, folder: Path | str | None = None) -> Self:
        """Open a workspace; without `folder`, the one that the environment variable WINNOW_WORKSPACE names.

        Raises WorkspaceError when there is none, or when another version of Winnow wrote it.
        """
        if folder is None:
            folder = os.environ.get(ENVIRONMENT_VARIABLE)
            if not folder:
                raise WorkspaceError(f"which workspace? Give --workspace DIR or set {ENVIRONMENT_VARIABLE}.")
        folder = Path(folder).absolute()
        if not (folder / "workspace.toml").is_file():
            raise WorkspaceError(f"{folder} is not a workspace; make one with `winnow init {folder}`.")
        workspace = cls(folder)
        version = workspace._settings().get("schema_version")
        if version != SCHEMA_VERSION:
            raise WorkspaceError(
                f"{folder}/workspace.toml: schema_version is {version!r}, this Winnow reads {SCHEMA_VERSION}; "
                "open it with the Winnow that wrote it."
            )
        for part in workspace._folders:  # a folder that was empty may have been lost in a copy
            part.mkdir(exist_ok=True)
        return workspace

    @property
    def name(self) -> str:
        """What its owner calls it."""
        return str(self._settings().get("name", self.folder.name))

    @property
    def prompts(self) -> Path:
        """Imported prompts, one immutable Parquet file an import."""
        return self.folder / "prompts"

    @property
    def general(self) -> Path:
        """Imported general samples, one immutable Parquet file an import."""
        return self.folder / "general"

    @property
    def jobs(self) -> Path:
        """One folder a job."""
        return self.folder / "jobs"

    @property
    def thresholds(self) -> Path:
        """Threshold sets, `<name>.toml`."""
        return self.folder / "thresholds"

    @property
    def mixes(self) -> Path:
        """Mix recipes, `<name>.toml`."""
        return self.folder / "mixes"

    @property
    def decisions(self) -> Path:
        """Reviewers' decisions, `<reviewer>.jsonl`."""
        return self.folder / "decisions"

    @property
    def exports(self) -> Path:
        """Finished exports, one folder each."""
        return self.folder / "exports"

    @property
    def models(self) -> Path:
        """Adapters that training saved, one folder each."""
        return self.folder / "models"

    @property
    def index(self) -> Path:
        """The DuckDB index; derived, and safe to delete."""
        return self.folder / "index"

    @property
    def _folders(self) -> tuple[Path, ...]:
        return (
            self.prompts,
            self.general,
            self.jobs,
            self.thresholds,
            self.mixes,
            self.decisions,
            self.exports,
            self.models,
        )

    def _settings(self) -> dict[str, object]:
        path = self.folder / "workspace.toml"
        try:
            return tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise WorkspaceError(f"{path} cannot be read: {error}") from error


def check_name(name: str, what: str) -> str:
    """`name` if it can name a file in a workspace; raises InputError otherwise.

    `what` says what is being named ("export", "threshold set").
    """
    if not _NAME.fullmatch(name) or name in {".", ".."} or name.endswith((".", " ")):
        raise InputError(
            f"{name!r} cannot name {what}: use up to 100 letters, digits, spaces, dots, dashes and underscores, "
            "starting with a letter or a digit."
        )
    return name
