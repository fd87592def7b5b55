"""Which model folders lie below some folders, and what each one is, found by looking at files only.

Importable by the app: nothing here loads a model.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from curation.errors import ModelError
from curation.sampling.model_folder import has_chat_template, read_json, weight_files

DEPTH: Final = 4
"""How far below a root a model is looked for: a hub's cache has its snapshots so deep."""
MOST_FOLDERS: Final = 3_000
_PASSED_OVER: Final = {"jobs", "index", "node_modules", "site-packages", "__pycache__"}
_LONGEST_HEADER: Final = 100_000_000  # bytes; the format's own limit
_SHORT_NAMES: Final = {"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16"}


@dataclass(frozen=True, slots=True)
class FoundModels:
    """Folders that hold a model, and folders that hold a PEFT adapter; each in the order of its path."""

    models: tuple[Path, ...]
    adapters: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What the files of a model, or of an adapter, say of it."""

    architecture: str  # "Qwen3ForCausalLM"; of an adapter, "LORA"
    parameters: int
    bytes: int  # of the weights on disk
    dtype: str  # of most of the weights
    has_chat_template: bool
    rank: int | None = None  # of an adapter
    made_for: str = ""  # folder or name of the model that an adapter was trained on


def find_models(roots: Iterable[Path], depth: int = DEPTH) -> FoundModels:
    """Look for model and adapter folders at most `depth` levels below each root, hidden folders and links left out.

    The search is breadth first and ends after 3,000 folders, so that a root that is a whole disk costs no minutes.
    """
    models: set[Path] = set()
    adapters: set[Path] = set()
    level = list(dict.fromkeys(roots))
    looked = 0
    for below in range(depth + 1):
        deeper: list[Path] = []
        for folder in level:
            looked += 1
            if looked > MOST_FOLDERS:
                break
            files, folders = _entries(folder)
            if "adapter_config.json" in files:
                adapters.add(folder)
            elif "config.json" in files and _is_model(folder, files):
                models.add(folder)
            elif below < depth:
                deeper += [folder / name for name in folders]
        level = deeper
    return FoundModels(tuple(sorted(models)), tuple(sorted(adapters)))


def describe_model(folder: Path) -> ModelFacts:
    """What a model folder is; raises ModelError where its files cannot be read."""
    config = read_json(folder / "config.json")
    architectures = config.get("architectures")
    named = architectures[0] if isinstance(architectures, list) and architectures else config.get("model_type", "")
    return ModelFacts(str(named), *_weights(weight_files(folder)), has_chat_template(folder))


def describe_adapter(folder: Path) -> ModelFacts:
    """What an adapter folder is; raises ModelError where its files cannot be read."""
    config = read_json(folder / "adapter_config.json")
    rank = config.get("r")
    return ModelFacts(
        str(config.get("peft_type", "")),
        *_weights(weight_files(folder)),
        has_chat_template(folder),
        rank if isinstance(rank, int) else None,
        str(config.get("base_model_name_or_path") or ""),
    )


def _entries(folder: Path) -> tuple[set[str], list[str]]:
    files, folders = set(), []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if not entry.name.startswith(".") and entry.name not in _PASSED_OVER:
                        folders.append(entry.name)
                else:
                    files.add(entry.name)
    except OSError:  # gone meanwhile, or not for us to read
        return set(), []
    return files, sorted(folders)


def _is_model(folder: Path, files: set[str]) -> bool:
    if not any(name.endswith((".safetensors", ".safetensors.index.json", ".bin", ".pt", ".pth")) for name in files):
        return False
    try:
        config = read_json(folder / "config.json")
    except ModelError:
        return False
    return "model_type" in config or "architectures" in config


def _weights(files: list[Path]) -> tuple[int, int, str]:
    """Parameters, bytes on disk and the number format of most parameters, from the headers of safetensors files."""
    by_type: Counter[str] = Counter()
    size = 0
    for file in files:
        for name, tensor in _header(file).items():
            if name != "__metadata__":
                count = 1
                for length in tensor["shape"]:
                    count *= int(length)
                by_type[str(tensor["dtype"])] += count
        size += file.stat().st_size
    most = by_type.most_common(1)[0][0] if by_type else ""
    return by_type.total(), size, _SHORT_NAMES.get(most, most.lower())


def _header(file: Path) -> dict[str, Any]:
    damaged = ModelError(f"{file} is no whole safetensors file; copy it again from where the model came from.")
    try:
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            if not 0 < length <= min(_LONGEST_HEADER, file.stat().st_size - 8):
                raise damaged
            header = json.loads(stream.read(length))
            tensors = [tensor for name, tensor in header.items() if name != "__metadata__"]
            ends = max((int(tensor["data_offsets"][1]) for tensor in tensors), default=0)
            if not all(isinstance(tensor["shape"], list) and tensor["dtype"] for tensor in tensors):
                raise damaged
            if 8 + length + ends > file.stat().st_size:
                raise damaged
    except OSError as error:
        raise ModelError(f"{file} cannot be read: {error.strerror}") from error
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise damaged from error
    return dict(header)
