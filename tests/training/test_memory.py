"""Promise: the estimate counts parameters as the library does, and moves the right way with the settings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from curation.errors import ModelError
from tests.tiny_model import build_tiny_model
from training.config import TrainingConfig
from training.memory import estimate_memory


@pytest.mark.parametrize("tied", [True, False])
def test_parameters_are_counted_as_the_library_counts_them(tmp_path: Path, tied: bool) -> None:
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    base = build_tiny_model(tmp_path / "base", architecture="llama", tie_word_embeddings=tied)
    config = TrainingConfig(base=str(base), export="mix", output="tuned", lora_r=8, device="cpu")
    estimate = estimate_memory(config)
    model = AutoModelForCausalLM.from_pretrained(base)
    assert estimate.parameters == model.num_parameters()
    adapted = get_peft_model(model, LoraConfig(r=8, target_modules=list(config.target_modules)))
    assert estimate.trained == adapted.get_nb_trainable_parameters()[0]


def test_it_moves_with_the_settings(tmp_path: Path) -> None:
    base = build_tiny_model(tmp_path / "base")
    config = TrainingConfig(base=str(base), export="mix", output="tuned", device="cpu")
    total = estimate_memory(config).total
    for less in (
        {"gradient_checkpointing": True},
        {"per_device_batch_size": 1},
        {"max_length": 128},
        {"lora_r": 1},
        {"dtype": "bfloat16"},
    ):
        assert estimate_memory(replace(config, **less)).total < total, less  # type: ignore[arg-type]


def test_a_folder_without_sizes_is_said(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"vocab_size": 10, "num_attention_heads": 2}')
    with pytest.raises(ModelError, match="hidden_size"):
        estimate_memory(TrainingConfig(base=str(tmp_path), export="mix", output="tuned"))
