"""Starting an export: what the mix holds is decided here, once, and written into the job."""

from __future__ import annotations

import shutil
from dataclasses import asdict

from curation.errors import ExportError
from curation.export.config import ExportConfig
from curation.files import PARTIAL_SUFFIX
from curation.funnel import Funnel, funnel
from curation.index import Index
from curation.jobs import Job, create_job, launch, list_jobs
from curation.mix import SelectedSet, select
from curation.records import Domain
from curation.thresholds import ThresholdSet, load_thresholds
from curation.workspace import Workspace


def launch_export(workspace: Workspace, config: ExportConfig, index: Index | None = None) -> Job:
    """Decide the mix from the state of the workspace, and launch the job that writes it to `exports/<name>`.

    Takes in what is new first. Without `index`, one is opened for the purpose. Raises ExportError when the name is
    taken or nothing is there to export, saying why; InputError when the thresholds cannot be read.
    """
    final = workspace.exports / config.name
    if final.exists():
        raise ExportError(f"{final} exists; choose another name for this export, or remove that folder.")
    thresholds = config.thresholds
    if isinstance(thresholds, str):
        thresholds = load_thresholds(workspace, thresholds)
    if index is None:
        with Index.open(workspace) as opened:
            return _launch(workspace, config, thresholds, opened)
    return _launch(workspace, config, thresholds, index)


def why_nothing(counts: Funnel, selected: SelectedSet) -> str:
    """Why a mix is empty, in a sentence that a curator can act on."""
    if counts.prompts == 0 and counts.candidates == 0:
        return "nothing to export: the workspace has no prompts; import some, and sample responses to them."
    if counts.candidates == 0:
        return f"nothing to export: {counts.prompts:,} prompts, but no candidates; sample responses first."
    if counts.scored == 0:
        return f"nothing to export: none of the {counts.candidates:,} candidates is scored yet; wait, or score them."
    if counts.correct == 0:
        return (
            f"nothing was accepted: {counts.candidates:,} candidates, 0 correct ({counts.incorrect:,} incorrect, "
            f"{counts.undecided:,} undecided, {counts.error:,} with an error of the check). Look at the rejects: if "
            "correct ones are among them, mend references or verifiers; otherwise sample more."
        )
    if counts.accepted == 0:
        rules = sorted(counts.steps, key=lambda step: -step.rejects)
        named = ", ".join(f"{step.rule} {step.rejects:,}" for step in rules if step.rejects)
        return (
            f"nothing was accepted: of {counts.candidates:,} candidates {counts.correct:,} are correct, and thresholds "
            f"reject all of them ({named}). Loosen one, or switch it off."
        )
    wanted = ", ".join(f"{quota.domain} {quota.quota:,} of {quota.available:,}" for quota in selected.quotas)
    return f"the mix takes nothing: {counts.selected:,} are selected, but its quotas are {wanted}. Raise one."


def _launch(workspace: Workspace, config: ExportConfig, thresholds: ThresholdSet, index: Index) -> Job:
    index.refresh()
    chosen = select(index, thresholds, config.selection, config.mix)
    counts = funnel(index, thresholds, config.selection)
    wants_reasoning = any(quota.quota for quota in chosen.quotas if quota.domain != Domain.GENERAL)
    if chosen.rows.num_rows == 0 or (wants_reasoning and counts.selected == 0):
        raise ExportError(why_nothing(counts, chosen))
    _remove_leftovers(workspace)
    settings = {
        "name": config.name,
        "format": str(config.format),
        "file_type": str(config.file_type),
        "shard_mb": config.shard_mb,
        "thresholds": asdict(thresholds),
        "selection": asdict(config.selection),
        "mix": asdict(config.mix),
        "domains": {
            quota.domain: {
                "quota": quota.quota,
                "available": quota.available,
                "taken": quota.taken,
                "shortfall": quota.shortfall,
            }
            for quota in chosen.quotas
        },
        "funnel": counts.as_json(),
    }
    job = create_job(workspace, "export", "curation.export.stage", settings, input=chosen.rows)
    launch(job)
    return job


def _remove_leftovers(workspace: Workspace) -> None:
    """Remove what killed exports left behind that nobody resumed."""
    alive = {job.id for job in list_jobs(workspace, "export") if not job.state().has_ended}
    for folder in workspace.exports.glob(f".*{PARTIAL_SUFFIX}"):
        if not any(folder.name.endswith(f".{job}{PARTIAL_SUFFIX}") for job in alive):
            shutil.rmtree(folder, ignore_errors=True)
