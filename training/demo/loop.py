"""The whole stage on the demo models, as one job: `winnow demo`, and the button on an empty workspace.

It launches the stages one after another, each as a job of its own, and waits for them. Stopping it stops the stage
that runs; resuming it goes on where it was.

    winnow demo --workspace demo
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final

from curation.errors import InputError, JobError
from curation.export import ExportConfig, launch_export
from curation.files import write_json
from curation.funnel import Funnel, funnel
from curation.index import Index
from curation.jobs import Job, JobContext, State, create_job, find_job, launch, request_stop, resume, run_stage
from curation.mix import MixConfig
from curation.prompts import ImportOptions, import_general, import_prompts
from curation.sampling import SamplingConfig, launch_sampling
from curation.selection import SelectionConfig
from curation.thresholds import load_thresholds
from curation.workspace import Workspace
from training.evaluation import EvaluatedModel, EvaluationConfig, launch_evaluation
from training.presets import training_config
from training.sft import launch_training

DEMO_DATA: Final = Path(__file__).resolve().parents[2] / "data"
RESULT: Final = "result.json"
STEPS: Final = ("sample", "export", "sft", "evaluate")
"""The jobs of the demo, in order."""
_POLL_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class DemoConfig:
    """How large the demo is; the defaults take a few minutes on two cores."""

    prompts: int = 600
    samples: int = 4
    held_out: int = 400
    evaluation_samples: int = 2
    epochs: float = 3.0
    temperature: float = 1.0
    max_new_tokens: int = 320
    seed: int = 0
    export: str = "demo"
    adapter: str = "demo-tuned"

    def __post_init__(self) -> None:
        """Raise InputError when a size is not positive."""
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, int | float) and value <= 0 and field.name != "seed":
                raise InputError(f"{field.name} is {value}; the demo needs at least 1")


def launch_demo(workspace: Workspace, config: DemoConfig | None = None) -> Job:
    """Start the demo in `workspace`, or go on with the one that was started there; returns its job."""
    from curation.jobs import list_jobs

    started = list_jobs(workspace, "demo")
    if started:
        job = started[-1]
        if job.state().name != State.FINISHED:
            resume(job)
        return job
    job = create_job(workspace, "demo", "training.demo.loop", asdict(config or DemoConfig()))
    launch(job)
    return job


def main(context: JobContext) -> None:
    """Run the stages that are not done yet, and write what came of them to `result.json` in the job's folder."""
    config = DemoConfig(**context.config)
    workspace = context.workspace
    import_demo_data(workspace)
    loop = _Loop(context, started=time.time())
    policy, base = DEMO_DATA / "models" / "policy", DEMO_DATA / "models" / "base"
    sampling = SamplingConfig(
        model=str(policy),
        n=config.samples,
        temperature=config.temperature,
        max_new_tokens=config.max_new_tokens,
        seed=config.seed,
        limit=config.prompts,
        device="cpu",
    )
    export = ExportConfig(
        name=config.export, thresholds="default", selection=SelectionConfig(seed=config.seed), mix=MixConfig(recipe="all")
    )
    training = training_config(
        "demo",
        base=str(base),
        export=config.export,
        output=config.adapter,
        epochs=config.epochs,
        seed=config.seed,
    )
    evaluation = EvaluationConfig(
        models=(
            EvaluatedModel("policy", str(policy)),
            EvaluatedModel("base", str(base)),
            EvaluatedModel("tuned", str(base), adapter=str(workspace.models / config.adapter)),
        ),
        n=config.evaluation_samples,
        temperature=config.temperature,
        max_new_tokens=config.max_new_tokens,
        seed=config.seed,
        limit=config.held_out,
        device="cpu",
    )
    loop.run("sample", lambda: launch_sampling(workspace, sampling))
    loop.run("export", lambda: launch_export(workspace, export))
    loop.run("sft", lambda: launch_training(workspace, training))
    evaluated = loop.run("evaluate", lambda: launch_evaluation(workspace, evaluation))
    ...
