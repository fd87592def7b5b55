"""The settings of a fine-tuning: what is trained on what, and how. Command line, TOML files and app share them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from curation.errors import InputError
from curation.settings import setting

SCHEDULERS: Final = ("linear", "cosine", "cosine_to_tenth", "constant")
OPTIMIZERS: Final = ("adamw", "adamw_8bit")
PROJECTIONS: Final = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
"""The attention and MLP projections of Llama, Qwen, Mistral and Gemma models."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingConfig:
    """Settings of one LoRA fine-tuning job; see `training.presets` for sets of them that have a name."""

    base: str = setting(help="Folder of the model that the fine-tuning starts from", group="what")
    export: str = setting(help="Name of the export to train on", group="what")
    output: str = setting(help="Name of the adapter that is saved in the workspace's models folder", group="what")
    preset: str = setting("", help="The preset that the other settings were taken from", group="what")

    epochs: float = setting(2.0, help="Passes over the export", above=0, group="schedule")
    max_steps: int | None = setting(
        None, help="Stop after this many optimiser steps, whatever the epochs say", minimum=1, group="schedule"
    )
    per_device_batch_size: int = setting(4, help="Samples in one forward pass", minimum=1, group="schedule")
    gradient_accumulation: int = setting(4, help="Forward passes in one optimiser step", minimum=1, group="schedule")
    learning_rate: float = setting(2e-4, help="Peak learning rate", above=0, maximum=1, group="schedule")
    scheduler: str = setting(
        "cosine_to_tenth", help="How the learning rate falls after the warm-up", choices=SCHEDULERS, group="schedule"
    )
    warmup_steps: int = setting(0, help="Steps in which the learning rate rises", minimum=0, group="schedule")
    weight_decay: float = setting(0.0, help="Weight decay", minimum=0, maximum=1, group="schedule")
    max_grad_norm: float = setting(1.0, help="Gradients are clipped to this norm", above=0, group="schedule")
    optimizer: str = setting(
        "adamw", help="adamw_8bit needs the bitsandbytes package and a GPU", choices=OPTIMIZERS, group="schedule"
    )

    lora_r: int = setting(64, help="Rank of the adapter", minimum=1, maximum=4096, group="adapter")
    lora_alpha: int = setting(64, help="The adapter is scaled by alpha / rank", minimum=1, group="adapter")
    lora_dropout: float = setting(0.0, help="Dropout before the adapter", minimum=0, maximum=0.99, group="adapter")
    target_modules: tuple[str, ...] = setting(PROJECTIONS, help="Projections that get an adapter", group="adapter")

    max_length: int = setting(4096, help="Longest sample in tokens, prompt included", minimum=8, group="samples")
    overlong: str = setting(
        "drop",
        help="A sample above max_length is dropped, or truncated (which teaches the model not to end)",
        choices=("drop", "truncate"),
        group="samples",
    )
    packing: bool = setting(False, help="Fill each row of a batch with several samples (for GPUs)", group="samples")
    eval_fraction: float = setting(
        0.0, help="Share of the export kept apart for the evaluation loss", minimum=0, maximum=0.5, group="samples"
    )
    eval_steps: int | None = setting(
        None, help="Steps between two evaluation losses; unset: ten times a run", minimum=1, group="samples"
    )

    chat_template: str | None = setting(
        None, help="A Jinja template, or the path of one, for a base that has none", group="raw base"
    )
    eos_token: str | None = setting(None, help="The token that ends a response, if not the base's", group="raw base")
    added_tokens: tuple[str, ...] = setting(
        (), help="Tokens that the base lacks (think tags, role marks); their embeddings are trained", group="raw base"
    )

    seed: int = setting(0, help="Seed of the first weights and of the order of samples", minimum=0, group="run")
    device: str = setting("auto", help="auto, cpu, cuda or cuda:N", group="run")
    dtype: str = setting(
        "auto",
        help="auto is bfloat16 on a GPU and float32 on a CPU",
        choices=("auto", "float32", "bfloat16"),
        group="run",
    )
    gradient_checkpointing: bool = setting(
        False, help="Less memory for about a fifth more time: activations are computed twice", group="run"
    )
    save_steps: int | None = setting(
        None, help="Steps between two checkpoints; unset: every five minutes", minimum=1, group="run"
    )
    logging_steps: int = setting(1, help="Steps between two rows of metrics", minimum=1, group="run")

    def __post_init__(self) -> None:
        if not self.target_modules:
            raise InputError("target_modules is empty; name at least one projection, such as q_proj")
        if self.device not in {"auto", "cpu", "cuda"} and not self.device.removeprefix("cuda:").isdigit():
            raise InputError(f"device is {self.device!r}; it must be auto, cpu, cuda or cuda:N")

    @property
    def batch_size(self) -> int:
        """Samples in one optimiser step of one process."""
        return self.per_device_batch_size * self.gradient_accumulation


def template_text(given: str) -> str:
    """The Jinja template that a `chat_template` setting means: itself, or what the file it names holds.

    Raises InputError for a file that cannot be read or that holds no template.
    """
    if "{" in given:
        return given
    path = Path(given)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"chat_template: {path} cannot be read: {error}") from error
    if "{" not in text:
        raise InputError(f"chat_template: {path} holds no Jinja template (there is no brace in it).")
    return text
