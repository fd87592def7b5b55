"""The export job: from the ids of a mix to a folder of data files with their card and manifest.

python -m curation.export.stage JOB_FOLDER
"""

from __future__ import annotations

import errno
import os
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curation.errors import ExportError, JobError
from curation.export.card import dataset_card
from curation.export.gathering import Gatherer
from curation.export.manifest import ExportedModel, Manifest, read_manifest, write_manifest
from curation.export.writing import DataFile, DataFileWriter
from curation.files import PARTIAL_SUFFIX, fsync_folder, write_text
from curation.jobs import JobContext, find_job, run_stage
from curation.workspace import Workspace


class _Stopped(Exception):  # noqa: N818 - not an error
    """A stop was asked for; half an export is of no use to anybody."""


def main(context: JobContext) -> None:
    """Write the export and give it its name; a stopped, failed or killed export leaves none and starts anew."""
    settings = context.config
    final = context.workspace.exports / settings["name"]
    rows = context.input().num_rows
    if final.exists():
        if not _is_own(final, context):
            raise ExportError(f"{final} exists; choose another name for this export, or remove that folder.")
        context.report(rows, rows)  # killed after the rename: there is nothing left to do
        return
    folder = partial_folder(context.workspace, settings["name"], context.job.id)
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(parents=True)
        _write_export(context, folder)
        try:
            folder.rename(final)
        except OSError as error:
            if final.exists():
                raise ExportError(f"{final} was made meanwhile; choose another name for this export.") from error
            raise
        fsync_folder(final.parent)
        context.report(rows, rows)
    except _Stopped:
        print("stopped; nothing of the export is kept")
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ExportError(
                f"{context.workspace.exports}: no space left on the disk; what was written of this export was removed. "
                "Free some and resume the job."
            ) from error
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def partial_folder(workspace: Workspace, name: str, job_id: str) -> Path:
    """Where an export is while it is being written; readers of exports pass over it."""
    return workspace.exports / f".{name}.{job_id}{PARTIAL_SUFFIX}"


def _write_export(context: JobContext, folder: Path) -> None:
    settings = context.config
    plan = context.input()
    total = plan.num_rows

    def on_found(found: int) -> None:
        _check_stop(context)
        context.report(0, total, note=f"reading texts: {found:,} of {total:,}")

    gatherer = Gatherer(context.workspace, plan, on_found)
    scratch = folder / "scratch"
    scratch.mkdir()
    tasks: Counter[str] = Counter()
    languages: Counter[str] = Counter()
    written = 0
    with DataFileWriter(folder, settings["format"], settings["file_type"], settings["shard_mb"] * 1_000_000) as writer:
        for samples in gatherer.samples(scratch):
            _check_stop(context)
            writer.write(samples)
            written += samples.num_rows
            for column, counts in (("task", tasks), ("language", languages)):
                for entry in pc.value_counts(samples[column]).to_pylist():
                    counts[entry["values"]] += entry["counts"]
            context.report(min(written, total - 1), total, note="writing")
        files = writer.close()
    shutil.rmtree(scratch)
    manifest = _manifest(context, plan, files, gatherer, tasks, languages)
    write_text(folder / "README.md", dataset_card(manifest))
    write_manifest(folder, manifest)
    _check_stop(context)


def _manifest(
    context: JobContext,
    plan: pa.Table,
    files: tuple[DataFile, ...],
    gatherer: Gatherer,
    tasks: Counter[str],
    languages: Counter[str],
) -> Manifest:
    settings = context.config
    models = tuple(
        ExportedModel(source.job, source.engine, source.model, count, _sampling_settings(context.workspace, source.job))
        for source, count in sorted(gatherer.models.items())
    )
    return Manifest(
        name=settings["name"],
        workspace=context.workspace.name,
        job=context.job.id,
        created=context.job.created,
        format=settings["format"],
        file_type=settings["file_type"],
        samples=plan.num_rows,
        domains=settings["domains"],
        tasks=dict(sorted(tasks.items())),
        languages=dict(sorted(languages.items())),
        thresholds=settings["thresholds"],
        selection=settings["selection"],
        mix=settings["mix"],
        seeds={"selection": settings["selection"]["seed"], "mix": settings["mix"]["seed"]},
        funnel=settings["funnel"],
        models=models,
        versions=context.job.versions or {},
        files=files,
    )


def _sampling_settings(workspace: Workspace, job_id: str) -> dict[str, Any]:
    try:
        config = dict(find_job(workspace, job_id).config)
    except JobError:
        return {}
    for machine in ("model", "adapter", "device"):  # paths and devices of this machine; the revision is recorded
        if isinstance(config.get(machine), str):
            config[machine] = os.path.basename(config[machine])  # noqa: PTH119 - may be a name on a server
    return config


def _check_stop(context: JobContext) -> None:
    if context.stop_requested:
        raise _Stopped


def _is_own(folder: Path, context: JobContext) -> bool:
    try:
        return read_manifest(folder).job == context.job.id
    except ExportError:
        return False


if __name__ == "__main__":
    run_stage(main)
