"""The rows that travel between stages: their ids, their values and their Arrow schemas.

Ids are content. `prompt_id` is a 64-bit hash of messages, domain and reference, `candidate_id` one of (job, prompt,
sample index); people see ids as 16 hexadecimal digits (`format_id`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import pyarrow as pa
import xxhash

from curation.errors import InputError


class Domain(StrEnum):
    """What a prompt is about; the first four are reasoning domains."""

    MATH = "math"
    CODE = "code"
    STEM = "stem"
    LOGIC = "logic"
    GENERAL = "general"


REASONING_DOMAINS: Final = (Domain.MATH, Domain.CODE, Domain.STEM, Domain.LOGIC)


class Rule(StrEnum):
    """How a prompt's candidates are verified (a prompt's `verifier`)."""

    MATH = "math"
    CHOICE = "choice"
    EXACT = "exact"
    CODE = "code"
    NONE = "none"


class Verdict(StrEnum):
    """What a check says of a candidate; `error` means that the check itself failed."""

    CORRECT = "correct"
    INCORRECT = "incorrect"
    UNDECIDED = "undecided"
    ERROR = "error"


class Split(StrEnum):
    """`train` prompts are sampled for the mix; `held_out` prompts are for evaluation only."""

    TRAIN = "train"
    HELD_OUT = "held_out"


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question to sample responses for."""

    messages: tuple[Message, ...]
    domain: str
    task: str
    reference: str | None
    verifier: str
    target_language: str
    split: str = Split.TRAIN
    source: str = ""

    @property
    def prompt_id(self) -> int:
        """64-bit content hash of messages, domain and reference."""
        return prompt_id(self.messages, self.domain, self.reference)


_MESSAGES = pa.list_(pa.struct([pa.field("role", pa.string()), pa.field("content", pa.string())]))

PROMPT_SCHEMA: Final = pa.schema(
    [
        pa.field("prompt_id", pa.uint64(), nullable=False),
        pa.field("messages", _MESSAGES, nullable=False),
        pa.field("domain", pa.string(), nullable=False),
        pa.field("task", pa.string(), nullable=False),
        pa.field("reference", pa.string()),
        pa.field("verifier", pa.string(), nullable=False),
        pa.field("target_language", pa.string(), nullable=False),
        pa.field("split", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),  # "file:line" it was imported from
    ]
)
"""`prompts/<import>.parquet`; immutable once written."""

GENERAL_SCHEMA: Final = pa.schema(
    [
        pa.field("sample_id", pa.uint64(), nullable=False),
        pa.field("messages", _MESSAGES, nullable=False),  # the last one is the assistant's
        pa.field("task", pa.string(), nullable=False),
        pa.field("language", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
    ]
)
"""`general/<import>.parquet`: ready general samples (writing, factual QA, self-cognition, translation)."""

CANDIDATE_SCHEMA: Final = pa.schema(
    [
        pa.field("candidate_id", pa.uint64(), nullable=False),
        pa.field("prompt_id", pa.uint64(), nullable=False),
        pa.field("sample", pa.int32(), nullable=False),
        pa.field("text", pa.string(), nullable=False),  # as generated, think tags and all
        pa.field("response_hash", pa.uint64(), nullable=False),  # 64-bit hash of `text`
        pa.field("finish_reason", pa.string(), nullable=False),  # stop | length
        pa.field("prompt_tokens", pa.int32(), nullable=False),
        pa.field("reasoning_tokens", pa.int32(), nullable=False),
        pa.field("answer_tokens", pa.int32(), nullable=False),
        pa.field("seed", pa.int64()),
        pa.field("engine", pa.string(), nullable=False),
        pa.field("model", pa.string(), nullable=False),  # name and revision (hash of the weights' index) of the policy
    ]
)
"""Shards of the `candidates` family, written by jobs of kind `sample`. Resume key: (prompt_id, sample)."""

# Text measures, computed on the reasoning unless curation.measures says otherwise. Lengths in tokens are the sampler's.
TEXT_MEASURES: Final = (
    pa.field("target_word_ratio", pa.float32(), nullable=False),  # share in [0, 1]
    pa.field("foreign_words", pa.int32(), nullable=False),
    pa.field("longest_paragraph", pa.int32(), nullable=False),  # characters
    pa.field("code_blocks", pa.int32(), nullable=False),
    pa.field("code_ratio", pa.float32(), nullable=False),  # share in [0, 1]
    pa.field("repetition", pa.float32(), nullable=False),  # share in [0, 1]
    pa.field("well_formed", pa.bool_(), nullable=False),
)

SCORE_SCHEMA: Final = pa.schema(
    [
        pa.field("candidate_id", pa.uint64(), nullable=False),
        pa.field("prompt_id", pa.uint64(), nullable=False),
        pa.field("response_hash", pa.uint64(), nullable=False),  # a score holds for this text only
        pa.field("rule_verdict", pa.string(), nullable=False),
        pa.field("rule_detail", pa.string(), nullable=False),  # why, in a few words
        pa.field("prediction", pa.string()),  # the final answer that was found, if any
        pa.field("rule_version", pa.int32(), nullable=False),
        pa.field("measures_version", pa.int32(), nullable=False),
        *TEXT_MEASURES,
    ]
)
"""Shards of the `scores` family, written by `sample` jobs (riding along) and by `score` jobs.

Resume key: (candidate_id, response_hash, rule_version, measures_version).
"""


def prompt_id(messages: Sequence[Message], domain: str, reference: str | None) -> int:
    """64-bit hash of what makes a prompt that prompt."""
    content = json.dumps([[[m.role, m.content] for m in messages], domain, reference], ensure_ascii=False)
    return _hash(content)


def candidate_id(job_id: str, prompt: int, sample: int) -> int:
    """64-bit hash of (job, prompt, sample index)."""
    return _hash(f"{job_id}\0{prompt:016x}\0{sample}")


def sample_id(messages: Sequence[Message], task: str) -> int:
    """64-bit hash of a general sample's messages and task."""
    return _hash(json.dumps([[[m.role, m.content] for m in messages], task], ensure_ascii=False))


def response_hash(text: str) -> int:
    """64-bit hash of a response; equal texts have equal hashes, whichever prompt they answer."""
    return _hash(text)


def format_id(identifier: int) -> str:
    """How a person sees an id: 16 hexadecimal digits."""
    return f"{identifier:016x}"


def parse_id(text: str) -> int:
    """Reverse of `format_id`; raises InputError when `text` is not 1 to 16 hexadecimal digits."""
    try:
        value = int(text, 16)
    except ValueError:
        value = -1
    if not 0 <= value < 2**64 or len(text) > 16:
        raise InputError(f"{text!r} is not an id; ids are 16 hexadecimal digits, such as 0a1b2c3d4e5f6071")
    return value


def messages_of(rows: Sequence[Mapping[str, str]]) -> tuple[Message, ...]:
    """Arrow's list of structs → typed messages."""
    return tuple(Message(row["role"], row["content"]) for row in rows)


def _hash(content: str) -> int:
    # surrogates can occur in text that a tokenizer cut in the middle of a character
    return xxhash.xxh3_64_intdigest(content.encode("utf-8", "surrogatepass"))
