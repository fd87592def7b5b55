"""The folders in `exports/` as a person looks through them: broken ones too, and the first samples of each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from curation.errors import ExportError
from curation.export import Manifest, read_manifest
from curation.export.manifest import MANIFEST
from curation.workspace import Workspace

CARD: Final = "README.md"
LONGEST_LINE: Final = 64 << 20
"""Bytes of one sample in a JSONL file that are read to show it."""

_COUNTS: Final = ("quota", "available", "taken", "shortfall")
_ROLES: Final = {"human": "user", "gpt": "assistant"}


@dataclass(frozen=True, slots=True)
class ExportFolder:
    """One folder in `exports/`; where `manifest` is None, `problem` says why it cannot be read."""

    folder: Path
    manifest: Manifest | None
    problem: str
    when: datetime

    @property
    def name(self) -> str:
        """What it is called; training is told this name."""
        return self.folder.name


@dataclass(frozen=True, slots=True)
class SampleShown:
    """One row of a data file: its labels, and its conversation as (role, text)."""

    kind: str
    domain: str
    task: str
    language: str
    id: str
    turns: tuple[tuple[str, str], ...]


def export_folders(workspace: Workspace) -> list[ExportFolder]:
    """Every export, newest first; those being written are passed over."""
    folders = [path for path in workspace.exports.iterdir() if path.is_dir() and not path.name.startswith(".")]
    found = [_look(folder) for folder in folders]
    return sorted(found, key=lambda each: (each.when, each.name), reverse=True)


def wrong_files(export: ExportFolder) -> list[str]:
    """Data files that the manifest names and that are missing or of another size."""
    if export.manifest is None:
        return []
    wrong = []
    for file in export.manifest.files:
        path = export.folder / file.name
        if not path.is_file() or path.stat().st_size != file.bytes:
            wrong.append(file.name)
    return wrong


def first_samples(folder: Path, count: int = 3) -> tuple[SampleShown, ...]:
    """The first rows of an export's first data file, whatever its form.

    Raises ExportError when there is no data file or it cannot be read.
    """
    paths = sorted([*(folder / "data").glob("train-*.parquet"), *(folder / "data").glob("train-*.jsonl")])
    if not paths:
        raise ExportError(f"{folder / 'data'} holds no data files; export the mix again.")
    path = paths[0]
    if not path.resolve().is_relative_to(folder.resolve()):
        raise ExportError(f"{path} leads out of the export; export the mix again.")
    try:
        rows = _parquet_rows(path, count) if path.suffix == ".parquet" else list(islice(_json_rows(path), count))
        return tuple(_shown(row) for row in rows)
    except (OSError, pa.ArrowException, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ExportError(f"{path} cannot be read ({error}); export the mix again.") from error


def _look(folder: Path) -> ExportFolder:
    path = folder / MANIFEST
    try:
        stat = path.stat()
    except OSError:
        changed = datetime.fromtimestamp(folder.stat().st_mtime, UTC)
        return ExportFolder(folder, None, f"{folder} is no finished export: it has no {MANIFEST}.", changed)
    return _read(folder, stat.st_mtime_ns, stat.st_size, stat.st_ino)


@lru_cache(maxsize=1024)
def _read(folder: Path, changed_ns: int, size: int, inode: int) -> ExportFolder:
    changed = datetime.fromtimestamp(changed_ns / 1e9, UTC)
    try:
        manifest = read_manifest(folder)
        created = _checked(manifest, folder / MANIFEST)
    except ExportError as error:
        return ExportFolder(folder, None, str(error), changed)
    return ExportFolder(folder, manifest, "", created)


def _checked(manifest: Manifest, path: Path) -> datetime:
    """When it was made; raises ExportError naming what in the manifest is not of its type."""

    def must(holds: bool, what: str) -> None:
        if not holds:
            raise ExportError(f"{path}: {what} is damaged; export the mix again.")

    for name in ("name", "workspace", "job", "created", "format", "file_type"):
        must(isinstance(getattr(manifest, name), str), name)
    must(_is_count(manifest.samples), "samples")
    for name in ("domains", "tasks", "languages", "thresholds", "selection", "mix", "seeds", "funnel", "versions"):
        must(isinstance(getattr(manifest, name), Mapping), name)
    for domain, counts in manifest.domains.items():
        must(isinstance(counts, Mapping) and all(_is_count(counts.get(key)) for key in _COUNTS), f"domains.{domain}")
    for name in ("tasks", "languages"):
        must(all(_is_count(count) for count in getattr(manifest, name).values()), name)
    rules = manifest.thresholds.get("rules", [])
    must(isinstance(rules, list) and all(isinstance(rule, Mapping) for rule in rules), "thresholds.rules")
    for file in manifest.files:
        must(isinstance(file.name, str) and _is_count(file.rows) and _is_count(file.bytes), "files")
    for model in manifest.models:
        must(isinstance(model.model, str) and isinstance(model.engine, str) and _is_count(model.samples), "models")
    try:
        created = datetime.fromisoformat(manifest.created)
    except ValueError:
        raise ExportError(f"{path}: created is damaged; export the mix again.") from None
    return created if created.tzinfo else created.replace(tzinfo=UTC)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _parquet_rows(path: Path, count: int) -> list[Any]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=count):
            return list(batch.to_pylist())
    return []


def _json_rows(path: Path) -> Iterator[Any]:
    with path.open("rb") as file:
        while line := file.readline(LONGEST_LINE):
            yield json.loads(line)


def _shown(row: Mapping[str, Any]) -> SampleShown:
    if "conversations" in row:
        turns = [(_ROLES.get(turn["from"], turn["from"]), turn["value"]) for turn in row["conversations"]]
    else:
        messages = row["messages"] if "messages" in row else [*row["prompt"], *row["completion"]]
        turns = [(message["role"], message["content"]) for message in messages]
    kind, domain, task, language, sample = (str(row.get(n) or "") for n in ("kind", "domain", "task", "language", "id"))
    return SampleShown(kind, domain, task, language, sample, tuple((str(role), str(text)) for role, text in turns))
