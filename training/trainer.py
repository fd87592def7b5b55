"""TRL's SFTTrainer as Winnow runs it: LoRA, batches by length, whole checkpoints, metrics in the job folder.

Imports torch: only the training process imports this module.
"""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset, Features, List, Value
from peft import LoraConfig
from peft.utils.other import AuxiliaryTrainingWrapper
from transformers import AutoModelForCausalLM, PrinterCallback, TrainerCallback
from trl import SFTConfig, SFTTrainer

from curation.errors import ModelError, WinnowError
from curation.jobs import JobContext
from curation.sampling.model_folder import remote_code_allowed
from training import checkpoints
from training.batches import CompletionCollator, LengthBucketSampler
from training.config import TrainingConfig
from training.dataset import Rows
from training.tokenizer import TrainingTokenizer

_SCHEDULERS: dict[str, tuple[str, dict[str, float] | None]] = {
    "linear": ("linear", None),
    "cosine": ("cosine", None),
    "cosine_to_tenth": ("cosine_with_min_lr", {"min_lr_rate": 0.1}),
    "constant": ("constant_with_warmup", None),
}
_SAVE_SECONDS = 300.0  # what a crash may cost


class WinnowTrainer(SFTTrainer):  # type: ignore[misc]
    """SFTTrainer with an order of samples that a resume repeats, and a mark on each whole checkpoint."""

    def __init__(self, *args: Any, lengths: np.ndarray[Any, np.dtype[np.int64]], **kwargs: Any) -> None:
        self._lengths = lengths
        super().__init__(*args, **kwargs)

    @property
    def tokens(self) -> int:
        """Tokens that the model has seen since the first step, padding left out."""
        return int(self._total_train_tokens)

    @tokens.setter
    def tokens(self, count: int) -> None:
        self._total_train_tokens = count

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        if self.args.packing:  # packed rows are of like length already
            return super()._get_train_sampler(train_dataset)
        return LengthBucketSampler(self._lengths, self.args.train_batch_size, self.args.seed)

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        super()._save_checkpoint(model, trial)
        step = self.state.global_step
        checkpoints.mark_complete(Path(self.args.output_dir) / f"checkpoint-{step}", step, self.tokens)

    def create_model_card(self, *args: Any, **kwargs: Any) -> None:
        """Nothing: the adapter gets one card, when it is done, not one with each checkpoint."""


class JobCallback(TrainerCallback):  # type: ignore[misc]
    """Writes metrics and progress as the trainer goes, and stops it with a checkpoint when the job is asked to."""

    def __init__(self, context: JobContext, note: str, save_steps: int | None) -> None:
        self.context, self.note, self.save_steps = context, note, save_steps
        self.trainer: WinnowTrainer | None = None
        self._rates: dict[str, float] = {}
        self._last = (0.0, 0, 0)  # time, step, tokens of the last row
        self._saved = 0.0

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Start the clocks."""
        self._saved = time.monotonic()
        self._last = (self._saved, state.global_step, self._tokens())
        self._report(state)

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Save and stop where that is due."""
        step = state.global_step
        if self.save_steps is not None:
            due = step % self.save_steps == 0
        else:
            due = time.monotonic() - self._saved > _SAVE_SECONDS
        if self.context.stop_requested:
            control.should_training_stop = True
        if due or step >= state.max_steps or self.context.stop_requested:
            control.should_save = True
            self._saved = time.monotonic()
        self._report(state)

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **kwargs: Any) -> None:
        """Write what the trainer measured; raises WinnowError when the loss is no number any more."""
        logs = logs or {}
        row: dict[str, float | int | str] = {"step": state.global_step, "epoch": round(state.epoch or 0.0, 4)}
        if "loss" in logs:
            if not math.isfinite(logs["loss"]):
                raise WinnowError(
                    f"the loss became {logs['loss']} at step {state.global_step}: lower learning_rate or add "
                    "warmup_steps, and launch again."
                )
            now, tokens = time.monotonic(), self._tokens()
            seconds = max(now - self._last[0], 1e-9)
            self._rates = {
                "steps_per_s": (state.global_step - self._last[1]) / seconds,
                "tokens_per_s": (tokens - self._last[2]) / seconds,
            }
            self._last = (now, state.global_step, tokens)
            row |= {
                "loss": logs["loss"],
                "learning_rate": logs["learning_rate"],
                "grad_norm": float(logs["grad_norm"]),
                "token_accuracy": logs["mean_token_accuracy"],
                "tokens": tokens,
                "tokens_per_s": round(self._rates["tokens_per_s"], 1),
            }
        elif "eval_loss" in logs:
            row["eval_loss"] = logs["eval_loss"]
        else:
            return
        row["time"] = round(time.time(), 3)
        self.context.metrics(row)
        shown = (f"{name} {value:.4g}" for name, value in row.items() if isinstance(value, float) and name != "time")
        print(f"step {state.global_step}: {', '.join(shown)}", flush=True)

    def _tokens(self) -> int:
        return self.trainer.tokens if self.trainer is not None else 0

    def _report(self, state: Any) -> None:
        self.context.report(state.global_step, state.max_steps, rates=self._rates, note=self.note)


def steps_of(config: TrainingConfig, samples: int) -> int:
    """Optimiser steps of a run over `samples` samples."""
    batches = math.ceil(samples / config.per_device_batch_size)
    per_epoch = math.ceil(batches / config.gradient_accumulation)
    steps = max(1, math.ceil(config.epochs * per_epoch))
    return min(steps, config.max_steps) if config.max_steps is not None else steps


