"""The exports that can be trained on, with how many samples each has."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from components.format import number
from components.text import plural
from curation.workspace import Workspace


@dataclass(frozen=True, slots=True)
class ExportFound:
    """An export by name; `samples` is None where its manifest does not say."""

    name: str
    samples: int | None

    @property
    def words(self) -> str:
        """Its name and size, as a field offers it."""
        if self.samples is None:
            return self.name
        return f"{self.name} · {plural('{n} sample', '{n} samples', self.samples).format(n=number(self.samples))}"


def exports_found(workspace: Workspace) -> list[ExportFound]:
    """Finished exports, the latest first."""
    manifests = sorted(workspace.exports.glob("*/manifest.json"), key=_written, reverse=True)
    return [ExportFound(path.parent.name, _samples(path)) for path in manifests if not path.parent.name.startswith(".")]


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # removed meanwhile
        return 0.0


def _samples(path: Path) -> int | None:
    try:
        samples = json.loads(path.read_text(encoding="utf-8")).get("samples")
    except (OSError, ValueError, AttributeError):
        return None
    return samples if isinstance(samples, int) else None
