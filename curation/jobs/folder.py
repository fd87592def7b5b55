"""The job folder: creating one, finding one, and reading what it says."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from curation.errors import JobError
from curation.files import PARTIAL_SUFFIX, fsync_folder, replacing, write_json, writing
from curation.jobs.state import JobState, Progress, read_progress, read_record, read_state
from curation.workspace import Workspace

_KIND = re.compile(r"[a-z][a-z0-9_]{0,30}")
_JOB_ID: Final = re.compile(r"(\d{8}-\d{6}-\d{3})-([a-z][a-z0-9_]*)-([0-9a-f]{4})")
_VERSIONED: Final = ("winnow", "pyarrow", "duckdb", "torch", "transformers", "vllm", "trl", "peft", "math-verify")
_creating = threading.Lock()


@dataclass(frozen=True, slots=True)
class Job:
    """A background process with a folder of its own. Ids sort by the time of creation."""

    id: str
    kind: str
    module: str
    folder: Path
    config: Mapping[str, Any]
    created: str  # ISO 8601, UTC
    device: str | None = None
    versions: Mapping[str, str] | None = None

    @property
    def workspace(self) -> Workspace:
        """The workspace that the job belongs to."""
        return Workspace(self.folder.parent.parent)

    @property
    def shards(self) -> Path:
        """Where its shards are."""
        return self.folder / "shards"

    @property
    def input_path(self) -> Path:
        """Keys, and what the stage needs beyond the shared files."""
        return self.folder / "input.parquet"

    @property
    def log_path(self) -> Path:
        """What the process printed, attempt after attempt."""
        return self.folder / "log.txt"

    def state(self) -> JobState:
        """Its state now."""
        return read_state(self.folder)

    def progress(self) -> Progress | None:
        """What it last reported, or None before its first report."""
        return read_progress(self.folder)

    def input(self) -> pa.Table:
        """The table that the job was created with; raises JobError where it is missing or damaged."""
        try:
            return pq.read_table(self.input_path, partitioning=None)
        except (OSError, pa.ArrowException) as error:
            raise JobError(f"{self.input_path} cannot be read ({error}); create the job again.") from error

    def log_tail(self, n_bytes: int = 16_384) -> str:
        """The last whole lines of the log, at most `n_bytes` of them."""
        try:
            with self.log_path.open("rb") as log:
                size = log.seek(0, os.SEEK_END)
                log.seek(max(0, size - n_bytes))
                tail = log.read()
        except FileNotFoundError:
            return ""
        if size > n_bytes and b"\n" in tail:
            tail = tail[tail.index(b"\n") + 1 :]
        return tail.decode("utf-8", errors="replace")

    def metrics(self) -> list[dict[str, Any]]:
        """The rows of metrics.jsonl; a last line that is still being written is left out."""
        try:
            lines = (self.folder / "metrics.jsonl").read_bytes().split(b"\n")
        except FileNotFoundError:
            return []
        rows = []
        for line in lines:
            try:
                rows.append(json.loads(line))
            except ValueError:
                continue  # empty, or torn by a kill
        return rows


def create_job(
    workspace: Workspace,
    kind: str,
    module: str,
    config: Mapping[str, Any],
    *,
    input: pa.Table | None = None,
    device: str | None = None,
) -> Job:
    """Write a new job's folder, which appears whole; nothing is started.

    `module` is what `python -m` runs with the folder as its argument. `device` names what only one job of a host may
    use at a time ("cuda:0"; several, with commas). Paths in `config` must be absolute.
    """
    if not _KIND.fullmatch(kind):
        raise JobError(f"{kind!r} cannot name a kind of job: use lower-case letters, digits and underscores.")
    now = datetime.now(UTC)
    content = {
        "kind": kind,
        "module": module,
        "config": dict(config),
        "versions": _versions(),
        "created": now.isoformat(timespec="milliseconds"),
        "device": device,
    }
    try:
        json.dumps(content)
    except (TypeError, ValueError) as error:
        raise JobError(f"the configuration of a {kind} job cannot be written as JSON: {error}") from error
    building = workspace.jobs / f".{kind}-{os.getpid()}-{secrets.token_hex(4)}{PARTIAL_SUFFIX}"
    try:
        with writing(building):
            (building / "shards").mkdir(parents=True)
            if input is not None:
                with replacing(building / "input.parquet") as path:
                    pq.write_table(input, path, compression="zstd")
            write_json(building / "job.json", content)
            with _creating:
                folder = workspace.jobs / _next_id(workspace, kind, now)
                building.rename(folder)
            fsync_folder(workspace.jobs)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return open_job(folder)


def open_job(folder: Path) -> Job:
    """The job in `folder`; raises JobError when there is none."""
    record = read_record(folder / "job.json")
    if record is None:
        raise JobError(f"{folder} is not a job's folder: its job.json is missing or damaged.")
    try:
        return Job(
            id=folder.name,
            kind=record["kind"],
            module=record["module"],
            folder=folder.absolute(),
            config=record["config"],
            created=record["created"],
            device=record["device"],
            versions=record.get("versions"),
        )
    except KeyError as error:
        raise JobError(f"{folder}/job.json: {error} is missing; restore the file, or delete the folder.") from error


def list_jobs(workspace: Workspace, kind: str | None = None) -> list[Job]:
    """The jobs of a workspace, oldest first. Folders whose job.json cannot be read are left out."""
    jobs = []
    for name in _job_names(workspace):
        match = _JOB_ID.fullmatch(name)
        if match is None or (kind is not None and match[2] != kind):
            continue
        try:
            jobs.append(open_job(workspace.jobs / name))
        except JobError:
            continue
    return jobs


def kind_of(job_id: str) -> str | None:
    """The kind of the job with that id, which the id itself says, of whatever workspace; None where it is no id."""
    match = _JOB_ID.fullmatch(job_id)
    return match[2] if match else None


def find_job(workspace: Workspace, id_or_prefix: str) -> Job:
    """The job with that id, or the only one whose id starts with, or else contains, what is given.

    Raises JobError when there is none, or several.
    """
    names = [name for name in _job_names(workspace) if _JOB_ID.fullmatch(name)]
    wanted = id_or_prefix.strip()
    for found in (
        [name for name in names if name == wanted],
        [name for name in names if wanted and name.startswith(wanted)],
        [name for name in names if wanted and wanted in name],
    ):
        if len(found) == 1:
            return open_job(workspace.jobs / found[0])
        if found:
            shown = ", ".join(found[-5:])
            raise JobError(f"{wanted!r} could be {len(found)} jobs, the latest being {shown}; give more of the id.")
    raise JobError(f"no job {wanted!r} in {workspace.folder}; `winnow jobs` lists them.")


def remove_partial_files(folder: Path) -> None:
    """Remove what killed writers left half-written; only for the process that holds the job's lock."""
    for place in (folder, folder / "shards"):
        for path in place.glob(f".*{PARTIAL_SUFFIX}"):
            path.unlink(missing_ok=True)


def _job_names(workspace: Workspace) -> list[str]:
    try:
        return sorted(os.listdir(workspace.jobs))  # noqa: PTH208 - names only
    except FileNotFoundError:
        return []


def _next_id(workspace: Workspace, kind: str, now: datetime) -> str:
    # "the latest job wins" holds even when two are created in one millisecond, or the clock was set back
    taken = [match[1] for name in _job_names(workspace) if (match := _JOB_ID.fullmatch(name))]
    moment = now
    if taken:
        latest = datetime.strptime(max(taken) + "000", "%Y%m%d-%H%M%S-%f").replace(tzinfo=UTC)
        moment = max(now, latest + timedelta(milliseconds=1))
    stamp = f"{moment:%Y%m%d-%H%M%S}-{moment.microsecond // 1000:03d}"
    return f"{stamp}-{kind}-{secrets.token_hex(2)}"


@cache
def _versions() -> dict[str, str]:
    found = {"python": sys.version.split()[0]}
    for name in _VERSIONED:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
