"""The flags of `winnow sft` that start a fine-tuning with the settings of a form."""

from __future__ import annotations

from dataclasses import replace

from components.command_line import shown_path
from curation.settings import Setting, config_to_flags, settings_of
from training.config import TrainingConfig
from training.presets import PRESETS, training_config


def training_flags(config: TrainingConfig) -> list[str]:
    """The preset where there is one, and a flag for each setting that is not as the preset has it."""
    config = replace(config, base=shown_path(config.base))
    if config.preset not in PRESETS:
        return config_to_flags(config, skip={"preset"})
    start = training_config(config.preset, base=config.base, export=config.export, output=config.output)
    settings = {each.name: each for each in settings_of(TrainingConfig)}
    changed = [name for name in settings if getattr(config, name) != getattr(start, name)]
    if any(getattr(config, name) is None for name in changed):
        return config_to_flags(config, skip={"preset"})  # no flag unsets what a preset sets
    flags = ["--preset", config.preset]
    for name in ("base", "export", "output", *changed):
        flags += _flag(settings[name], getattr(config, name))
    return flags


def _flag(each: Setting, value: object) -> list[str]:
    name = each.name.replace("_", "-")
    if each.kind is bool:
        return [f"--{name}" if value else f"--no-{name}"]
    return [f"--{name}", ",".join(map(str, value)) if isinstance(value, tuple) else str(value)]
