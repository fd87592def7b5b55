"""Starting a sampling job: everything that can be wrong is said before a process is started."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.errors import InputError, ModelError
from curation.jobs import Job, create_job, launch
from curation.prompts import read_prompts
from curation.prompts.reading import ids_of_imports
from curation.sampling.config import SamplingConfig, queue_device
from curation.sampling.model_folder import check_model
from curation.sampling.randomness import scramble
from curation.workspace import Workspace

KIND: Final = "sample"
MODULE: Final = "curation.sampling.stage"


def launch_sampling(workspace: Workspace, config: SamplingConfig) -> Job:
    """Create a sampling job for the chosen prompts and start it.

    Raises InputError for a bad setting or when no prompt fits, ModelError when the model cannot be sampled.
    """
    job = create_sampling(workspace, config)
    launch(job)
    return job


def create_sampling(workspace: Workspace, config: SamplingConfig) -> Job:
    """`launch_sampling` without starting it."""
    config.check()
    stored = config.to_json()
    model = Path(stored["model"])
    if config.engine != "replay":
        check_model(model, Path(stored["adapter"]) if stored["adapter"] else None)
    elif not model.is_file():
        raise ModelError(f"{model} is not a file; the replay engine reads a Parquet or JSON Lines file of responses.")
    ids = chosen_prompts(workspace, config)
    device = None if config.engine == "replay" else queue_device(config.device)
    return create_job(workspace, KIND, MODULE, stored, input=pa.table({"prompt_id": ids}), device=device)


def chosen_prompts(workspace: Workspace, config: SamplingConfig) -> npt.NDArray[np.uint64]:
    """Ids of the prompts that `config` asks for: (n,) in the workspace's order; raises InputError for none."""
    prompts = read_prompts(workspace, columns=["prompt_id", "split", "domain"])
    if not prompts.num_rows:
        raise InputError(f"{workspace.folder} has no prompts yet; import some with `winnow import FILE`.")
    chosen = np.ones(prompts.num_rows, dtype=bool)
    if config.split != "all":
        chosen &= np.asarray(prompts["split"].to_pylist(), dtype=object) == str(config.split)
    if config.domains:
        chosen &= np.isin(np.asarray(prompts["domain"].to_pylist(), dtype=str), [str(d) for d in config.domains])
    if config.imports:
        chosen &= np.isin(prompts["prompt_id"].to_numpy(), ids_of_imports(workspace, config.imports))
    ids: npt.NDArray[np.uint64] = prompts["prompt_id"].to_numpy()[chosen]
    if not len(ids):
        wanted = f"split {config.split}"
        for name, values in (("domains", config.domains), ("imports", config.imports)):
            wanted += f", {name} {', '.join(values)}" if values else ""
        raise InputError(f"{workspace.folder}: no prompt has {wanted}; choose others, or import some.")
    if config.limit is not None and config.limit < len(ids):
        drawn = np.argsort(scramble(ids, config.seed), kind="stable")[: config.limit]
        ids = ids[np.sort(drawn)]
    return ids
