"""Named sets of training settings, with their sources. A preset fills what it names; any setting can be changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from curation.errors import InputError
from curation.settings import config_from_mapping
from training.config import TrainingConfig


@dataclass(frozen=True, slots=True)
class Preset:
    """`settings` are what the source publishes; `note` says what to know before using them here."""

    name: str
    title: str
    source: str
    note: str
    settings: Mapping[str, Any]


_FULL_RATE = (
    "The learning rate was published for full fine-tuning; an adapter usually wants about ten times more. "
    "Set learning_rate to change it."
)
_R1 = "DeepSeek-R1, arXiv 2501.12948"


def _preset(name: str, title: str, source: str, note: str, **settings: Any) -> Preset:
    return Preset(name, title, source, note, MappingProxyType(settings))


def _distillation(size: str, rate: float) -> Preset:
    return _preset(
        f"distill-{size}",
        f"R1's distillation, {size} model",
        _R1,
        _FULL_RATE,
        epochs=2.0,  # 2 to 3 in the paper
        learning_rate=rate,
        scheduler="cosine_to_tenth",
        per_device_batch_size=1,
        gradient_accumulation=64,
        max_length=32_768,
        gradient_checkpointing=True,
    )


PRESETS: Final[Mapping[str, Preset]] = MappingProxyType(
    {
        preset.name: preset
        for preset in (
            _preset(
                "demo",
                "The demo's tiny models, on a CPU",
                "measured with the shipped checkpoints",
                "Under a minute for 1,000 samples on two cores.",
                epochs=3.0,
                learning_rate=1e-3,
                scheduler="cosine_to_tenth",
                warmup_steps=5,
                per_device_batch_size=16,
                gradient_accumulation=1,
                lora_r=64,
                lora_alpha=128,
                max_length=1024,
                logging_steps=2,
            ),
            _preset(
                "article",
                "A short run on one GPU",
                "the settings of Unsloth's fine-tuning notebooks",
                "60 steps are a smoke test, not a training; adamw_8bit needs bitsandbytes.",
                max_steps=60,
                learning_rate=2e-4,
                scheduler="linear",
                warmup_steps=5,
                weight_decay=0.01,
                per_device_batch_size=2,
                gradient_accumulation=4,
                optimizer="adamw_8bit",
                lora_r=16,
                lora_alpha=16,
                max_length=2048,
                seed=3407,
            ),
            _preset(
                "r1",
                "R1's supervised fine-tuning",
                _R1,
                _FULL_RATE,
                epochs=2.0,
                learning_rate=5e-6,
                scheduler="cosine_to_tenth",
                per_device_batch_size=1,
                gradient_accumulation=64,
                max_length=32_768,
                gradient_checkpointing=True,
            ),
            _distillation("1.5b", 1e-4),
            _distillation("7b", 8e-5),
            _distillation("8b-llama", 5e-5),
            _distillation("14b", 7e-5),
            _distillation("32b", 6e-5),
            _distillation("70b-llama", 2e-5),
        )
    }
)


def training_config(preset: str, **settings: Any) -> TrainingConfig:
    """The settings of a preset, with `settings` (base, export and output among them) laid over it.

    Raises InputError for an unknown preset or a setting that is wrong.
    """
    if preset not in PRESETS:
        raise InputError(f"no preset is called {preset!r}; there are {', '.join(PRESETS)}")
    return config_from_mapping(TrainingConfig, {**PRESETS[preset].settings, "preset": preset, **settings})
