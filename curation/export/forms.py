"""Gathered samples → the columns of an export, in one of its forms; vectorised over a table of samples."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curation.export.config import Form
from curation.records import format_id

_MESSAGE = pa.struct([pa.field("role", pa.string()), pa.field("content", pa.string())])
_TURN = pa.struct([pa.field("from", pa.string()), pa.field("value", pa.string())])

SAMPLE_SCHEMA: Final = pa.schema(
    [
        pa.field("kind", pa.string()),  # reasoning: a selected candidate; general: an imported general sample
        pa.field("id", pa.uint64()),  # candidate_id or sample_id
        pa.field("prompt_id", pa.uint64()),  # null for general samples
        pa.field("domain", pa.string()),
        pa.field("task", pa.string()),
        pa.field("language", pa.string()),
        pa.field("messages", pa.list_(_MESSAGE)),  # up to the response
        pa.field("response", pa.string()),  # as sampled, think block and all
    ]
)
"""Samples before they get their form."""

_LABELS: Final = ("kind", "domain", "task", "language")


def formed(samples: pa.Table, form: str) -> pa.Table:
    """`samples` (SAMPLE_SCHEMA, n rows) → n rows of `form`, with kind, domain, task, language, id and prompt_id.

    Ids become 16 hexadecimal digits: many readers of Parquet and JSON cannot hold an unsigned 64-bit number.
    """
    samples = samples.combine_chunks()
    messages = _one(samples.column("messages"))
    responses = _response_messages(_one(samples.column("response")))
    columns: dict[str, Any]
    if form == Form.PROMPT_COMPLETION:
        ends = pa.array(np.arange(len(responses) + 1), pa.int32())
        columns = {"prompt": _relist(messages), "completion": pa.ListArray.from_arrays(ends, responses)}
    elif form == Form.MESSAGES:
        columns = {"messages": _conversations(messages, responses)}
    else:
        columns = {"conversations": _as_sharegpt(_conversations(messages, responses))}
    for label in _LABELS:
        columns[label] = samples.column(label)
    for ids in ("id", "prompt_id"):
        shown = [None if value is None else format_id(value) for value in samples.column(ids).to_pylist()]
        columns[ids] = pa.array(shown, pa.string())
    return pa.table(columns)


def sample_bytes(samples: pa.Table) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Bytes of text of each of n samples: (n,)."""
    samples = samples.combine_chunks()
    messages = _one(samples.column("messages"))
    flat = messages.flatten()
    lengths = pc.binary_length(flat.field("content")).to_numpy(zero_copy_only=False).astype(np.int64)
    ends = np.concatenate([[0], np.cumsum(lengths)])
    offsets = messages.offsets.to_numpy() - (messages.offsets[0].as_py() if len(messages) else 0)
    responses = pc.binary_length(_one(samples.column("response"))).to_numpy(zero_copy_only=False).astype(np.int64)
    return np.asarray(ends[offsets[1:]] - ends[offsets[:-1]] + responses, dtype=np.int64)


def split_last(conversations: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Conversations (n lists of at least one message) → (n lists without the last message, n last contents)."""
    flat = conversations.flatten()
    offsets = conversations.offsets.to_numpy() - conversations.offsets[0].as_py()
    last = offsets[1:] - 1
    kept = np.ones(len(flat), dtype=bool)
    kept[last] = False
    before = pa.ListArray.from_arrays(
        pa.array(offsets - np.arange(len(offsets)), pa.int32()), flat.filter(pa.array(kept))
    )
    return before, flat.field("content").take(pa.array(last))


def _one(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks or [pa.array([], column.type)])


def _response_messages(responses: pa.Array) -> pa.Array:
    roles = pa.array(["assistant"] * len(responses), pa.string())
    return pa.StructArray.from_arrays([roles, responses], fields=list(_MESSAGE))


def _relist(messages: pa.Array) -> pa.Array:
    # whatever the names and flags inside the lists of a source file were, an export has one schema
    offsets = messages.offsets.to_numpy()
    return pa.ListArray.from_arrays(pa.array(offsets - offsets[0], pa.int32()), messages.flatten().cast(_MESSAGE))


def _conversations(messages: pa.Array, responses: pa.Array) -> pa.Array:
    messages = _relist(messages)
    flat, offsets = messages.flatten(), messages.offsets.to_numpy()
    order = np.insert(np.arange(len(flat)), offsets[1:], len(flat) + np.arange(len(responses)))
    turns = pa.concat_arrays([flat, responses]).take(pa.array(order))
    return pa.ListArray.from_arrays(pa.array(offsets + np.arange(len(offsets)), pa.int32()), turns)


def _as_sharegpt(conversations: pa.Array) -> pa.Array:
    flat = conversations.flatten()
    role = flat.field("role")
    speaker = pc.if_else(pc.equal(role, "user"), "human", pc.if_else(pc.equal(role, "assistant"), "gpt", role))
    turns = pa.StructArray.from_arrays([speaker, flat.field("content")], fields=list(_TURN))
    return pa.ListArray.from_arrays(conversations.offsets, turns)
