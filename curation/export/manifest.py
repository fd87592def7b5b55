"""What an export says of itself: `manifest.json`, from which it could be made again; and the list of exports."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from curation.errors import ExportError
from curation.export.writing import DataFile
from curation.files import write_json
from curation.workspace import Workspace

MANIFEST: Final = "manifest.json"
MANIFEST_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class ExportedModel:
    """A model whose responses are in the export, and how it was sampled."""

    job: str
    engine: str
    model: str
    samples: int
    sampling: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything that made an export what it is; hashes are of the data files' bytes."""

    name: str
    workspace: str
    job: str
    created: str
    format: str
    file_type: str
    samples: int
    domains: Mapping[str, Mapping[str, int]]
    """domain → quota, available, taken and shortfall, in samples."""
    tasks: Mapping[str, int]
    languages: Mapping[str, int]
    thresholds: Mapping[str, Any]
    selection: Mapping[str, Any]
    mix: Mapping[str, Any]
    seeds: Mapping[str, int]
    funnel: Mapping[str, Any]
    models: tuple[ExportedModel, ...]
    versions: Mapping[str, str]
    files: tuple[DataFile, ...]
    manifest_version: int = MANIFEST_VERSION

    @property
    def bytes(self) -> int:
        """Size of the data files."""
        return sum(file.bytes for file in self.files)

    @property
    def shortfall(self) -> dict[str, int]:
        """domain → samples missing to its quota, where any are."""
        return {domain: counts["shortfall"] for domain, counts in self.domains.items() if counts["shortfall"]}


@dataclass(frozen=True, slots=True)
class Export:
    """A finished export in a workspace."""

    folder: Path
    manifest: Manifest

    @property
    def name(self) -> str:
        """What it is called; training is told this name."""
        return self.folder.name


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write `folder/manifest.json`."""
    write_json(folder / MANIFEST, asdict(manifest))


def read_manifest(folder: Path) -> Manifest:
    """The manifest in an export's folder; raises ExportError when it is missing or damaged."""
    path = folder / MANIFEST
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        version = content.get("manifest_version")
        if version != MANIFEST_VERSION:
            raise ExportError(f"{path}: manifest_version is {version!r}, this Winnow reads {MANIFEST_VERSION}.")
        models = tuple(ExportedModel(**model) for model in content.pop("models"))
        files = tuple(DataFile(**file) for file in content.pop("files"))
        return Manifest(**content, models=models, files=files)
    except FileNotFoundError as error:
        raise ExportError(f"{folder} is no finished export: it has no {MANIFEST}.") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ExportError(f"{path} cannot be read ({error}); export the mix again.") from error


def list_exports(workspace: Workspace) -> list[Export]:
    """The finished exports by name. Folders whose manifest cannot be read are left out."""
    found = []
    for path in sorted(workspace.exports.glob(f"*/{MANIFEST}")):
        if not path.parent.name.startswith("."):
            try:
                found.append(Export(path.parent, read_manifest(path.parent)))
            except ExportError:
                continue
    return found
