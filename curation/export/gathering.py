"""Collecting the texts of a mix: each file is read once, in its own order, and the texts are sorted on the disk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curation.errors import ExportError
from curation.export.forms import SAMPLE_SCHEMA, split_last
from curation.external_sort import even_bounds, sort_batches
from curation.jobs import ShardGoneError, live_shards
from curation.jobs.shards import open_shard, reading
from curation.prompts import iter_general, iter_prompts
from curation.records import format_id
from curation.workspace import Workspace

_ROWS_A_BATCH: Final = 4_096
_ROWS_A_PARTITION: Final = 2_000
_CONVERSATION, _RESPONSE = 0, 1

# A sample travels as two rows, since its prompt and its response lie in different files; sorted by position, they meet.
_HALF_SCHEMA: Final = pa.schema(
    [
        pa.field("position", pa.int64()),
        pa.field("part", pa.int8()),
        *(SAMPLE_SCHEMA.field(name) for name in ("messages", "task", "language", "response")),
    ]
)

Positions = np.ndarray[Any, np.dtype[np.int64]]
Ids = np.ndarray[Any, np.dtype[np.uint64]]


@dataclass(frozen=True, slots=True, order=True)
class SourceModel:
    """A model whose responses are in the mix."""

    job: str
    engine: str
    model: str


class Gatherer:
    """Reads the texts of a mix and yields its samples in the order of their positions.

    `plan` has n rows of curation.mix.SELECTED_SCHEMA. `on_found` hears how many of the n responses have been found so
    far; it may raise to give up.
    """

    def __init__(
        self, workspace: Workspace, plan: pa.Table, on_found: Callable[[int], None] = lambda found: None
    ) -> None:
        plan = plan.sort_by("position").combine_chunks()
        if not np.array_equal(plan["position"].to_numpy(), np.arange(plan.num_rows)):
            raise ValueError("the positions of a mix are 0 … n - 1, each once")
        self._workspace = workspace
        self._plan = plan  # from here on, a row's number is its position
        self._ids: Ids = plan["id"].to_numpy()
        self._on_found = on_found
        self._found = 0
        self.models: Counter[SourceModel] = Counter()
        """Responses of each model, complete once the first sample was yielded."""

    def samples(self, scratch: Path) -> Iterator[pa.Table]:
        """Tables of SAMPLE_SCHEMA, each of a bounded size; the folder `scratch` takes what does not fit in memory.

        Raises ExportError when a text of the mix is not there any more, ShardError when a file is damaged.
        """
        rows = self._plan.num_rows
        bounds = even_bounds(0, rows, max(1, rows // _ROWS_A_PARTITION))
        for table in sort_batches(self._halves(), ("position", "part"), scratch=scratch, bounds=bounds):
            yield self._joined(table)

    def _halves(self) -> Iterator[pa.RecordBatch]:
        is_general = self._plan["kind"].to_numpy(zero_copy_only=False) == "general"
        reasoning, general = np.flatnonzero(~is_general), np.flatnonzero(is_general)
        jobs = self._plan["job"].to_numpy(zero_copy_only=False)[reasoning]
        for job in sorted(set(jobs)):
            yield from self._responses(job, reasoning[jobs == job])
        if len(reasoning):
            yield from self._prompts(reasoning)
        if len(general):
            yield from self._general(general)

    def _responses(self, job: str, positions: Positions) -> Iterator[pa.RecordBatch]:
        wanted = _Wanted(self._ids, positions)
        read: set[str] = set()
        while wanted.count:
            try:
                for path in live_shards(self._workspace.jobs / job, "candidates"):
                    if path.name not in read:
                        yield from self._responses_in(path, job, wanted)
                        read.add(path.name)
                break
            except ShardGoneError:  # a compaction has replaced shards meanwhile; what was found stays found
                continue
        if wanted.count:
            raise ExportError(
                f"{self._workspace.jobs / job / 'shards'}: {wanted.count:,} of the selected candidates cannot be found "
                f"any more, such as {wanted.example()}; a shard was taken away. Put it back and resume this job, or "
                f"export anew without job {job}."
            )

    def _responses_in(self, path: Path, job: str, wanted: _Wanted) -> Iterator[pa.RecordBatch]:
        with open_shard(path) as file:
            for group in range(file.num_row_groups):
                with reading(path):
                    ids = file.read_row_group(group, columns=["candidate_id"])["candidate_id"].to_numpy()
                at, positions = wanted.take(ids)
                if not len(at):
                    continue
                with reading(path):
                    rows = file.read_row_group(group, columns=["text", "engine", "model"]).take(pa.array(at))
                for engine, model in zip(rows["engine"].to_pylist(), rows["model"].to_pylist(), strict=True):
                    self.models[SourceModel(job, engine, model)] += 1
                yield from _halves(_RESPONSE, positions, response=rows["text"])
                self._count(len(at))

    def _prompts(self, positions: Positions) -> Iterator[pa.RecordBatch]:
        # general samples have none, and a column with nulls would become floats, which cannot hold 64 bits
        prompt_ids: Ids = pc.fill_null(self._plan["prompt_id"], 0).to_numpy()[positions]
        order = np.argsort(prompt_ids, kind="stable")
        by_prompt, sorted_ids = positions[order], prompt_ids[order]
        matched = 0
        columns = ["prompt_id", "messages", "task", "target_language"]
        for table in iter_prompts(self._workspace, np.unique(sorted_ids), columns):
            ids = table["prompt_id"].to_numpy()
            first = np.searchsorted(sorted_ids, ids, "left")
            uses = np.searchsorted(sorted_ids, ids, "right") - first
            source = np.repeat(np.arange(len(ids)), uses)  # a prompt comes once for each of its candidates
            nth_use = np.arange(len(source)) - np.repeat(np.cumsum(uses) - uses, uses)
            target = by_prompt[np.repeat(first, uses) + nth_use]
            matched += len(target)
            for start in range(0, len(source), _ROWS_A_BATCH):
                part = slice(start, start + _ROWS_A_BATCH)
                prompts = table.take(pa.array(source[part]))
                yield from _halves(
                    _CONVERSATION,
                    target[part],
                    messages=prompts["messages"],
                    task=prompts["task"],
                    language=prompts["target_language"],
                )
        if matched < len(positions):
            raise ExportError(
                f"{self._workspace.prompts}: the prompts of {len(positions) - matched:,} selected candidates are not "
                "there any more; put the file that is missing back and resume this job."
            )

    def _general(self, positions: Positions) -> Iterator[pa.RecordBatch]:
        wanted = _Wanted(self._ids, positions)
        columns = ["sample_id", "messages", "task", "language"]
        for table in iter_general(self._workspace, self._ids[positions], columns):
            at, found = wanted.take(table["sample_id"].to_numpy())
            if not len(at):
                continue
            samples = table.take(pa.array(at)).combine_chunks()
            before, last = split_last(samples["messages"].chunk(0))
            yield from _halves(
                _CONVERSATION, found, messages=before, task=samples["task"], language=samples["language"]
            )
            yield from _halves(_RESPONSE, found, response=last)
            self._count(len(at))
        if wanted.count:
            raise ExportError(
                f"{self._workspace.general}: {wanted.count:,} of the general samples cannot be found any more, such as "
                f"{wanted.example()}; put the file that is missing back and resume this job."
            )

    def _count(self, found: int) -> None:
        self._found += found
        self._on_found(self._found)

    def _joined(self, table: pa.Table) -> pa.Table:
        part = table["part"].to_numpy()
        conversations = table.filter(pa.array(part == _CONVERSATION))
        responses = table.filter(pa.array(part == _RESPONSE))
        if not conversations["position"].equals(responses["position"]):
            raise AssertionError("prompts and responses of the mix do not pair up")  # each was found exactly once
        plan = self._plan.take(conversations["position"])
        return pa.table(
            {
                **{name: plan[name] for name in ("kind", "id", "prompt_id", "domain")},
                **{name: conversations[name] for name in ("task", "language", "messages")},
                "response": responses["response"],
            },
            schema=SAMPLE_SCHEMA,
        )


class _Wanted:
    """Ids that are still looked for; each is taken at its first appearance."""

    def __init__(self, ids: Ids, positions: Positions) -> None:
        order = np.argsort(ids[positions], kind="stable")
        self._positions = positions[order]
        self._ids = ids[self._positions]
        self._open = np.ones(len(order), dtype=bool)
        self.count = len(order)

    def take(self, ids: Ids) -> tuple[Positions, Positions]:
        """Which of `ids` (n,) are met for the first time: their indices in it, and their positions in the mix."""
        at = np.searchsorted(self._ids, ids)
        at[at == len(self._ids)] = 0
        hits = np.flatnonzero((self._ids[at] == ids) & self._open[at])
        found, first = np.unique(at[hits], return_index=True)
        self._open[found] = False
        self.count -= len(found)
        return hits[first], self._positions[found]

    def example(self) -> str:
        """One of those not found, as people see ids."""
        return format_id(int(self._ids[self._open][0]))


def _halves(part: int, positions: Positions, **texts: Any) -> Iterator[pa.RecordBatch]:
    columns = {
        name: texts[name] if name in texts else pa.nulls(len(positions), _HALF_SCHEMA.field(name).type)
        for name in _HALF_SCHEMA.names[2:]
    }
    keys = {"position": positions, "part": np.full(len(positions), part, np.int8)}
    yield from pa.table({**keys, **columns}, schema=_HALF_SCHEMA).combine_chunks().to_batches()