def build_trainer(
    config: TrainingConfig, folder: Path, tokens: Path, rows: Rows, tokenizer: TrainingTokenizer, callback: JobCallback
) -> WinnowTrainer:
    """A trainer ready to go: the base with a fresh adapter, and the rows of the tokenised export."""
    use_cpu = config.device == "cpu" or not torch.cuda.is_available()
    if use_cpu and config.device.startswith("cuda"):
        raise WinnowError(f"device is {config.device}, but torch sees no GPU; choose another device, or auto.")
    half = config.dtype == "bfloat16" or (config.dtype == "auto" and not use_cpu)
    scheduler, scheduler_settings = _SCHEDULERS[config.scheduler]
    arguments = SFTConfig(
        output_dir=str(folder / checkpoints.FOLDER),
        per_device_train_batch_size=config.per_device_batch_size,
        per_device_eval_batch_size=config.per_device_batch_size,
        gradient_accumulation_steps=config.gradient_accumulation,
        learning_rate=config.learning_rate,
        lr_scheduler_type=scheduler,
        lr_scheduler_kwargs=scheduler_settings,
        warmup_steps=config.warmup_steps,
        weight_decay=config.weight_decay,
        max_grad_norm=config.max_grad_norm,
        optim="adamw_8bit" if config.optimizer == "adamw_8bit" else "adamw_torch_fused",
        seed=config.seed,
        bf16=half,
        use_cpu=use_cpu,
        gradient_checkpointing=config.gradient_checkpointing,
        logging_steps=config.logging_steps,
        logging_first_step=True,
        logging_nan_inf_filter=False,  # a loss that is no number ends the job with a message instead
        save_strategy="no",  # the callback says when
        save_total_limit=2,  # the one before is still whole when a kill cuts the newest
        eval_strategy="steps" if len(rows.evaluation) else "no",
        eval_steps=config.eval_steps or 0.1,
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=not use_cpu,
        remove_unused_columns=False,
        max_length=config.max_length if config.packing else None,  # rows are cut already
        packing=config.packing,
        dataset_kwargs=None if config.packing else {"skip_prepare_dataset": True},
    )
    model = _load_base(config, torch.bfloat16 if half else torch.float32)
    dataset = Dataset.from_file(str(tokens))
    trainer = WinnowTrainer(
        model=model,
        args=arguments,
        train_dataset=_select(dataset, rows.train, config),
        eval_dataset=_select(dataset, rows.evaluation, config) if len(rows.evaluation) else None,
        processing_class=tokenizer.tokenizer,
        data_collator=None if config.packing else CompletionCollator(tokenizer.tokenizer.pad_token_id),
        peft_config=_adapter(config, model, tokenizer),
        callbacks=[callback],
        lengths=rows.lengths[rows.train],
    )
    head = trainer.model.get_base_model().get_output_embeddings()
    if isinstance(head, AuxiliaryTrainingWrapper):
        # TRL's loss reads weight and bias of the head; the wrapper around added tokens passes on the weight only
        head.__dict__["bias"] = head.original_module.bias
    arguments.max_steps = steps_of(config, len(trainer.train_dataset))
    trainer.remove_callback(PrinterCallback)  # the job's own callback writes the log
    callback.trainer = trainer
    return trainer


def _load_base(config: TrainingConfig, dtype: torch.dtype) -> Any:
    try:
        return AutoModelForCausalLM.from_pretrained(
            config.base,
            dtype=dtype,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=remote_code_allowed(config.base),
        )
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise ModelError(f"{config.base}: the base cannot be loaded: {error}") from error


def _adapter(config: TrainingConfig, model: Any, tokenizer: TrainingTokenizer) -> LoraConfig:
    linear = {name.rpartition(".")[2] for name, part in model.named_modules() if isinstance(part, torch.nn.Linear)}
    absent = [name for name in config.target_modules if name not in linear]
    if absent:
        raise WinnowError(f"target_modules: {config.base} has no {absent[0]}; it has {', '.join(sorted(linear))}.")
    trained: dict[str, list[int]] | None = None
    if tokenizer.added_ids:
        if len(tokenizer.tokenizer) > model.get_input_embeddings().num_embeddings:
            model.resize_token_embeddings(len(tokenizer.tokenizer))
        ends = [model.get_input_embeddings()]
        if not model.config.tie_word_embeddings:
            ends.append(model.get_output_embeddings())
        names = [name for name, part in model.named_modules() if any(part is end for end in ends)]
        trained = {name: list(tokenizer.added_ids) for name in names}
    return LoraConfig(
        r=config.lora_r,
        lora_alpha=config.lora_alpha,
        lora_dropout=config.lora_dropout,
        target_modules=list(config.target_modules),
        trainable_token_indices=trained,
        task_type="CAUSAL_LM",
    )


def _select(dataset: Any, rows: np.ndarray[Any, np.dtype[np.int64]], config: TrainingConfig) -> Any:
    chosen = dataset.select(rows).remove_columns("prompt")
    if not config.packing:
        return chosen.with_transform(lambda batch: _cut(batch, config.max_length))

    def labelled(row: dict[str, Any]) -> dict[str, Any]:
        ids, start = row["input_ids"][: config.max_length], row["start"]
        return {"input_ids": ids, "labels": [-100] * start + ids[start:]}

    numbers = List(Value("int32"))  # packing asks that both columns have offsets of one type
    return chosen.map(labelled, remove_columns=["start"], features=Features(input_ids=numbers, labels=numbers))


def _cut(batch: dict[str, list[Any]], max_length: int) -> dict[str, list[Any]]:
    return {**batch, "input_ids": [ids[:max_length] for ids in batch["input_ids"]]}
