"""The dataset card of an export: README.md, whose front matter `datasets.load_dataset` reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from curation.export.config import FileType, Form
from curation.export.manifest import Manifest

_SIZES: Final = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
)
_FORMS: Final[Mapping[str, str]] = {
    Form.PROMPT_COMPLETION: "`prompt` (messages up to the response) and `completion` (the response, one message); "
    "a trainer that knows this form computes the loss on the completion only",
    Form.MESSAGES: "`messages`, the whole conversation",
    Form.SHAREGPT: "`conversations`, the whole conversation in ShareGPT's manner",
}


def dataset_card(manifest: Manifest) -> str:
    """README.md of the export that `manifest` describes."""
    return f"{_front_matter(manifest)}\n{_body(manifest)}"


def _front_matter(manifest: Manifest) -> str:
    ending = "parquet" if manifest.file_type == FileType.PARQUET else "jsonl"
    size = next((name for limit, name in _SIZES if manifest.samples < limit), "10M<n<100M")
    lines = [
        "---",
        # those who made the prompts and the models hold rights in it; whoever publishes it must say which
        "license: other",
        *_yaml_list("language", sorted(manifest.languages)),
        *_yaml_list("task_categories", ["text-generation"]),
        *_yaml_list("size_categories", [size]),
        *_yaml_list("tags", ["reasoning", "chain-of-thought", "rejection-sampling", "sft", "synthetic"]),
        "configs:",
        "- config_name: default",
        "  data_files:",
        "  - split: train",
        f'    path: "data/train-*.{ending}"',
        "---",
        "",
    ]
    return "\n".join(lines)


def _body(manifest: Manifest) -> str:
    funnel = manifest.funnel
    rows = [
        f"| {domain} | {counts['quota']:,} | {counts['available']:,} | {counts['taken']:,} | {counts['shortfall']:,} |"
        for domain, counts in manifest.domains.items()
    ]
    rules = [
        f"| {step['rule']} | {step['rejects']:,} | {step['only']:,} | {step['remaining']:,} |"
        for step in funnel.get("steps", ())
    ]
    models = [f"- `{model.model}` ({model.engine}, job `{model.job}`): {model.samples:,}" for model in manifest.models]
    parts = [
        f"# {_plain(manifest.name)}",
        "",
        f"{manifest.samples:,} samples for supervised fine-tuning of a reasoning model: responses that were sampled, "
        "verified, filtered and selected with Winnow, and general samples.",
        "",
        f"Each row has {_FORMS[manifest.format]}; besides, `kind` (reasoning or general), `domain`, `task`, "
        "`language`, `id` and `prompt_id`. Responses are exactly as sampled, think block and all.",
        "",
        "## Composition",
        "",
        "| domain | quota | available | taken | shortfall |",
        "|---|---:|---:|---:|---:|",
        *rows,
        "",
        "## How they were chosen",
        "",
        f"Of {funnel.get('candidates', 0):,} candidates for {funnel.get('prompts', 0):,} prompts, "
        f"{funnel.get('correct', 0):,} were correct, {funnel.get('accepted', 0):,} of these were accepted and "
        f"{funnel.get('selected', 0):,} selected (at most {manifest.selection.get('cap')} a prompt).",
        "",
    ]
    if rules:
        parts += [
            "| threshold | correct ones rejected | rejected by it only | remaining |",
            "|---|---:|---:|---:|",
            *rules,
            "",
        ]
    if models:
        parts += ["## Models", "", *models, ""]
    parts += ["`manifest.json` holds every setting, seed, version and hash.", ""]
    return "\n".join(parts)


def _yaml_list(key: str, values: list[str]) -> list[str]:
    # quoted, since YAML reads a bare `no` (Norwegian) as false
    return [f"{key}:", *(f'- "{value}"' for value in values)] if values else []


def _plain(text: str) -> str:
    return "".join(f"\\{character}" if character in "_*[]<>#`\\" else character for character in text)
