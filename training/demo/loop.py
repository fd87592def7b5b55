"""The whole stage on the demo models, as one job: `winnow demo`, and the button on an empty workspace.

    python -m training.demo.loop JOB_DIR

It launches the stages one after another, each as a job of its own, and waits for them. Stopping it stops the stage
that runs; resuming it goes on where it was. Importing it loads no torch.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from curation import Workspace
from curation.errors import JobError
from curation.export import ExportConfig, launch_export, read_manifest
from curation.files import write_json
from curation.funnel import funnel
from curation.index import Index
from curation.jobs import (
    Job,
    JobContext,
    JobState,
    State,
    create_job,
    find_job,
    launch,
    list_jobs,
    request_stop,
    resume,
    run_stage,
)
from curation.mix import MixConfig
from curation.prompts import ImportOptions, import_general, import_prompts
from curation.prompts.general import GeneralOptions
from curation.sampling import SamplingConfig, launch_sampling
from curation.selection import SelectionConfig
from curation.settings import config_from_mapping, config_to_mapping, setting
from curation.thresholds import ThresholdSet, default_thresholds, list_thresholds, load_thresholds, save_thresholds
from training.evaluation import EvaluatedModel, EvaluationConfig, launch_evaluation
from training.evaluation.results import read_results
from training.presets import training_config
from training.sft import launch_training

KIND: Final = "demo"
DEMO_DATA: Final = Path(__file__).resolve().parents[2] / "data"
STEPS: Final = ("sample", "export", "sft", "evaluate")
"""The kinds of the demo's jobs, in order."""

_RESULT: Final = "result.json"
_CHILDREN: Final = "steps.json"
_POLL_S: Final = 0.2
MAX_NEW_TOKENS: Final = 320


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoConfig:
    """How large the demo is; the defaults take a few minutes on two cores."""

    prompts: int = setting(1_200, help="Training prompts to sample", minimum=1)
    samples: int = setting(4, help="Candidates per prompt", minimum=1)
    held_out: int = setting(400, help="Held-out prompts to evaluate on", minimum=1)
    held_out_samples: int = setting(2, help="Samples per held-out prompt", minimum=1)
    max_steps: int | None = setting(None, help="Cut the training short after so many steps", minimum=1)
    seed: int = setting(0, help="The same seed gives the same demo", minimum=0)


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What came of a demo: counts of samples, the funnel, and the comparison by model (policy, base, tuned).

    Each comparison holds `pass_at_1` ({value, low, high}: a 95 % interval clustered by prompt), `mixed_language_rate`
    and `code_block_rate` (shares of the responses).
    """

    candidates: int
    accepted: int
    exported: int
    funnel: Mapping[str, Any]
    models: Mapping[str, Mapping[str, Any]]
    seconds: Mapping[str, float]
    """Wall-clock time of each step, start of its process included."""

    def as_json(self) -> dict[str, Any]:
        """What `winnow demo --json` prints."""
        return {
            "candidates": self.candidates,
            "accepted": self.accepted,
            "exported": self.exported,
            **self.models,
            "funnel": self.funnel,
            "seconds": self.seconds,
        }


def launch_demo(workspace: Workspace, config: DemoConfig | None = None) -> Job:
    """Start the demo in `workspace`, or go on with the one that was started there; returns its job."""
    started = list_jobs(workspace, KIND)
    if started:
        job = started[-1]
        if job.state().name != State.FINISHED:
            resume(job)
        return job
    job = create_job(workspace, KIND, "training.demo.loop", config_to_mapping(config or DemoConfig()))
    launch(job)
    return job


def running_step(job: Job) -> Job | None:
    """The job of the step that a demo is at, or was last at; None before the first one."""
    children = _children(job)
    at = [kind for kind in STEPS if kind in children]
    return find_job(job.workspace, children[at[-1]]["job"]) if at else None


def read_result(job: Job) -> DemoResult:
    """What came of a finished demo; raises JobError while there is nothing yet."""
    try:
        return DemoResult(**json.loads((job.folder / _RESULT).read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise JobError(f"{job.id} has no result yet: it is {job.state().name}.") from None
    except (OSError, ValueError, TypeError) as error:
        raise JobError(f"{job.folder / _RESULT} cannot be read: {error}. Remove it and resume the job.") from error


def import_demo(workspace: Workspace) -> None:
    """Bring the demo's prompts, general samples and thresholds into the workspace.

    What is there already is not imported again, and thresholds that somebody saved are left alone.
    """
    import_prompts(workspace, DEMO_DATA / "prompts.jsonl", ImportOptions(name="demo"))
    import_general(workspace, DEMO_DATA / "general.jsonl", GeneralOptions(name="demo"))
    if "default" not in list_thresholds(workspace):
        # its responses have some 40 words, so one foreign word is 2 %, and paragraphs of one line
        bounds: dict[str, Any] = {"mixed_language": {"min": 0.98}, "long_paragraph": {"max": 160}}
        rules = default_thresholds().rules
        save_thresholds(
            workspace, ThresholdSet("default", tuple(replace(rule, **bounds.get(rule.name, {})) for rule in rules))
        )


def main(context: JobContext) -> None:
    """Run the steps that are not done yet, and write what came of them into the job's folder."""
    config = config_from_mapping(DemoConfig, context.config)
    workspace, name = context.workspace, "demo"
    policy, base = str(DEMO_DATA / "models" / "policy"), str(DEMO_DATA / "models" / "base")
    import_demo(workspace)
    steps: dict[str, Callable[[], Job]] = {
        "sample": lambda: launch_sampling(
            workspace,
            SamplingConfig(
                model=policy, n=config.samples, limit=config.prompts, seed=config.seed, max_new_tokens=MAX_NEW_TOKENS
            ),
        ),
        "export": lambda: launch_export(
            workspace,
            ExportConfig(
                name=_free(workspace.exports, name),
                selection=SelectionConfig(seed=config.seed),
                mix=MixConfig(recipe="all", seed=config.seed),
            ),
        ),
        "sft": lambda: launch_training(
            workspace,
            training_config(
                "demo",
                base=base,
                export=_config_of(context, "export")["name"],
                output=_free(workspace.models, name),
                max_steps=config.max_steps,
                seed=config.seed,
            ),
        ),
        "evaluate": lambda: launch_evaluation(
            workspace,
            EvaluationConfig(
                models=(
                    EvaluatedModel("policy", policy),
                    EvaluatedModel("base", base),
                    EvaluatedModel("tuned", base, str(workspace.models / _config_of(context, "sft")["output"])),
                ),
                n=config.held_out_samples,
                limit=config.held_out,
                seed=config.seed,
                top_p=0.95,  # as R1 was evaluated; at R1's temperature of 0.6 the policy would hide its habits
                max_new_tokens=MAX_NEW_TOKENS,
            ),
        ),
    }
    for number, (kind, start) in enumerate(steps.items()):
        if not _run(context, kind, number, start):
            return
    write_json(context.folder / _RESULT, asdict(_result(context)))
    context.report(len(STEPS), len(STEPS))


