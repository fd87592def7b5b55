"""What one scoring job is asked to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from curation.settings import config_from_mapping, config_to_mapping, setting


@dataclass(frozen=True, slots=True)
class ScoringConfig:
    """Which candidates to score; without settings, all that lack a score of the current rule and measures."""

    jobs: tuple[str, ...] = setting((), help="Ids of sampling jobs; none named means all of the workspace")
    workers: int = setting(1, help="Processes that run Math-Verify", minimum=1)
    rescore_all: bool = setting(False, help="Score again what has a current score")

    def __post_init__(self) -> None:
        object.__setattr__(self, "jobs", tuple(self.jobs))  # JSON has lists

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Reverse of `to_json`; raises InputError for a setting that is not known or wrong."""
        return config_from_mapping(cls, values)

    def to_json(self) -> dict[str, Any]:
        """What the job folder keeps."""
        return config_to_mapping(self)
