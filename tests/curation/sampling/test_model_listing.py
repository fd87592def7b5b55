"""Model folders are found without opening a weight, and what is said of one is what its files hold."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from curation.errors import ModelError
from curation.sampling.model_listing import describe_adapter, describe_model, find_models


def test_models_and_adapters_are_found_and_other_folders_are_not(tiny_model: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    for place in ("policy", "hub/models--a/snapshots/f00", ".hidden/policy", "jobs/1/checkpoint", "a/b/c/d/too-deep"):
        shutil.copytree(tiny_model, root / place)
    adapter = root / "models" / "tuned"
    adapter.mkdir(parents=True)
    (adapter / "adapter_config.json").write_text("{}")
    (root / "notes").mkdir()
    (root / "notes" / "config.json").write_text('{"architectures": ["none, there are no weights"]}')
    (root / "link").symlink_to(root, target_is_directory=True)
    found = find_models([root, root])
    assert found.models == (root / "hub" / "models--a" / "snapshots" / "f00", root / "policy")
    assert found.adapters == (adapter,)
    assert find_models([tmp_path / "absent"]).models == ()


def test_parameters_and_format_are_those_of_the_weights(tiny_model: Path) -> None:
    facts = describe_model(tiny_model)
    weights = load_file(tiny_model / "model.safetensors")
    assert facts.parameters == sum(tensor.size for tensor in weights.values())
    assert facts.bytes == (tiny_model / "model.safetensors").stat().st_size
    assert facts.dtype == "float32"
    assert facts.architecture == "Qwen3ForCausalLM"
    assert facts.has_chat_template


def test_an_adapter_says_its_rank_and_what_it_was_trained_on(tiny_model: Path, tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text(
        json.dumps({"peft_type": "LORA", "r": 64, "base_model_name_or_path": "/models/base"})
    )
    shutil.copy(tiny_model / "model.safetensors", tmp_path / "adapter_model.safetensors")
    facts = describe_adapter(tmp_path)
    assert (facts.architecture, facts.rank, facts.made_for) == ("LORA", 64, "/models/base")


@pytest.mark.parametrize("keep", [0, 4, 40, -1])
def test_weights_cut_short_are_refused(tiny_model: Path, tmp_path: Path, keep: int) -> None:
    folder = Path(shutil.copytree(tiny_model, tmp_path / "policy"))
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:keep])
    with pytest.raises(ModelError, match=r"model\.safetensors is no whole safetensors file"):
        describe_model(folder)
