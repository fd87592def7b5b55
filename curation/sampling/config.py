"""What one sampling job is asked to do; the same definition serves the command line, a file and the app's form."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from curation.errors import InputError
from curation.records import Domain, Split
from curation.sampling.engines import ENGINES, SamplingParameters
from curation.settings import config_from_mapping, config_to_mapping, setting


@dataclass(frozen=True, slots=True)
class SamplingConfig:
    """How to sample. Checked by `launch_sampling`, not when made."""

    model: str = setting(help="The policy: a model folder; for the replay engine, a file of responses", group="what")
    adapter: str | None = setting(None, help="Folder of a PEFT adapter, merged into the model", group="what")
    split: str = setting(Split.TRAIN.value, help="Which prompts", choices=(*Split, "all"), group="what")
    domains: tuple[str, ...] = setting((), help="Only prompts of these domains; none named means all", group="what")
    imports: tuple[str, ...] = setting((), help="Only prompts of these imports; none named means all", group="what")
    limit: int | None = setting(None, help="At most so many prompts, drawn by the seed", minimum=1, group="what")

    n: int = setting(4, help="Samples of each prompt", minimum=1, group="sampling")
    temperature: float = setting(1.0, help="Sampling temperature; 0 is greedy", minimum=0, group="sampling")
    top_p: float = setting(1.0, help="Share of the probability that is sampled", above=0, maximum=1, group="sampling")
    max_new_tokens: int = setting(1024, help="Tokens after which a response is cut", minimum=1, group="sampling")
    seed: int = setting(0, help="The same seed draws the same prompts and samples", minimum=0, group="sampling")
    engine: str = setting("transformers", help="What samples the model", choices=ENGINES, group="run")
    batch_size: int = setting(64, help="Sequences in flight", minimum=1, group="run")
    device: str = setting("auto", help="cpu, cuda or cuda:N; auto takes a GPU if there is one", group="run")
    enable_scores: bool = setting(True, help="Score candidates while they are sampled", group="run")

    def __post_init__(self) -> None:
        for name in ("domains", "imports"):  # JSON has lists
            object.__setattr__(self, name, tuple(getattr(self, name)))

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Reverse of `to_json`; raises InputError for a setting that is not known or wrong."""
        return config_from_mapping(cls, values)

    def to_json(self) -> dict[str, Any]:
        """What the job folder keeps; paths are absolute."""
        values = config_to_mapping(self)
        values["model"] = str(Path(self.model).expanduser().absolute())
        values["adapter"] = str(Path(self.adapter).expanduser().absolute()) if self.adapter else None
        return values

    def check(self) -> None:
        """Raise InputError for a value that makes no sense."""
        self.from_json(config_to_mapping(self))
        if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", self.device):
            raise InputError(f"device is {self.device!r}; it must be auto, cpu, cuda or cuda:N.")
        unknown = sorted(set(self.domains) - set(Domain))
        if unknown:
            raise InputError(f"domains: {unknown[0]!r} is none; there are {', '.join(Domain)}.")
        if self.temperature == 0 and self.n > 1:
            raise InputError(f"temperature 0 gives {self.n} equal samples a prompt; set n to 1, or a temperature.")

    @property
    def parameters(self) -> SamplingParameters:
        """What the engine needs to know."""
        return SamplingParameters(self.temperature, self.top_p, self.max_new_tokens, self.batch_size, self.device)


def queue_device(device: str) -> str:
    """The device that a job waits for ("cpu", "cuda:N"), found without importing torch."""
    if device == "auto":
        hidden = os.environ.get("CUDA_VISIBLE_DEVICES") in {"", "-1"}
        return "cuda:0" if Path("/dev/nvidia0").exists() and not hidden else "cpu"
    return "cuda:0" if device == "cuda" else device
