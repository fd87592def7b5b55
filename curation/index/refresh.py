"""Refresh: compare the files of a workspace with those in the index, and take in what changed, in one transaction."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import duckdb

from curation.errors import ShardError
from curation.index.imports import take_in_general, take_in_prompts
from curation.index.intake import Files, Taken, take_in_candidates, take_in_results
from curation.index.listing import ListedShards, Shard, list_imports, list_shards
from curation.index.staging import FilesMovedError, UnreadableFilesError
from curation.workspace import Workspace

log = logging.getLogger(__name__)
OnCorrupt = Literal["raise", "skip"]
_SCHEMA: Final = Path(__file__).with_name("schema.sql")
_ATTEMPTS: Final = 20


@dataclass(frozen=True, slots=True)
class RefreshReport:
    """What a refresh took in. `corrupt` holds a message for every file that was left out (on_corrupt="skip").

    `changed`: whether anything in the index may be other than before; without it every query still finds the same.
    """

    prompts: int = 0
    general: int = 0
    candidates: int = 0
    scores: int = 0  # candidates that got a score, or a better one
    shards: int = 0  # shards of candidates and scores that were read
    corrupt: tuple[str, ...] = ()
    seconds: float = 0.0
    changed: bool = True


def schema() -> str:
    """The SQL that makes an empty index, or empties one."""
    return _SCHEMA.read_text(encoding="utf-8")


def refresh(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace, on_corrupt: OnCorrupt, *, anew: bool = False
) -> RefreshReport:
    """Bring the index to the state of the files; readers see it before or after, nothing between.

    With `anew` it is emptied first. Raises ShardError naming every file that cannot be read, and then changes nothing;
    with on_corrupt="skip" those files are left out and reported.
    """
    start = time.perf_counter()
    skipped: dict[Path, str] = {}
    moves = 0
    while moves < _ATTEMPTS:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN TRANSACTION")
            try:
                if anew:
                    cursor.execute(schema())
                taken = _Refresh(cursor, workspace, on_corrupt, skipped).run()
                cursor.execute("COMMIT")
            except FilesMovedError:
                cursor.execute("ROLLBACK")
                moves += 1
                continue
            except UnreadableFilesError as error:
                cursor.execute("ROLLBACK")
                skipped |= {path: _message(path, reason) for path, reason in error.reasons.items()}
                if on_corrupt == "raise":
                    raise ShardError("\n".join(skipped.values())) from None
                continue
            except BaseException:
                cursor.execute("ROLLBACK")
                raise
        corrupt = (*taken.corrupt, *skipped.values())
        for message in corrupt:
            log.warning("left out of the index: %s", message)
        return RefreshReport(
            taken.prompts,
            taken.general,
            taken.candidates,
            taken.scores,
            taken.shards,
            corrupt,
            time.perf_counter() - start,
            taken.changed or anew,
        )
    raise ShardError(f"{workspace.jobs}: its files kept changing while they were read; try again in a moment.")


def _message(path: Path, reason: str) -> str:
    if path.parent.name == "shards":
        return f"{path} cannot be read ({reason}). Move it away and resume its job: the work in it is done again."
    return f"{path} cannot be read ({reason}). Move it away and import its source again."


class _Refresh:
    """One attempt, inside a transaction."""

    def __init__(
        self,
        cursor: duckdb.DuckDBPyConnection,
        workspace: Workspace,
        on_corrupt: OnCorrupt,
        skipped: dict[Path, str],
    ) -> None:
        self.cursor = cursor
        self.workspace = workspace
        self.on_corrupt = on_corrupt
        self.skipped = skipped
        self.prompts = self.general = self.candidates = self.scores = self.shards = 0
        self.corrupt: list[str] = []
        self.changed = False

    def run(self) -> RefreshReport:
        self._take_in_imports()
        self._take_in_jobs()
        counts = (self.prompts, self.general, self.candidates, self.scores, self.shards)
        return RefreshReport(*counts, tuple(self.corrupt), changed=self.changed)

    def _take_in_imports(self) -> None:
        live = {item: path for item, path in list_imports(self.workspace).items() if path not in self.skipped}
        known = {
            tuple(row) for row in self.cursor.execute("SELECT family, name, bytes, changed_ns FROM imports").fetchall()
        }
        identities = {item: (item.family, item.name, item.bytes, item.changed_ns) for item in live}
        if known - set(identities.values()):  # imports are immutable: somebody removed or exchanged one
            self.cursor.execute(schema())
            known = set()
            self.changed = True
        added = {item: path for item, path in live.items() if identities[item] not in known}
        self.changed |= bool(added)
        prompts = {item: path for item, path in added.items() if item.family == "prompts"}
        taken = take_in_prompts(self.cursor, prompts)
        if taken is None:
            self.cursor.execute(schema())
            added = live
            prompts = {item: path for item, path in added.items() if item.family == "prompts"}
            taken = take_in_prompts(self.cursor, prompts) or 0
        self.prompts = taken
        self.general = take_in_general(
            self.cursor, {item: path for item, path in added.items() if item.family == "general"}
        )

    def _take_in_jobs(self) -> None:
        listed = list_shards(self.workspace)
        known = self._known_shards()
        live = {shard: path for shard, path in listed.paths.items() if path not in self.skipped}
        self._keep_unreadable(listed, known, live)
        added = sorted(live.keys() - known.keys())
        vanished = known.keys() - live.keys()
        self.cursor.execute("CREATE OR REPLACE TEMP TABLE vanished (shard INTEGER)")
        if not added and not vanished:
            return
        self.changed = True
        if vanished:
            self.cursor.executemany("INSERT INTO vanished VALUES (?)", [[known[shard]] for shard in sorted(vanished)])
            self.cursor.execute("DELETE FROM stray WHERE score_shard IN (FROM vanished)")
        self._number_jobs(listed)
        numbers = self._number_shards(added, {shard: known[shard] for shard in known.keys() - vanished})

        def files(shards: Iterable[Shard], family: str) -> Files:
            chosen = [(live[shard], numbers[shard]) for shard in sorted(shards) if shard.family == family]
            self.shards += len(chosen)
            return [(path, number) for path, number in chosen if path != Path()]

        changed: defaultdict[str, list[Shard]] = defaultdict(list)
        for shard in added:
            changed[shard.job_id].append(shard)
        shards_of: defaultdict[str, list[Shard]] = defaultdict(list)
        for shard in live:
            shards_of[shard.job_id].append(shard)
        touched = {shard.job_id for shard in (*added, *vanished)}
        taken_anew = False
        for job_id in sorted(job_id for job_id in touched if listed.jobs.get(job_id) == "sample"):
            job, new = self.jobs[job_id], changed[job_id]
            taken = take_in_candidates(self.cursor, job, files(new, "candidates"), files(new, "scores"))
            if taken is None or self._points_at_vanished("shard", job):
                self._forget(job)
                every = shards_of[job_id]
                taken = take_in_candidates(self.cursor, job, files(every, "candidates"), files(every, "scores"))
                taken_anew = True
            self._count(taken)
        for job_id in sorted(self.jobs.keys() - listed.jobs.keys()):
            self._forget(self.jobs[job_id])
        for job_id in sorted(job_id for job_id, kind in listed.jobs.items() if kind == "score"):
            # a job that was taken in anew lost what score jobs had said of it
            results = files(shards_of[job_id] if taken_anew else changed[job_id], "scores")
            self._count(take_in_results(self.cursor, self.jobs[job_id], results))
        if vanished and self._points_at_vanished("score_shard"):
            # the winning score is gone and the next best was never kept: read them all again
            self.cursor.execute(_CLEAR_VANISHED)
            for job_id in sorted(listed.jobs):
                self._count(take_in_results(self.cursor, self.jobs[job_id], files(shards_of[job_id], "scores")))
        if vanished:
            self.cursor.execute("DELETE FROM shards WHERE shard IN (FROM vanished)")
            gone = [[self.jobs[job_id]] for job_id in self.jobs.keys() - listed.jobs.keys()]
            if gone:
                self.cursor.executemany("DELETE FROM jobs WHERE job = ?", gone)

    def _count(self, taken: Taken | None) -> None:
        if taken is not None:
            self.candidates += taken.candidates
            self.scores += taken.scores

    def _known_shards(self) -> dict[Shard, int]:
        rows = self.cursor.execute(
            "SELECT job_id, family, name, bytes, shard FROM shards JOIN jobs USING (job)"
        ).fetchall()
        return {Shard(job_id, family, name, size): number for job_id, family, name, size, number in rows}

    def _keep_unreadable(self, listed: ListedShards, known: dict[Shard, int], live: dict[Shard, Path]) -> None:
        """A job whose manifest cannot be read stays as the index has it."""
        if not listed.unreadable:
            return
        if self.on_corrupt == "raise":
            raise next(iter(listed.unreadable.values()))
        self.corrupt += [str(error) for error in listed.unreadable.values()]
        for shard in [shard for shard in live if shard.job_id in listed.unreadable]:
            del live[shard]
        live.update({shard: Path() for shard in known if shard.job_id in listed.unreadable})

    def _number_jobs(self, listed: ListedShards) -> None:
        self.jobs: dict[str, int] = dict(self.cursor.execute("SELECT job_id, job FROM jobs").fetchall())
        number = max(self.jobs.values(), default=0)
        for job_id in sorted(listed.jobs.keys() - self.jobs.keys()):
            number += 1
            self.jobs[job_id] = number
            self.cursor.execute("INSERT INTO jobs VALUES (?, ?, ?)", [number, job_id, listed.jobs[job_id]])

    def _number_shards(self, added: list[Shard], numbers: dict[Shard, int]) -> dict[Shard, int]:
        last = self.cursor.execute("SELECT coalesce(max(shard), 0) FROM shards").fetchall()[0][0]
        rows = []
        for number, shard in enumerate(added, start=last + 1):
            numbers[shard] = number
            rows.append([number, self.jobs[shard.job_id], shard.family, shard.name, shard.bytes])
        if rows:
            self.cursor.executemany("INSERT INTO shards VALUES (?, ?, ?, ?, ?)", rows)
        return numbers

    def _points_at_vanished(self, column: str, job: int | None = None) -> bool:
        where = "" if job is None else f"job = {job} AND"
        query = f"SELECT 1 FROM scores WHERE {where} {column} IN (FROM vanished) LIMIT 1"
        return bool(self.cursor.execute(query).fetchall())

    def _forget(self, job: int) -> None:
        self.cursor.execute("DELETE FROM scores WHERE job = ?", [job])
        self.cursor.execute("DELETE FROM stray WHERE score_job = ?", [job])


_CLEAR_VANISHED = """
    UPDATE scores SET verdict = NULL, rule_verdict = NULL, score_job = NULL, score_shard = NULL, rule_version = NULL,
        measures_version = NULL, target_word_ratio = NULL, foreign_words = NULL, longest_paragraph = NULL,
        code_blocks = NULL, code_ratio = NULL, repetition = NULL, well_formed = NULL
    WHERE score_shard IN (FROM vanished)
"""
