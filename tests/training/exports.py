"""Writes small exports of the shape that curation/export writes, for the tests of training."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from curation import Workspace

_TURNS = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))


def response(reasoning: str, answer: str) -> str:
    return f"<think>\n{reasoning}\n</think>\n\n{answer}"


def sums(count: int) -> list[tuple[str, str]]:
    """(question, response) pairs of unlike lengths; every fifth has no think block, as general samples may have."""
    pairs = []
    for i in range(count):
        steps = "\n\n".join(f"{i} + {k} = {i + k}" for k in range(i % 7 + 1))
        text = response(steps, f"The answer is \\boxed{{{i + i % 7}}}.") if i % 5 else f"Hello, {i}. 你好！"
        pairs.append((f"What is {i} + {i % 7}?", text))
    return pairs


def write_export(
    workspace: Workspace, name: str, pairs: Sequence[tuple[str, str]], form: str = "prompt_completion"
) -> Path:
    folder = workspace.exports / name
    (folder / "data").mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps({"name": name, "samples": len(pairs)}), encoding="utf-8")
    asked = [[{"role": "user", "content": question}] for question, _ in pairs]
    answered = [[{"role": "assistant", "content": text}] for _, text in pairs]
    if form == "prompt_completion":
        table = pa.table({"prompt": pa.array(asked, _TURNS), "completion": pa.array(answered, _TURNS)})
        pq.write_table(table, folder / "data" / "train-00000-of-00001.parquet", compression="zstd")
    elif form == "messages":
        turns = pa.array([left + right for left, right in zip(asked, answered, strict=True)], _TURNS)
        pq.write_table(pa.table({"messages": turns}), folder / "data" / "train-00000-of-00001.parquet")
    else:
        lines = [
            json.dumps({"conversations": [{"from": "human", "value": question}, {"from": "gpt", "value": text}]})
            for question, text in pairs
        ]
        (folder / "data" / "train-00000-of-00001.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder
