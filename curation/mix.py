"""The mix: quotas by recipe, and which selected candidates and general samples fill them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

import pyarrow as pa
import xxhash

from curation.authored import check_keys, list_toml, read_toml, write_toml
from curation.errors import InputError
from curation.index import Index
from curation.index.predicates import reject_mask
from curation.index.queries import (
    AVAILABLE,
    DISTINCT,
    EVERYTHING,
    GENERAL_COUNT,
    MIX,
    RANDOM_CHOICE,
    SELECTED,
    SHORTEST_CHOICE,
    arrow,
    fill,
)
from curation.records import REASONING_DOMAINS, Domain
from curation.selection import SelectionConfig
from curation.thresholds import ThresholdSet
from curation.workspace import Workspace

RECIPES: Final = ("r1", "all")
_MOST: Final = 10**12
_LEAST_RATIO: Final = 1e-6

R1_SAMPLES: Final[Mapping[str, int]] = {
    Domain.MATH: 395_285,
    Domain.CODE: 211_129,
    Domain.STEM: 10_124,
    Domain.LOGIC: 10_395,
    Domain.GENERAL: 177_812,
}
"""Samples of the R1 stage by domain (arXiv 2501.12948 v2, Table 5)."""

SELECTED_SCHEMA: Final = pa.schema(
    [
        pa.field("kind", pa.string(), nullable=False),  # reasoning: id is a candidate_id; general: a sample_id
        pa.field("id", pa.uint64(), nullable=False),
        pa.field("prompt_id", pa.uint64()),  # NULL for general samples
        pa.field("job", pa.string()),  # the job that sampled it; NULL for general samples
        pa.field("domain", pa.string(), nullable=False),
        pa.field("position", pa.int64(), nullable=False),  # 0 … n - 1, the order in the export
    ]
)


@dataclass(frozen=True, slots=True)
class MixConfig:
    """How much of what goes into the mix.

    Recipe "r1" shares the `reasoning` total among the reasoning domains as R1 did, and takes `general` samples (R1
    had 177,812, "about 200k"); `domains` fixes the quota of some reasoning domains, and the others share what is left.
    Recipe "all" takes everything that is selected, and general samples at `ratio` reasoning samples to one. Raises
    InputError for values that cannot be.
    """

    reasoning: int = 600_000
    general: int = 200_000
    domains: Mapping[str, int] = field(default_factory=dict)
    seed: int = 0
    recipe: str = "r1"
    ratio: float = 3.0

    def __post_init__(self) -> None:
        if self.recipe not in RECIPES:
            raise InputError(f"{self.recipe!r} is no recipe; known are {', '.join(RECIPES)}.")
        for name, total in (("reasoning", self.reasoning), ("general", self.general), *self.domains.items()):
            if not 0 <= total <= _MOST:
                raise InputError(f"the mix wants {total:,} samples of {name}; it should be 0 to {_MOST:,}.")
        for domain in self.domains:
            if domain not in REASONING_DOMAINS:
                raise InputError(
                    f"{domain!r} is no reasoning domain; known are {', '.join(REASONING_DOMAINS)} "
                    "(general data has a total of its own)."
                )
        fixed = sum(self.domains.values())
        if self.recipe == "r1" and fixed > self.reasoning and len(self.domains) < len(REASONING_DOMAINS):
            raise InputError(
                f"the domains' quotas add up to {fixed:,}, more than the reasoning total of {self.reasoning:,}; "
                "raise the total or lower a quota."
            )
        if not self.ratio >= _LEAST_RATIO:
            raise InputError(
                f"the ratio of reasoning to general samples is {self.ratio:g}; it should be {_LEAST_RATIO:g} or more."
            )


@dataclass(frozen=True, slots=True)
class Quota:
    """One domain's share of a mix, in samples; `quota` is what was wanted of the `available` ones."""

    domain: str
    quota: int
    available: int

    @property
    def taken(self) -> int:
        """How many are in the mix."""
        return min(self.quota, self.available)

    @property
    def shortfall(self) -> int:
        """How many are missing; they are never filled from elsewhere."""
        return max(0, self.quota - self.available)


@dataclass(frozen=True, slots=True)
class SelectedSet:
    """The mix, by id: `rows` as SELECTED_SCHEMA in the order of `position`, and the quotas they fill."""

    rows: pa.Table
    quotas: tuple[Quota, ...]

    @property
    def shortfall(self) -> dict[str, int]:
        """Domain → samples missing to its quota, where any are."""
        return {quota.domain: quota.shortfall for quota in self.quotas if quota.shortfall}


