"""`python -m training.sft JOB_DIR`: fine-tune a base on an export. Importing it, to launch a job, loads no torch."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
from pathlib import Path
from typing import Final

from curation import Workspace
from curation.errors import InputError, JobError
from curation.files import PARTIAL_SUFFIX, fsync_folder, write_json
from curation.jobs import Job, JobContext, create_job, launch, list_jobs, run_stage
from curation.sampling import queue_device
from curation.sampling.model_folder import check_model, model_revision
from curation.settings import config_from_mapping, config_to_mapping
from curation.workspace import check_name
from training import checkpoints
from training.config import TrainingConfig, template_text
from training.devices import restrict_devices
from training.progress import read_metrics, rewind_metrics
from training.samples import export_fingerprint, find_export

KIND: Final = "sft"
_NOT_ADAPTER: Final = ("optimizer.pt", "scheduler.pt", "rng_state.pth", "training_args.bin", "trainer_state.json")


def check_training(workspace: Workspace, config: TrainingConfig) -> None:
    """Raise the error (InputError, ModelError) that a launch with these settings would meet; loads no model."""
    check_name(config.output, "a model")
    base = Path(config.base)
    check_model(base, needs_template=config.chat_template is None)  # a raw base need not have one of its own
    if config.chat_template is not None:
        template_text(config.chat_template)
    find_export(workspace, config.export)
    if (workspace.models / config.output).exists():
        raise InputError(f"a model called {config.output!r} exists in {workspace.models}; choose another output.")
    for job in list_jobs(workspace, KIND):
        if job.config.get("output") == config.output and not job.state().has_ended:
            raise InputError(f"job {job.id} is about to save a model called {config.output!r}; choose another output.")
    if config.optimizer == "adamw_8bit":
        if importlib.util.find_spec("bitsandbytes") is None:
            raise InputError("optimizer adamw_8bit needs the bitsandbytes package; install it, or choose adamw.")
        if queue_device(config.device) == "cpu":
            raise InputError("optimizer adamw_8bit needs a GPU; choose adamw.")


def launch_training(workspace: Workspace, config: TrainingConfig) -> Job:
    """Start a fine-tuning in the background; raises what `check_training` raises."""
    check_training(workspace, config)
    stored = config_to_mapping(config) | {"base": str(Path(config.base).absolute())}
    if config.chat_template is not None:  # what it says now, wherever the job runs and whatever becomes of the file
        stored["chat_template"] = template_text(config.chat_template)
    job = create_job(workspace, KIND, "training.sft", stored, device=queue_device(config.device))
    launch(job)
    return job


def train(context: JobContext) -> None:
    """The stage: trains from the last whole checkpoint on, and publishes the adapter when the last step is done."""
    config = config_from_mapping(TrainingConfig, context.config)
    target = context.workspace.models / config.output
    if _is_published(target, context.job):
        return
    for left in context.workspace.models.glob(f".{config.output}.{context.job.id}*{PARTIAL_SUFFIX}"):
        shutil.rmtree(left)
    restrict_devices(config.device)
    start = checkpoints.last_checkpoint(context.folder)
    context.report(start.step if start else 0, 0, note="loading the base and the export")

    from training import trainer as trainers
    from training.dataset import choose_rows, tokenised_export
    from training.tokenizer import load_tokenizer

    tokenizer = load_tokenizer(config)
    tokens = tokenised_export(context.workspace, config, tokenizer)
    rows = choose_rows(tokens, config)
    dropped = f", {rows.dropped:,} longer ones left out" if rows.dropped else ""
    note = f"{len(rows.train):,} samples{dropped}"

    checkpoints.remove_other_checkpoints(context.folder, keep=start)
    rewind_metrics(context.folder, start.step if start else 0)
    callback = trainers.JobCallback(context, note, config.save_steps)
    trainer = trainers.build_trainer(config, context.folder, tokens, rows, tokenizer, callback)
    steps = trainer.args.max_steps
    print(f"{note}, {steps:,} steps from {start.step if start else 0:,}", flush=True)
    if start is None or start.step < steps:
        if start is not None:
            trainer.tokens = start.tokens
        trainer.train(resume_from_checkpoint=str(start.folder) if start else None)
    last = checkpoints.last_checkpoint(context.folder)
    if last is None or last.step < steps:
        return  # stopped; the checkpoint is there to resume from
    context.report(steps, steps, note="saving the adapter")
    _publish(context, config, last, target)
    shutil.rmtree(context.folder / checkpoints.FOLDER)


def _is_published(target: Path, job: Job) -> bool:
    if not target.exists():
        return False
    card = target / "model.json"
    if card.is_file() and json.loads(card.read_text(encoding="utf-8")).get("job") == job.id:
        return True  # an earlier attempt was killed after its last act
    raise JobError(f"{target} was made by somebody else meanwhile; move it away and resume this job.")


def _publish(context: JobContext, config: TrainingConfig, last: checkpoints.Checkpoint, target: Path) -> None:
    """Copy the adapter and its tokenizer from the last checkpoint into a folder that appears by rename."""
    partial = target.with_name(f".{config.output}.{context.job.id}{PARTIAL_SUFFIX}")
    shutil.copytree(last.folder, partial, ignore=shutil.ignore_patterns("complete.json", "README.md", *_NOT_ADAPTER))
    rows = read_metrics(context.folder)
    export = find_export(context.workspace, config.export)
    write_json(
        partial / "model.json",
        {
            "name": config.output,
            "job": context.job.id,
            "base": config.base,
            "base_revision": model_revision(Path(config.base)),
            "export": config.export,
            "export_fingerprint": export_fingerprint(export),
            "steps": last.step,
            "tokens": last.tokens,
            "loss": next((row.loss for row in reversed(rows) if row.loss is not None), None),
            "eval_loss": next((row.eval_loss for row in reversed(rows) if row.eval_loss is not None), None),
            "config": config_to_mapping(config),
        },
    )
    if target.exists():
        raise JobError(f"{target} was made by somebody else meanwhile; move it away and resume this job.")
    partial.rename(target)
    fsync_folder(target.parent)


def _quiet_environment() -> None:
    """Nothing is fetched, nothing is reported to a service, no bar is drawn."""
    os.environ.update(
        HF_HUB_OFFLINE="1",
        TRANSFORMERS_OFFLINE="1",
        HF_DATASETS_OFFLINE="1",
        HF_HUB_DISABLE_TELEMETRY="1",
        HF_HUB_DISABLE_PROGRESS_BARS="1",
    )


if __name__ == "__main__":
    _quiet_environment()
    run_stage(train)
