"""What every engine is: an iterable of requests in, an iterator of completions out, in the order they finish in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from curation.records import Message

STOP = "stop"
LENGTH = "length"


class SamplingRequest(NamedTuple):
    """One sample that is wanted. A tuple, since a job makes millions of them."""

    key: tuple[int, int]
    """(prompt_id, sample index)."""
    messages: tuple[Message, ...]
    seed: int
    """Unsigned 63-bit; the same seed gives the same sample, whatever else is in the batch."""


class Completion(NamedTuple):
    """One sample that finished."""

    key: tuple[int, int]
    text: str
    """As generated, think tags and all, without the end mark."""
    finish_reason: str
    """`stop` or `length`."""
    prompt_tokens: int
    reasoning_tokens: int
    """Tokens up to and including the closing think tag."""
    answer_tokens: int
    seed: int | None


@dataclass(frozen=True, slots=True)
class SamplingParameters:
    """How to sample. `batch_size` counts sequences in flight; `device` is "cpu", "cuda", "cuda:1" or "auto"."""

    temperature: float = 1.0
    """0 means greedy."""
    top_p: float = 1.0
    max_new_tokens: int = 1024
    batch_size: int = 64
    device: str = "auto"


class Engine(Protocol):
    """A way to sample a model."""

    @property
    def name(self) -> str:
        """What the configuration calls it."""
        ...

    @property
    def model_revision(self) -> str:
        """`<folder name>@<short hash of the weights>`; the same weights give the same revision."""
        ...

    def generate(self, requests: Iterable[SamplingRequest]) -> Iterator[Completion]:
        """Completions in the order in which they finish; `requests` is drawn from as room appears, never all at once.

        Requests of one prompt should be neighbours: their prompt is then computed once.
        """
        ...

    def cancel(self) -> None:
        """Make `generate` end soon, dropping what is in flight; may be called from another thread."""
        ...

    def close(self) -> None:
        """Release the model."""
        ...
