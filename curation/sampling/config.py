"""What one sampling job is asked to do; the same definition serves the command line, a file and the app's form."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self

from curation.errors import InputError
from curation.records import Domain, Split
from curation.sampling.engines import ENGINES, SamplingParameters


@dataclass(frozen=True, slots=True)
class SamplingConfig:
    """How to sample. Checked by `launch_sampling`, not when made."""

    model: str
    """The policy: a model folder; for the `replay` engine, a file of responses."""
    adapter: str | None = None
    """A PEFT adapter's folder, merged into the model."""
    engine: str = "transformers"
    n: int = 4
    """Samples a prompt."""
    temperature: float = 1.0
    top_p: float = 1.0
    max_new_tokens: int = 1024
    seed: int = 0
    batch_size: int = 64
    """Sequences in flight."""
    device: str = "auto"
    """`cpu`, `cuda`, `cuda:1`; `auto` takes a GPU if there is one."""
    split: str = Split.TRAIN
    """Which prompts: `train`, `held_out` or `all`."""
    domains: tuple[str, ...] = ()
    """Only prompts of these domains; none named means all."""
    limit: int | None = None
    """At most so many prompts, drawn by the seed."""
    enable_scores: bool = True
    """Score candidates while they are sampled."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "domains", tuple(self.domains))  # JSON has lists

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Reverse of `to_json`; raises InputError for a setting that is not known."""
        known = {field.name for field in fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise InputError(f"sampling has no setting {unknown[0]!r}; it has {', '.join(sorted(known))}.")
        if "model" not in values:
            raise InputError("sampling needs a model: the folder of the policy.")
        return cls(**values)

    def to_json(self) -> dict[str, Any]:
        """What the job folder keeps; paths are absolute."""
        values = asdict(self)
        values["domains"] = list(self.domains)
        values["model"] = str(Path(self.model).expanduser().absolute())
        values["adapter"] = str(Path(self.adapter).expanduser().absolute()) if self.adapter else None
        return values

    def check(self) -> None:
        """Raise InputError for a value that makes no sense."""
        rules = (
            (self.engine in ENGINES, "engine", f"one of {', '.join(ENGINES)}"),
            (self.n >= 1, "n", "1 or more samples a prompt"),
            (self.temperature >= 0 and math.isfinite(self.temperature), "temperature", "0 (greedy) or more"),
            (0 < self.top_p <= 1, "top_p", "above 0 and at most 1"),
            (self.max_new_tokens >= 1, "max_new_tokens", "1 or more"),
            (self.batch_size >= 1, "batch_size", "1 or more sequences in flight"),
            (bool(re.fullmatch(r"auto|cpu|cuda(:\d+)?", self.device)), "device", "auto, cpu, cuda or cuda:N"),
            (self.split in (*Split, "all"), "split", f"{', '.join(Split)} or all"),
            (set(self.domains) <= set(Domain), "domains", f"among {', '.join(Domain)}"),
            (self.limit is None or self.limit >= 1, "limit", "1 or more prompts, or left out"),
        )
        for holds, name, wanted in rules:
            if not holds:
                raise InputError(f"{name} is {getattr(self, name)!r}; it must be {wanted}.")
        if self.temperature == 0 and self.n > 1:
            raise InputError(f"temperature 0 gives {self.n} equal samples a prompt; set n to 1, or a temperature.")

    @property
    def parameters(self) -> SamplingParameters:
        """What the engine needs to know."""
        return SamplingParameters(self.temperature, self.top_p, self.max_new_tokens, self.batch_size, self.device)


def queue_device(device: str) -> str:
    """The device that a job waits for ("cpu", "cuda:N"), found without importing torch."""
    if device == "auto":
        return "cuda:0" if Path("/dev/nvidia0").exists() else "cpu"
    return "cuda:0" if device == "cuda" else device
