"""A model folder that cannot be sampled is refused before anything starts, in words that say what is missing where."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from curation.errors import ModelError
from curation.sampling.model_folder import REMOTE_CODE_VARIABLE, check_model, model_revision


@pytest.fixture
def folder(tiny_model: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_model, tmp_path / "policy"))


def only_pickled(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def lose(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (shutil.rmtree, "is not a folder"),
        (lose("config.json"), "config.json is missing"),
        (lose("tokenizer.json"), "no tokenizer"),
        (lose("chat_template.jinja"), "no chat template"),
        (lose("model.safetensors"), "no weights"),
        (only_pickled, "pytorch_model.bin, a format that can run code"),
    ],
)
def test_what_is_missing_is_named(folder: Path, break_it: Callable[[Path], None], message: str) -> None:
    check_model(folder)
    break_it(folder)
    with pytest.raises(ModelError, match=message) as raised:
        check_model(folder)
    assert str(folder) in str(raised.value)


def test_an_index_that_names_a_missing_file_is_refused(folder: Path) -> None:
    (folder / "model.safetensors.index.json").write_text('{"weight_map": {"a": "model-00001-of-00002.safetensors"}}')
    with pytest.raises(ModelError, match=r"model-00001-of-00002\.safetensors, which is missing"):
        check_model(folder)


@pytest.mark.parametrize("content", ['{"weight_map": ["model.safetensors"]}', '{"weight_map": {"a": 1}}', "[", "[]"])
def test_a_damaged_index_is_told(folder: Path, content: str) -> None:
    (folder / "model.safetensors.index.json").write_text(content)
    with pytest.raises(ModelError, match=r"model\.safetensors\.index\.json"):
        check_model(folder)


def test_an_adapter_needs_its_configuration_and_weights(folder: Path, tmp_path: Path) -> None:
    adapter = tmp_path / "adapter"
    with pytest.raises(ModelError, match="is not a folder"):
        check_model(folder, adapter)
    adapter.mkdir()
    with pytest.raises(ModelError, match=r"adapter_config\.json is missing"):
        check_model(folder, adapter)
    (adapter / "adapter_config.json").write_text("{}")
    with pytest.raises(ModelError, match="no weights"):
        check_model(folder, adapter)


def test_a_revision_names_the_weights_and_not_the_place(folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere" / "policy"
    shutil.copytree(folder, elsewhere)
    assert model_revision(folder) == model_revision(elsewhere)
    weights = bytearray((elsewhere / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (elsewhere / "model.safetensors").write_bytes(weights)
    assert model_revision(folder) != model_revision(elsewhere)
    assert model_revision(folder).startswith("policy@")


@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json"])
def test_a_folder_that_brings_code_is_refused_unless_that_is_switched_on(
    folder: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(REMOTE_CODE_VARIABLE, raising=False)
    content = json.loads((folder / name).read_text())
    (folder / name).write_text(json.dumps(content | {"auto_map": {"AutoModelForCausalLM": "modeling_own.Own"}}))
    with pytest.raises(ModelError, match=f"auto_map.*{REMOTE_CODE_VARIABLE}={folder}") as raised:
        check_model(folder)
    assert str(folder / name) in str(raised.value)
    monkeypatch.setenv(REMOTE_CODE_VARIABLE, str(folder.parent))
    with pytest.raises(ModelError):  # trust is for one model, not for a shelf of them
        check_model(folder)
    monkeypatch.setenv(REMOTE_CODE_VARIABLE, f"/elsewhere{os.pathsep}{folder}")
    check_model(folder)


def test_a_raw_base_needs_no_template_where_the_caller_brings_one(folder: Path) -> None:
    (folder / "chat_template.jinja").unlink()
    check_model(folder, needs_template=False)
