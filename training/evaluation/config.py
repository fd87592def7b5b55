"""The settings of an evaluation job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from curation.errors import InputError
from curation.jobs import Job
from curation.records import Domain, Split
from curation.settings import config_from_mapping, setting


@dataclass(frozen=True, slots=True)
class EvaluatedModel:
    """A model to compare: the `name` it has in the results, its folder, and the adapter's folder if it has one."""

    name: str
    model: str
    adapter: str | None = None


def _models(value: Any) -> tuple[EvaluatedModel, ...]:
    wanted = "models must be a list of tables with name, model (a folder) and, if there is one, adapter (a folder)"
    if not isinstance(value, list | tuple) or not value:
        raise InputError(f"{wanted}; it is {value!r}")
    models = []
    for each in value:
        if isinstance(each, Mapping):
            try:
                each = EvaluatedModel(**each)
            except TypeError:
                raise InputError(f"{wanted}; one is {dict(each)!r}") from None
        if not isinstance(each, EvaluatedModel) or not all(isinstance(part, str) for part in (each.name, each.model)):
            raise InputError(f"{wanted}; one is {each!r}")
        models.append(each)
    return tuple(models)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationConfig:
    """Settings of one evaluation job."""

    models: tuple[EvaluatedModel, ...] = setting(help="The models to compare", group="what", parse=_models)
    split: str = setting("held_out", help="Prompts to ask", choices=(Split.HELD_OUT, Split.TRAIN), group="what")
    domains: tuple[str, ...] = setting((), help="Only these domains; empty means all", group="what")
    limit: int | None = setting(None, help="Ask this many prompts, drawn by the seed", minimum=1, group="what")
    thresholds: str = setting("default", help="The threshold set whose rules count as habits", group="what")

    n: int = setting(2, help="Samples of each prompt", minimum=1, group="sampling")
    temperature: float = setting(1.0, help="Sampling temperature; 0 is greedy", minimum=0, group="sampling")
    top_p: float = setting(1.0, help="Share of the probability that is sampled", above=0, maximum=1, group="sampling")
    max_new_tokens: int = setting(1024, help="Tokens after which a response is cut", minimum=1, group="sampling")
    seed: int = setting(0, help="The same seed draws the same prompts and samples", minimum=0, group="sampling")
    engine: str = setting("transformers", help="What samples the models", group="run")
    batch_size: int = setting(64, help="Samples in flight at a time", minimum=1, group="run")
    device: str = setting("auto", help="auto, cpu, cuda or cuda:N", group="run")

    def __post_init__(self) -> None:
        names = [each.name for each in self.models]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled or not all(names):
            raise InputError(f"models: each needs a name of its own; {doubled or 'one has none'}")
        odd = [name for name in names if "=" in name]
        if odd:
            raise InputError(f"models: {odd[0]!r} cannot be a model's name; leave out the = sign")
        unknown = [domain for domain in self.domains if domain not in set(Domain)]
        if unknown:
            raise InputError(f"domains: {unknown[0]!r} is none; there are {', '.join(Domain)}")


def evaluation_config(job: Job) -> EvaluationConfig:
    """The settings that a job was launched with."""
    return config_from_mapping(EvaluationConfig, {key: v for key, v in job.config.items() if key != "rules"})
