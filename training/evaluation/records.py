"""The rows of an evaluation, and the names under which its job and its shards are found."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from curation.records import TEXT_MEASURES

KIND: Final = "evaluate"
FAMILY: Final = "evaluations"
EVALUATION_SCHEMA: Final = pa.schema(
    [
        pa.field("model", pa.string(), nullable=False),  # what the configuration calls it
        pa.field("revision", pa.string(), nullable=False),  # name and hash of the weights
        pa.field("prompt_id", pa.uint64(), nullable=False),
        pa.field("sample", pa.int32(), nullable=False),
        pa.field("domain", pa.string(), nullable=False),
        pa.field("verifier", pa.string(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("finish_reason", pa.string(), nullable=False),
        pa.field("reasoning_tokens", pa.int32(), nullable=False),
        pa.field("answer_tokens", pa.int32(), nullable=False),
        pa.field("seed", pa.int64()),
        pa.field("rule_verdict", pa.string(), nullable=False),
        pa.field("rule_detail", pa.string(), nullable=False),
        pa.field("prediction", pa.string()),
        pa.field("rule_version", pa.int32(), nullable=False),
        pa.field("measures_version", pa.int32(), nullable=False),
        *TEXT_MEASURES,
    ]
)
"""Shards of the `evaluations` family. Resume key: (prompt_id, model, sample)."""
