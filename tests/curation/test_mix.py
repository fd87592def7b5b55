"""A mix fills its quotas from what there is, says what is missing, and is the same mix every time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation import Workspace
from curation.errors import InputError
from curation.index import Index
from curation.jobs import compact
from curation.mix import (
    R1_SAMPLES,
    SELECTED_SCHEMA,
    MixConfig,
    Quota,
    list_mixes,
    load_mix,
    quotas,
    save_mix,
    select,
    share,
)
from curation.selection import SelectionConfig
from curation.thresholds import default_thresholds
from tests.curation.index.rows import Response, question, sampled, write_general, write_prompts

DOMAINS = ["math"] * 10 + ["code"] * 5 + ["stem"] * 3 + ["logic"] * 2 + ["general"]
PROMPTS = [question(number, domain) for number, domain in enumerate(DOMAINS)]
RESPONSES = [
    Response(prompt, sample, text=f"<think>{sample}</think>{prompt.reference}")
    for prompt in PROMPTS
    for sample in range(6)
]


@pytest.fixture
def index(workspace: Workspace) -> Iterator[Index]:
    write_prompts(workspace, "train", PROMPTS)
    write_prompts(workspace, "test", [question(99, split="held_out")])
    sampled(workspace, [*RESPONSES, Response(question(99, split="held_out"))], shards=3)
    write_general(workspace, "chat", [f"text {number}" for number in range(30)])
    with Index.open(workspace) as index:
        index.refresh()
        yield index


def mixed(index: Index, mix: MixConfig, cap: int = 4) -> tuple[pa.Table, tuple[Quota, ...]]:
    result = select(index, default_thresholds(), SelectionConfig(cap=cap), mix)
    assert result.rows.schema == SELECTED_SCHEMA
    assert result.rows["position"].to_pylist() == list(range(result.rows.num_rows))
    counts = Counter(result.rows["domain"].to_pylist())
    assert counts == {quota.domain: quota.taken for quota in result.quotas if quota.taken}
    assert result.shortfall == {
        quota.domain: quota.quota - quota.taken for quota in result.quotas if quota.quota > quota.taken
    }
    return result.rows, result.quotas


def test_quotas_are_filled_and_shortfalls_told(index: Index) -> None:
    rows, filled = mixed(index, MixConfig(reasoning=60, general=10, domains={"logic": 20, "stem": 5}))
    # math and code share the other 35 by 395,285 to 211,129
    assert [(quota.domain, quota.quota, quota.available, quota.shortfall) for quota in filled] == [
        ("math", 23, 40, 0),
        ("code", 12, 20, 0),
        ("stem", 5, 12, 0),
        ("logic", 20, 8, 12),
        ("general", 10, 30, 0),
    ]
    assert Counter(rows["kind"].to_pylist()) == {"reasoning": 23 + 12 + 5 + 8, "general": 10}
    for row in rows.to_pylist():
        assert (row["prompt_id"] is None) == (row["job"] is None) == (row["kind"] == "general")


def test_a_quota_takes_every_prompt_before_any_prompt_twice(index: Index) -> None:
    for quota in (7, 10, 15, 38):
        rows, _ = mixed(index, MixConfig(reasoning=quota, general=0, domains={"code": 0, "stem": 0, "logic": 0}))
        per_prompt = Counter(rows["prompt_id"].to_pylist())
        assert rows.num_rows == quota
        assert len(per_prompt) == min(10, quota)
        assert max(per_prompt.values()) - min(per_prompt.values()) <= 1


def test_the_same_state_gives_the_same_bytes(workspace: Workspace, index: Index) -> None:
    mix = MixConfig(reasoning=50, general=12, seed=3)
    first, _ = mixed(index, mix)
    with index.reading() as cursor:
        cursor.execute("SET threads = 1")
    assert _bytes(mixed(index, mix)[0]) == _bytes(first)
    job = next(workspace.jobs.iterdir())
    compact(job, "candidates", ["prompt_id", "sample"])
    index.refresh()
    index.rebuild()
    assert _bytes(mixed(index, mix)[0]) == _bytes(first)
    with Index.open(workspace) as other:
        other.refresh()
        assert _bytes(mixed(other, mix)[0]) == _bytes(first)
    assert not mixed(index, MixConfig(reasoning=50, general=12, seed=4))[0].equals(first)


def test_the_order_is_shuffled(index: Index) -> None:
    rows, _ = mixed(index, MixConfig(recipe="all"))
    kinds = rows["kind"].to_pylist()
    assert "general" in kinds[: len(kinds) // 2]
    assert "general" in kinds[len(kinds) // 2 :]
    assert rows["id"].to_pylist() != sorted(rows["id"].to_pylist())


def test_the_recipe_all_takes_everything_and_general_data_in_proportion(index: Index) -> None:
    rows, filled = mixed(index, MixConfig(recipe="all"), cap=3)
    assert Counter(rows["kind"].to_pylist()) == {"reasoning": 60, "general": 20}
    _, filled = mixed(index, MixConfig(recipe="all", ratio=1.0), cap=3)
    assert filled[-1] == Quota("general", 60, 30)
    assert filled[-1].shortfall == 30


def test_an_empty_workspace_gives_an_empty_mix(workspace: Workspace) -> None:
    with Index.open(workspace) as index:
        index.refresh()
        rows, filled = mixed(index, MixConfig())
        assert rows.num_rows == 0
        assert sum(quota.shortfall for quota in filled) == 800_000


def test_r1_gives_the_proportions_of_r1() -> None:
    r1 = {quota.domain: quota.quota for quota in quotas(MixConfig(reasoning=626_933, general=177_812), {})}
    assert r1 == dict(R1_SAMPLES)
    default = quotas(MixConfig(), {})
    assert sum(quota.quota for quota in default[:-1]) == 600_000
    assert default[-1].quota == 200_000


@given(st.integers(0, 10**7), st.lists(st.integers(1, 10**6), min_size=1, max_size=8))
def test_shares_add_up_and_are_near_their_proportion(total: int, weights: list[int]) -> None:
    shares = share(total, weights)
    assert sum(shares) == total
    assert all(
        abs(part - total * weight / sum(weights)) < 1 + 1e-6 for part, weight in zip(shares, weights, strict=True)
    )


def test_a_mix_comes_back_as_it_was_saved(workspace: Workspace) -> None:
    mix = MixConfig(reasoning=6000, general=2000, domains={"logic": 500}, seed=9, recipe="r1", ratio=2.5)
    save_mix(workspace, "small", mix)
    assert load_mix(workspace, "small") == mix
    assert list_mixes(workspace) == ["small"]
    assert load_mix(workspace, "r1") == MixConfig()
    assert load_mix(workspace, "all").recipe == "all"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("reasoning = -1", "0 to"),
        ("reasoning = 100000000000000000000", "0 to 1,000,000,000,000"),
        ("reasoning = 'many'", "a whole number"),
        ("reasoning = true", "a whole number"),
        ("total = 3", "'total' is not a setting"),
        ("recipe = 'r2'", "no recipe"),
        ("ratio = 0", "1e-06 or more"),
        ("recipe = 'all'\nratio = 1e-320", "1e-06 or more"),
        ("ratio = nan", "1e-06 or more"),
        ("[domains]\ngeneral = 3", "no reasoning domain"),
        ("[domains]\nmath = 'x'", "'domains.math'"),
        ("reasoning = 10\n[domains]\nmath = 11", "more than the reasoning total"),
    ],
)
def test_a_wrong_file_is_refused_with_its_name(workspace: Workspace, text: str, says: str) -> None:
    (workspace.mixes / "mine.toml").write_text(text)
    with pytest.raises(InputError) as error:
        load_mix(workspace, "mine")
    assert says in str(error.value)
    assert "mine.toml" in str(error.value)


def _bytes(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks())
    return sink.getvalue().to_pybytes()
