"""What one scoring job is asked to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from curation.errors import InputError


@dataclass(frozen=True, slots=True)
class ScoringConfig:
    """Which candidates to score; without settings, all that lack a score of the current rule and measures."""

    jobs: tuple[str, ...] = ()
    """Ids of sampling jobs; none named means all of the workspace."""
    workers: int = 1
    """Processes that run Math-Verify."""
    rescore_all: bool = False
    """Score again what has a current score."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "jobs", tuple(self.jobs))  # JSON has lists

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Reverse of `to_json`; raises InputError for a setting that is not known."""
        known = {field.name for field in fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise InputError(f"scoring has no setting {unknown[0]!r}; it has {', '.join(sorted(known))}.")
        return cls(**values)

    def to_json(self) -> dict[str, Any]:
        """What the job folder keeps."""
        return {"jobs": list(self.jobs), "workers": self.workers, "rescore_all": self.rescore_all}