def _run(context: JobContext, kind: str, number: int, start: Callable[[], Job]) -> bool:
    """Bring one step to its end; False when the demo was asked to stop before it got there."""
    children = _children(context.job)
    if kind in children:
        child = find_job(context.workspace, children[kind]["job"])
        if child.state().name != State.FINISHED:
            resume(child)
    else:
        child = start()
        children[kind] = {"job": child.id, "started": time.time(), "seconds": None}
        write_json(context.folder / _CHILDREN, children)
    asked = False
    while not (state := child.state()).has_ended:
        context.report(number, len(STEPS), note=kind, extra={"job": child.id})
        if context.stop_requested and not asked:
            request_stop(child)
            asked = True
        time.sleep(_POLL_S)
    if state.name == State.FINISHED:
        if children[kind]["seconds"] is None:
            children[kind]["seconds"] = time.time() - children[kind]["started"]
            write_json(context.folder / _CHILDREN, children)
        return True
    if context.stop_requested:
        return False
    raise JobError(_why(child, state))


def _why(child: Job, state: JobState) -> str:
    return f"{child.id} {state.name}: {state.detail or 'see its log'}. Resume the demo to go on from there."


def _result(context: JobContext) -> DemoResult:
    workspace, children = context.workspace, _children(context.job)
    with Index.open(workspace) as index:
        index.refresh()
        counts = funnel(index, load_thresholds(workspace))
    manifest = read_manifest(workspace.exports / _config_of(context, "export")["name"])
    results = read_results(find_job(workspace, children["evaluate"]["job"]))
    models = {}
    for model in results.models:
        scores = model.overall
        pass_at_1 = scores.pass_at_1
        models[model.name] = {
            "pass_at_1": {"value": pass_at_1.value, "low": pass_at_1.low, "high": pass_at_1.high},
            # a rule that the curator took out of the set is not measured as a habit
            "mixed_language_rate": _rate(scores.habits.get("mixed_language")),
            "code_block_rate": _rate(scores.habits.get("code_blocks")),
            "well_formed_rate": scores.well_formed.value,
        }
    return DemoResult(
        candidates=counts.candidates,
        accepted=counts.accepted,
        exported=manifest.samples,
        funnel=counts.as_json(),
        models=models,
        seconds={kind: round(children[kind]["seconds"], 2) for kind in STEPS},
    )


def _rate(interval: Any) -> float | None:
    return None if interval is None else float(interval.value)


def _config_of(context: JobContext, kind: str) -> Mapping[str, Any]:
    return find_job(context.workspace, _children(context.job)[kind]["job"]).config


def _children(job: Job) -> dict[str, dict[str, Any]]:
    try:
        children: dict[str, dict[str, Any]] = json.loads((job.folder / _CHILDREN).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return children


def _free(folder: Path, name: str) -> str:
    """`name`, or the first of name-2, name-3 … that nothing in `folder` is called."""
    number = 1
    while (folder / (free := name if number == 1 else f"{name}-{number}")).exists():
        number += 1
    return free


if __name__ == "__main__":
    run_stage(main)
