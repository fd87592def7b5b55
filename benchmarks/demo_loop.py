"""The demo's sampling and training beside a bare transformers + TRL script that does the same.

    python benchmarks/demo_loop.py [--quick]

Both sample the same prompts with the same policy, and both train a LoRA adapter on the same export with the same
settings; each is measured in turns inside this process, so starting processes and importing libraries are left out.
Ours writes shards, scores what it samples, reports progress and keeps checkpoints meanwhile; the bare script does none
of that. A round is an eighth of the demo: 150 prompts, and all epochs on what they give (the bare script takes several
minutes over the whole).
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
from datasets import load_dataset
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging
from trl import SFTConfig, SFTTrainer

from benchmarks.report import report
from benchmarks.sampling import run_bare
from benchmarks.warm_sampling import warm_sampling
from curation import Workspace
from curation.export import ExportConfig, launch_export
from curation.jobs import JobContext, create_job, wait
from curation.mix import MixConfig
from curation.prompts import read_prompts
from curation.sampling import SamplingConfig
from curation.settings import config_to_mapping
from training.config import TrainingConfig
from training.demo.loop import DEMO_DATA, MAX_NEW_TOKENS, DemoConfig, import_demo
from training.presets import training_config
from training.sft import train

GOAL: Final = 1.15
WARM_UP: Final = 8
POLICY: Final = DEMO_DATA / "models" / "policy"
BASE: Final = DEMO_DATA / "models" / "base"


def sample_ours(workspace: Workspace, config: SamplingConfig) -> tuple[float, list[int]]:
    """Seconds for all but the first few samples, and the ids of the prompts that were sampled."""
    with warm_sampling(workspace, config, WARM_UP) as warm:
        start = time.perf_counter()
        warm.run(lambda: True)
        seconds = time.perf_counter() - start
    return seconds * warm.total / (warm.total - WARM_UP), warm.job.input()["prompt_id"].to_pylist()


def train_ours(workspace: Workspace, config: TrainingConfig) -> float:
    """Seconds from the export on the disk to the adapter on the disk."""
    job = create_job(workspace, "sft", "training.sft", config_to_mapping(config))
    start = time.perf_counter()
    train(JobContext(job, "benchmark"))
    return time.perf_counter() - start


def train_bare(export: Path, config: TrainingConfig, output: Path) -> float:
    """The same with TRL's own defaults for what the demo does not set."""
    start = time.perf_counter()
    data = load_dataset(str(export), split="train", cache_dir=str(output / "cache"))
    trainer = SFTTrainer(
        model=AutoModelForCausalLM.from_pretrained(config.base, dtype=torch.float32, local_files_only=True),
        processing_class=AutoTokenizer.from_pretrained(config.base, local_files_only=True),
        train_dataset=data.select_columns(["prompt", "completion"]),
        peft_config=LoraConfig(
            r=config.lora_r,
            lora_alpha=config.lora_alpha,
            target_modules=list(config.target_modules),
            task_type="CAUSAL_LM",
        ),
        args=SFTConfig(
            output_dir=str(output),
            num_train_epochs=config.epochs,
            max_steps=config.max_steps or -1,
            per_device_train_batch_size=config.per_device_batch_size,
            gradient_accumulation_steps=config.gradient_accumulation,
            learning_rate=config.learning_rate,
            warmup_steps=config.warmup_steps,
            max_length=config.max_length,
            completion_only_loss=True,
            gradient_checkpointing=False,
            logging_steps=config.logging_steps,
            save_strategy="no",
            report_to=[],
            disable_tqdm=True,
            use_cpu=True,
            bf16=False,
            seed=config.seed,
        ),
    )
    trainer.train()
    trainer.save_model(str(output / "adapter"))
    return time.perf_counter() - start


def main() -> None:
    """Measure in turns and print one JSON object a metric."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="48 prompts, 6 steps, once")
    quick = parser.parse_args().quick
    size = DemoConfig(prompts=48, max_steps=6) if quick else DemoConfig(prompts=150)
    rounds = 1 if quick else 3
    logging.disable_progress_bar()
    tokenizer: Any = AutoTokenizer.from_pretrained(POLICY, local_files_only=True)
    policy: Any = AutoModelForCausalLM.from_pretrained(POLICY, local_files_only=True, dtype=torch.float32)
    times: dict[str, list[float]] = {name: [] for name in ("sample", "bare sample", "train", "bare train")}
    with tempfile.TemporaryDirectory(prefix="winnow-demo-loop-") as scratch:
        workspace = Workspace.create(Path(scratch) / "workspace")
        import_demo(workspace)
        for number in range(rounds):
            config = SamplingConfig(
                str(POLICY), n=size.samples, limit=size.prompts, max_new_tokens=MAX_NEW_TOKENS, device="cpu"
            )
            seconds, ids = sample_ours(workspace, config)
            times["sample"].append(seconds)
            wanted = set(ids)
            rows = read_prompts(workspace).to_pylist()
            questions = [row["messages"][0]["content"] for row in rows if row["prompt_id"] in wanted]
            seconds, _tokens = run_bare(policy, tokenizer, questions, size.samples, config.batch_size, MAX_NEW_TOKENS)
            times["bare sample"].append(seconds)
            if number == 0:
                wait(launch_export(workspace, ExportConfig("demo", mix=MixConfig(recipe="all"))))
            settings = training_config(
                "demo", base=str(BASE), export="demo", output=f"tuned-{number}", max_steps=size.max_steps
            )
            times["train"].append(train_ours(workspace, settings))
            bare = Path(scratch) / f"bare-{number}"
            times["bare train"].append(train_bare(workspace.exports / "demo", settings, bare))
    for name, what in (("sample", "sampling"), ("train", "training")):
        ours, baseline = (statistics.median(times[each]) for each in (name, f"bare {name}"))
        ratio = ours / baseline
        named = f"{baseline:.1f} s: a bare script; ours {ours:.1f} s"
        report(f"{what}_time_ratio", ratio, "ours / bare, medians", named, GOAL, ratio <= GOAL)


if __name__ == "__main__":
    main()
