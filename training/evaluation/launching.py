"""Starts an evaluation in the background, after checking what it would fail on; loads no torch."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curation import Workspace
from curation.errors import InputError
from curation.jobs import Job, create_job, launch
from curation.prompts import read_prompts
from curation.sampling import queue_device
from curation.sampling.model_folder import check_model
from curation.settings import config_to_mapping
from curation.thresholds import load_thresholds
from training.evaluation.config import EvaluationConfig
from training.evaluation.records import KIND


def launch_evaluation(workspace: Workspace, config: EvaluationConfig) -> Job:
    """Start an evaluation in the background.

    Raises ModelError for a folder that holds no model, InputError when no prompt is left to ask or a setting is wrong.
    """
    models = []
    for each in config.models:
        adapter = Path(each.adapter).absolute() if each.adapter else None
        if config.engine == "transformers":
            check_model(Path(each.model), adapter)
        models.append(asdict(each) | {"model": _absolute(each.model), "adapter": str(adapter) if adapter else None})
    thresholds = load_thresholds(workspace, config.thresholds)
    prompts = _choose_prompts(workspace, config)
    stored = config_to_mapping(config) | {"models": models, "rules": [asdict(rule) for rule in thresholds.enabled]}
    job = create_job(workspace, KIND, "training.evaluation", stored, input=prompts, device=queue_device(config.device))
    launch(job)
    return job


def _choose_prompts(workspace: Workspace, config: EvaluationConfig) -> pa.Table:
    table = read_prompts(workspace, columns=["prompt_id", "split", "domain"])
    kept = pc.equal(table["split"], config.split)
    if config.domains:
        kept = pc.and_(kept, pc.is_in(table["domain"], pa.array(config.domains)))
    ids = np.sort(table.filter(kept)["prompt_id"].to_numpy())
    if not len(ids):
        where = f" in {', '.join(config.domains)}" if config.domains else ""
        raise InputError(
            f"no {config.split} prompts{where} in {workspace.folder}; import some with --split {config.split}."
        )
    if config.limit is not None and config.limit < len(ids):
        ids = np.sort(np.random.default_rng(config.seed).choice(ids, config.limit, replace=False))
    return pa.table({"prompt_id": ids})


def _absolute(folder: str) -> str:
    return str(Path(folder).absolute()) if Path(folder).exists() else folder  # a served model is a name, no path
