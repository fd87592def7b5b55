"""Which Parquet files a workspace holds right now, for the index to compare with those it has taken in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from curation.errors import ShardError
from curation.jobs import list_jobs, live_shards
from curation.workspace import Workspace

CONTRIBUTING = {"sample": ("scores", "candidates"), "score": ("scores",)}
"""Kind of job → families it contributes. Scores are listed first: then their candidates are listed too."""


@dataclass(frozen=True, slots=True, order=True)
class Shard:
    """One shard of a job; shards are written once, so a name and a size identify the content."""

    job_id: str
    family: str
    name: str
    bytes: int


@dataclass(frozen=True, slots=True)
class ListedShards:
    """What the jobs hold: contributing jobs with their kinds, every live shard with its path, and what failed."""

    jobs: dict[str, str]
    paths: dict[Shard, Path]
    unreadable: dict[str, ShardError]  # by job id: their manifest cannot be read


@dataclass(frozen=True, slots=True, order=True)
class Import:
    """One import of prompts or general samples; a changed file is another import."""

    family: str
    name: str
    bytes: int
    changed_ns: int


def list_shards(workspace: Workspace) -> ListedShards:
    """Every live shard of the jobs that contribute to the index."""
    jobs: dict[str, str] = {}
    paths: dict[Shard, Path] = {}
    unreadable: dict[str, ShardError] = {}
    for job in list_jobs(workspace):
        if job.kind not in CONTRIBUTING:
            continue
        jobs[job.id] = job.kind
        try:
            for family in CONTRIBUTING[job.kind]:
                paths.update(
                    (Shard(job.id, family, path.name, size), path)
                    for path, size in _sized(live_shards(job.folder, family))
                )
        except ShardError as error:
            unreadable[job.id] = error
    return ListedShards(jobs, paths, unreadable)


def list_imports(workspace: Workspace) -> dict[Import, Path]:
    """Every imported file of prompts and of general samples."""
    return {
        Import(family, path.name, stat.st_size, stat.st_mtime_ns): path
        for family, folder in (("prompts", workspace.prompts), ("general", workspace.general))
        for path in sorted(folder.glob("*.parquet"))
        if not path.name.startswith(".")
        for stat in (path.stat(),)
    }


def _sized(paths: list[Path]) -> Iterator[tuple[Path, int]]:
    for path in paths:
        try:
            yield path, path.stat().st_size
        except FileNotFoundError:  # compacted since it was listed; the next refresh takes in the merged shard
            continue
