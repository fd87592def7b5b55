"""Checkpoints that are whole or ignored: a marker, written last, says that every other file is on the disk."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from curation.files import write_json

_MARKER: Final = "complete.json"
FOLDER: Final = "checkpoints"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A whole checkpoint: `tokens` were seen by the model up to `step`."""

    folder: Path
    step: int
    tokens: int


def mark_complete(folder: Path, step: int, tokens: int) -> None:
    """Put every file of a checkpoint on the disk, then say that it is whole."""
    for path in folder.iterdir():
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
    write_json(folder / _MARKER, {"step": step, "tokens": tokens})


def last_checkpoint(job_folder: Path) -> Checkpoint | None:
    """The latest whole checkpoint of a job, or None."""
    found = []
    for marker in (job_folder / FOLDER).glob(f"checkpoint-*/{_MARKER}"):
        record = json.loads(marker.read_text(encoding="utf-8"))
        found.append(Checkpoint(marker.parent, int(record["step"]), int(record["tokens"])))
    return max(found, key=lambda checkpoint: checkpoint.step, default=None)


def remove_other_checkpoints(job_folder: Path, keep: Checkpoint | None) -> None:
    """Remove what a kill left half-written, and everything but `keep`."""
    for folder in (job_folder / FOLDER).glob("checkpoint-*"):
        if keep is None or folder != keep.folder:
            shutil.rmtree(folder, ignore_errors=True)
