"""Starting a scoring job."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from curation.errors import InputError
from curation.jobs import Job, create_job, find_job, launch, list_jobs
from curation.scoring.config import ScoringConfig
from curation.workspace import Workspace

KIND: Final = "score"
MODULE: Final = "curation.scoring.stage"


def launch_scoring(workspace: Workspace, config: ScoringConfig | None = None) -> Job:
    """Create a scoring job and start it.

    Raises InputError for a bad setting or a workspace in which nothing was sampled, JobError for an unknown job.
    """
    job = create_scoring(workspace, config or ScoringConfig())
    launch(job)
    return job


def create_scoring(workspace: Workspace, config: ScoringConfig) -> Job:
    """`launch_scoring` without starting it."""
    if config.workers < 1:
        raise InputError(f"workers is {config.workers}; it must be 1 or more.")
    if config.jobs:
        named = [find_job(workspace, name) for name in config.jobs]
        for job in named:
            if job.kind != "sample":
                raise InputError(f"job {job.id} is of kind {job.kind}; only sampling jobs have candidates.")
    else:  # those of this moment; one that is running scores its own
        named = [job for job in list_jobs(workspace, "sample") if job.state().has_ended]
    if not named:
        raise InputError(f"{workspace.folder}: nothing was sampled yet; run `winnow sample` first.")
    chosen = replace(config, jobs=tuple(job.id for job in named))
    return create_job(workspace, KIND, MODULE, chosen.to_json())