def quotas(mix: MixConfig, available: Mapping[str, int]) -> tuple[Quota, ...]:
    """Each domain's quota under `mix`, given how many samples there are of each; general comes last."""
    if mix.recipe == "all":
        wanted = {domain: available.get(domain, 0) for domain in REASONING_DOMAINS}
        general = round(sum(wanted.values()) / mix.ratio)
    else:
        free = [domain for domain in REASONING_DOMAINS if domain not in mix.domains]
        left = mix.reasoning - sum(mix.domains.values())
        shares = dict(zip(free, share(left, [R1_SAMPLES[domain] for domain in free]), strict=True)) if free else {}
        wanted = {domain: shares[domain] if domain in shares else mix.domains[domain] for domain in REASONING_DOMAINS}
        general = mix.general
    return tuple(
        Quota(str(domain), count, available.get(domain, 0)) for domain, count in (*wanted.items(), ("general", general))
    )


def share(total: int, weights: Sequence[int]) -> list[int]:
    """`total` split in proportion to `weights` into whole numbers that add up to it (largest remainders)."""
    whole = sum(weights)
    shares = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for i in by_remainder[: total - sum(shares)]:
        shares[i] += 1
    return shares


def select(index: Index, thresholds: ThresholdSet, selection: SelectionConfig, mix: MixConfig) -> SelectedSet:
    """The mix that the workspace yields: gate, de-duplicate, cap per prompt, take under quota, shuffle.

    A quota takes every prompt's first pick before any second one. The same state, settings and seeds give the same
    rows in the same order, whatever the number of threads. Candidates of general prompts are not taken: general data
    comes ready.
    """
    mask = reject_mask(thresholds.enabled)
    random = selection.method == "random"
    query = fill(
        SELECTED,
        mask=mask.sql,
        order=RANDOM_CHOICE if random else SHORTEST_CHOICE,
        distinct=DISTINCT if selection.deduplicate else EVERYTHING,
    )
    seed = [_key(selection.seed, "choice")] if random else []
    with index.reading() as cursor:
        cursor.execute(query, [*seed, *mask.parameters, selection.cap])
        available = {str(domain): int(count) for domain, count in cursor.execute(AVAILABLE).fetchall()}
        available[Domain.GENERAL] = cursor.execute(GENERAL_COUNT).fetchall()[0][0]
        filled = quotas(mix, available)
        *reasoning, general = filled
        rows = arrow(
            cursor,
            MIX,
            [
                [quota.domain for quota in reasoning],
                [quota.quota for quota in reasoning],
                _key(mix.seed, "prompts"),
                _key(mix.seed, "general"),
                general.quota,
                _key(mix.seed, "positions"),
            ],
        )
        cursor.execute("DROP TABLE selected")
    return SelectedSet(rows.cast(SELECTED_SCHEMA), filled)


def list_mixes(workspace: Workspace) -> list[str]:
    """The names of the saved mixes, sorted."""
    return list_toml(workspace.mixes)


def load_mix(workspace: Workspace, name: str) -> MixConfig:
    """The saved mix of this name; "r1" and "all" are there even before somebody saved one.

    Raises InputError naming the file when it is missing or wrong.
    """
    if name in RECIPES and not (workspace.mixes / f"{name}.toml").exists():
        return MixConfig(recipe=name)
    content = read_toml(workspace.mixes, name, "a mix")
    path = workspace.mixes / f"{name}.toml"
    known = asdict(MixConfig())
    check_keys(content, tuple(known), str(path))
    for key, value in content.items():
        _check_type(path, key, value, known[key])
    for domain, count in content.get("domains", {}).items():
        _check_type(path, f"domains.{domain}", count, 0)
    try:
        return MixConfig(**content)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def save_mix(workspace: Workspace, name: str, mix: MixConfig) -> Path:
    """Write `mixes/<name>.toml`, replacing it atomically; returns its path."""
    return write_toml(workspace.mixes, name, "a mix", asdict(mix))


def _check_type(path: Path, key: str, value: object, example: object) -> None:
    kinds = {int: "a whole number", float: "a number", str: "text", dict: "a table of domains"}
    kind = type(example)
    allowed = (int, float) if kind is float else kind
    if not isinstance(value, allowed) or isinstance(value, bool):
        raise InputError(f"{path}: {key!r} is {value!r}; it should be {kinds[kind]}.")


def _key(seed: int, purpose: str) -> int:
    """64 bits that differ for every seed and purpose."""
    return xxhash.xxh3_64_intdigest(f"{purpose}\0{seed}".encode())
