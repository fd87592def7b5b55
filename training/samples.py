"""Reading the samples of an export, whichever of its formats and file types it was written in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from curation import Workspace
from curation.errors import InputError
from curation.records import Message

_COLUMNS = ("prompt", "completion", "messages", "conversations")
_SHAREGPT_ROLES = {"human": "user", "gpt": "assistant", "system": "system"}


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample to train on: the turns before, and the whole response (think block and all)."""

    prompt: tuple[Message, ...]
    completion: str
    place: str  # "<file> row <n>", for errors


def find_export(workspace: Workspace, name: str) -> Path:
    """The folder of a finished export; raises InputError, naming those that exist, when there is none."""
    folder = workspace.exports / name
    if name and (folder / "manifest.json").is_file() and any(_files(folder)):
        return folder
    there = sorted(path.parent.name for path in workspace.exports.glob("*/manifest.json"))
    advice = f"there are {', '.join(there)}" if there else "write one first"
    raise InputError(f"no export is called {name!r} in {workspace.exports}; {advice}.")


def export_fingerprint(folder: Path) -> str:
    """A hash of what the export holds: its manifest, which records a hash of each of its files."""
    digest = hashlib.sha256((folder / "manifest.json").read_bytes())
    for path in _files(folder):  # the sizes catch a file that was edited by hand
        digest.update(f"{path.name}\0{path.stat().st_size}\0".encode())
    return digest.hexdigest()


def iter_samples(folder: Path, batch_rows: int = 1024) -> Iterator[list[Sample]]:
    """The samples of an export in their order, a batch at a time; raises InputError for rows that are no samples."""
    for path in _files(folder):
        row = 0
        for rows in _batches(path, batch_rows):
            yield [_sample(each, f"{path.name} row {row + i + 1}") for i, each in enumerate(rows)]
            row += len(rows)


def _files(folder: Path) -> list[Path]:
    found = sorted((folder / "data").glob("*.parquet"))
    return found or sorted((folder / "data").glob("*.jsonl"))


def _batches(path: Path, batch_rows: int) -> Iterator[list[dict[str, Any]]]:
    try:
        if path.suffix == ".parquet":
            file = pq.ParquetFile(path)
            wanted = [name for name in _COLUMNS if name in file.schema_arrow.names]
            for batch in file.iter_batches(batch_size=batch_rows, columns=wanted):
                yield batch.to_pylist()
            return
        with path.open(encoding="utf-8") as lines:
            rows: list[dict[str, Any]] = []
            for line in lines:
                rows.append(json.loads(line))
                if len(rows) == batch_rows:
                    yield rows
                    rows = []
            if rows:
                yield rows
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}. Write the export again.") from error


def _sample(row: Mapping[str, Any], place: str) -> Sample:
    if row.get("prompt") is not None and row.get("completion") is not None:
        turns = [*row["prompt"], *row["completion"]]
        turns = [(turn["role"], turn["content"]) for turn in turns]
    elif row.get("messages") is not None:
        turns = [(turn["role"], turn["content"]) for turn in row["messages"]]
    elif row.get("conversations") is not None:
        turns = [(_SHAREGPT_ROLES.get(turn["from"], turn["from"]), turn["value"]) for turn in row["conversations"]]
    else:
        raise InputError(f"{place}: neither prompt and completion nor messages; write the export again.")
    if len(turns) < 2 or turns[-1][0] != "assistant" or not turns[-1][1]:
        raise InputError(f"{place}: a sample must end with an assistant's response; write the export again.")
    return Sample(tuple(Message(role, content) for role, content in turns[:-1]), turns[-1][1], place)
