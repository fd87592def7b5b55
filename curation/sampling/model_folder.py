"""What a model folder must hold, checked by looking at files only, and a revision that names its weights.

Importable by the app: nothing here loads a model.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any, Final

from curation.errors import ModelError

HASHED_WHOLE_BYTES: Final = 100_000_000
"""Weights up to this size are hashed whole; of larger ones the headers (names, shapes, offsets) and sizes."""

REMOTE_CODE_VARIABLE: Final = "WINNOW_REMOTE_CODE"
_CONFIGURATIONS: Final = ("config.json", "tokenizer_config.json")
_TOKENIZER_FILES: Final = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt")
_INDEX: Final = "model.safetensors.index.json"


def check_model(model: Path, adapter: Path | None = None, *, needs_template: bool = True) -> None:
    """Raise ModelError, saying what is missing and where, unless `model` (with `adapter`) can be sampled.

    A folder that asks for code of its own is refused unless it is trusted by name (`remote_code_allowed`). With
    `needs_template=False` a raw base without a chat template passes.
    """
    if not model.is_dir():
        raise ModelError(
            f"{model} is not a folder. Give a folder with config.json, the tokenizer and safetensors weights "
            "(download a model from a hub first; Winnow loads local folders only)."
        )
    if not (model / "config.json").is_file():
        raise ModelError(f"{model}: config.json is missing, so this is not a model folder.")
    weight_files(model)
    _check_remote_code(model)
    tokenizer = tokenizer_folder(model, adapter)
    if not any((tokenizer / name).is_file() for name in _TOKENIZER_FILES):
        raise ModelError(
            f"{tokenizer}: no tokenizer (tokenizer.json is missing); copy it from where the model came from."
        )
    if needs_template and not has_chat_template(tokenizer):
        raise ModelError(
            f"{tokenizer}: the tokenizer has no chat template, so prompts cannot be rendered. Add chat_template.jinja "
            '(or "chat_template" in tokenizer_config.json).'
        )
    if adapter is not None:
        check_adapter(adapter)


def check_adapter(adapter: Path) -> None:
    """Raise ModelError unless `adapter` is the folder of a PEFT adapter."""
    if not adapter.is_dir():
        raise ModelError(f"{adapter} is not a folder; give the folder that training saved the adapter in.")
    if not (adapter / "adapter_config.json").is_file():
        raise ModelError(f"{adapter}: adapter_config.json is missing, so this is not a PEFT adapter folder.")
    weight_files(adapter)
    _check_remote_code(adapter)


def remote_code_allowed(model: Path | str) -> bool:
    """Whether this model folder may run Python code of its own: only where WINNOW_REMOTE_CODE names it.

    The variable lists folders, separated as in PATH, links resolved. It is one of the environment, since whoever starts
    Winnow decides, and not who fills in a form.
    """
    named = os.environ.get(REMOTE_CODE_VARIABLE, "")
    trusted = {Path(part).expanduser().resolve() for part in named.split(os.pathsep) if part.strip()}
    return Path(model).expanduser().resolve() in trusted


def brings_code(model: Path) -> str | None:
    """The name of the file that asks for code which came with the model, if one does."""
    for name in _CONFIGURATIONS:
        path = model / name
        if path.is_file() and read_json(path).get("auto_map"):
            return name
    return None


def weight_files(model: Path) -> list[Path]:
    """The safetensors files of a model folder, sorted; raises ModelError when there are none or one is missing."""
    index = model / _INDEX
    if index.is_file():
        named = read_json(index).get("weight_map", {})
        if not isinstance(named, dict) or not all(isinstance(name, str) for name in named.values()):
            raise ModelError(f"{index} is damaged: its weight_map should tell the file of each weight; copy it anew.")
        names = sorted(set(named.values()))
        missing = [name for name in names if not (model / name).is_file()]
        if missing or not names:
            raise ModelError(f"{index} names {missing[0] if missing else 'no files'}, which is missing; copy it here.")
        return [model / name for name in names]
    files = sorted(model.glob("*.safetensors"))
    if files:
        return files
    pickled = sorted([*model.glob("*.bin"), *model.glob("*.pt"), *model.glob("*.pth")])
    if pickled:
        raise ModelError(
            f"{model}: the weights are {pickled[0].name}, a format that can run code when opened. Winnow loads "
            "safetensors only; convert them with save_pretrained first."
        )
    raise ModelError(f"{model}: no weights (*.safetensors) in this folder.")


def tokenizer_folder(model: Path, adapter: Path | None) -> Path:
    """Where the tokenizer is: with the adapter if it brought its own (a chat template, added tokens)."""
    if adapter is not None and any((adapter / name).is_file() for name in _TOKENIZER_FILES):
        return adapter
    return model


def model_revision(model: Path, adapter: Path | None = None) -> str:
    """`<folder name>@<12 hex>`: a hash of the configuration and the weights, the same wherever the folder lies.

    Weights above 100 MB count by their safetensors headers and sizes.
    """
    digest = hashlib.sha256()
    digest.update((model / "config.json").read_bytes())
    _hash_weights(digest, weight_files(model))
    name = model.resolve().name
    if adapter is not None:
        digest.update((adapter / "adapter_config.json").read_bytes())
        _hash_weights(digest, weight_files(adapter))
        name = f"{name}+{adapter.resolve().name}"
    return f"{name}@{digest.hexdigest()[:12]}"


def _hash_weights(digest: Any, files: list[Path]) -> None:
    whole = sum(file.stat().st_size for file in files) <= HASHED_WHOLE_BYTES
    for file in files:
        size = file.stat().st_size
        digest.update(f"\0{size}\0".encode())
        with file.open("rb") as stream:
            if whole:
                while block := stream.read(1 << 20):
                    digest.update(block)
            else:
                length = min(int.from_bytes(stream.read(8), "little"), size)  # a safetensors file starts so
                digest.update(stream.read(length))


def _check_remote_code(folder: Path) -> None:
    name = brings_code(folder)
    if name is not None and not remote_code_allowed(folder):
        raise ModelError(
            f'{folder / name} asks to run Python code that came with the model ("auto_map"), which Winnow does not do. '
            "If transformers knows this architecture by itself, remove auto_map from the file; if you trust the code, "
            f"which then runs as you, start Winnow with {REMOTE_CODE_VARIABLE}={folder.resolve()}."
        )


def has_chat_template(folder: Path) -> bool:
    """Whether the tokenizer in `folder` says how a conversation is written."""
    if (folder / "chat_template.jinja").is_file() or (folder / "chat_template.json").is_file():
        return True
    if any((folder / "additional_chat_templates").glob("*.jinja")):
        return True
    config = folder / "tokenizer_config.json"
    return config.is_file() and bool(read_json(config).get("chat_template"))


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a file; raises ModelError where there is none."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read: {error}") from error
    if not isinstance(value, dict):
        raise ModelError(f"{path} is not a JSON object.")
    return value
