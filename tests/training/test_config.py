"""Promise: one definition of the training settings serves flags, TOML and forms, and each wrong value is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.errors import InputError
from curation.settings import config_from_mapping, config_from_toml, config_to_mapping, settings_of
from training.config import TrainingConfig
from training.presets import PRESETS, training_config

WHAT = {"base": "models/base", "export": "mix", "output": "tuned"}


def test_text_from_a_form_and_typed_values_from_toml_give_the_same_config(tmp_path: Path) -> None:
    file = tmp_path / "sft.toml"
    file.write_text('base = "models/base"\nexport = "mix"\noutput = "tuned"\nlora_r = 8\npacking = true\nepochs = 3\n')
    typed = config_from_toml(TrainingConfig, file)
    text = config_from_mapping(TrainingConfig, {**WHAT, "lora_r": "8", "packing": "true", "epochs": "3"})
    assert typed == text
    assert (typed.lora_r, typed.packing, typed.epochs) == (8, True, 3.0)


def test_flags_win_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "sft.toml"
    file.write_text('base = "models/base"\nexport = "mix"\noutput = "tuned"\nlora_r = 8\n')
    assert config_from_toml(TrainingConfig, file, lora_r=16).lora_r == 16


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_makes_a_config_that_survives_the_job_record(preset: str) -> None:
    config = training_config(preset, **WHAT)
    assert config.preset == preset
    assert config_from_mapping(TrainingConfig, config_to_mapping(config)) == config


def test_the_presets_say_what_their_sources_say() -> None:
    article = training_config("article", **WHAT)
    assert (article.batch_size, article.warmup_steps, article.max_steps, article.seed) == (8, 5, 60, 3407)
    r1 = training_config("r1", **WHAT)
    assert (r1.batch_size, r1.learning_rate, r1.max_length, r1.epochs) == (64, 5e-6, 32_768, 2)
    rates = [PRESETS[f"distill-{size}"].settings["learning_rate"] for size in ("1.5b", "7b", "14b", "32b", "70b-llama")]
    assert rates == [1e-4, 8e-5, 7e-5, 6e-5, 2e-5]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"learning_rat": 1}, "did you mean learning_rate"),
        ({"learning_rate": "fast"}, "learning_rate is 'fast'; it must be a number above 0"),
        ({"learning_rate": 0}, "above 0"),
        ({"learning_rate": "nan"}, "learning_rate is 'nan'"),
        ({"lora_r": 2.5}, "lora_r is 2.5; it must be a whole number of at least 1"),
        ({"lora_r": True}, "lora_r is True"),
        ({"packing": "perhaps"}, "packing is 'perhaps'; it must be true or false"),
        ({"scheduler": "polynomial"}, "one of linear, cosine, cosine_to_tenth, constant"),
        ({"target_modules": 3}, "target_modules is 3; it must be a list of names"),
        ({"target_modules": ""}, "target_modules is empty"),
        ({"device": "gpu"}, "auto, cpu, cuda or cuda:N"),
        ({"max_steps": -1}, "max_steps is -1"),
        ({"base": None}, "base is None"),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_allowed(values: dict[str, object], said: str) -> None:
    with pytest.raises(InputError) as caught:
        config_from_mapping(TrainingConfig, {**WHAT, **values}, where="sft.toml")
    assert said in str(caught.value)


def test_a_missing_setting_and_a_file_that_is_no_toml_are_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="output is missing"):
        config_from_mapping(TrainingConfig, {"base": "b", "export": "e"})
    file = tmp_path / "sft.toml"
    file.write_text("lora_r = = 3")
    with pytest.raises(InputError, match=r"sft\.toml is not TOML"):
        config_from_toml(TrainingConfig, file)
    with pytest.raises(InputError, match="cannot be read"):
        config_from_toml(TrainingConfig, tmp_path / "absent.toml")


def test_every_setting_explains_itself() -> None:
    for each in settings_of(TrainingConfig):
        assert each.help, each.name
        assert each.allowed
    by_name = {each.name: each for each in settings_of(TrainingConfig)}
    assert by_name["base"].required
    assert by_name["max_steps"].optional and by_name["max_steps"].kind is int
    assert by_name["target_modules"].kind is tuple
