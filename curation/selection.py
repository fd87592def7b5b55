"""Which accepted candidates of a prompt are kept: de-duplication, and a cap with a way to choose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from curation.errors import InputError

SELECTION_METHODS: Final = ("random", "shortest")


@dataclass(frozen=True, slots=True)
class SelectionConfig:
    """Keep at most `cap` accepted candidates of a prompt, whichever jobs sampled them.

    `method` "random" draws with `seed`; "shortest" takes the fewest reasoning tokens first. With `deduplicate`, of
    responses to one prompt whose texts are equal one is kept. Raises InputError for values that cannot be.
    """

    cap: int = 4
    method: str = "random"
    seed: int = 0
    deduplicate: bool = True

    def __post_init__(self) -> None:
        if self.cap < 1:
            raise InputError(f"the cap per prompt is {self.cap}; it should be 1 or more.")
        if self.method not in SELECTION_METHODS:
            raise InputError(f"{self.method!r} is no way to select; known are {', '.join(SELECTION_METHODS)}.")
