"""Reading the narrow columns of many Parquet files into a temporary table, and finding the file that cannot be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

READ = "read_parquet(?, filename = true, file_row_number = true, hive_partitioning = false) AS f"
"""Table function of every staging query; its one parameter is the list of paths."""

PLACE = "(s.rank::UBIGINT << 32 | f.file_row_number::UBIGINT)"
"""Order of names, then of rows: of two rows with one key, the one with the smaller place counts."""


class UnreadableFilesError(Exception):
    """Files that cannot be read, with the reasons; becomes a ShardError or a line of the report."""

    def __init__(self, reasons: Mapping[Path, str]) -> None:
        self.reasons = dict(reasons)
        super().__init__("; ".join(f"{path}: {reason}" for path, reason in self.reasons.items()))


class FilesMovedError(Exception):
    """A listed file is there no more: compaction merged it, or somebody removed it. List again."""


def stage(cursor: duckdb.DuckDBPyConnection, table: str, select: str, files: Sequence[tuple[Path, int]]) -> None:
    """Create the temporary `table` from `select` over `files`: (path, id in the index), in the order of their names.

    `select` reads from READ joined with `staged_files AS s (path, id, rank)`. Raises UnreadableFilesError, which names
    every file that cannot be read, or FilesMovedError.
    """
    cursor.register(
        "staged_paths",
        pa.table(
            {
                "path": pa.array([str(path) for path, _ in files], pa.string()),
                "id": pa.array([identifier for _, identifier in files], pa.int32()),
                "rank": pa.array(range(len(files)), pa.int32()),
            }
        ),
    )
    cursor.execute("CREATE OR REPLACE TEMP TABLE staged_files AS SELECT * FROM staged_paths")
    cursor.unregister("staged_paths")
    paths = [path for path, _ in files]
    query = f"CREATE OR REPLACE TEMP TABLE {table} AS {select}"
    if not paths:  # read_parquet refuses an empty list
        raise ValueError("stage() needs at least one file")
    try:
        cursor.execute(query, [[literal(path) for path in paths]])
    except duckdb.Error:
        if not all(path.exists() for path in paths):
            raise FilesMovedError from None
        reasons = _unreadable(select, paths)
        if not reasons:
            raise  # not the files' fault
        raise UnreadableFilesError(reasons) from None


def drop_doubles(cursor: duckdb.DuckDBPyConnection, table: str, key: str) -> int:
    """Keep of the rows of a staged `table` with equal `key` the one with the smallest place; returns how many went.

    Doubles are rare, so they are looked for first: that is much cheaper than ranking every row.
    """
    cursor.execute(
        f"CREATE OR REPLACE TEMP TABLE doubles AS "
        f"SELECT {key}, min(place) AS first_place FROM {table} GROUP BY {key} HAVING count(*) > 1"
    )
    row = cursor.execute(
        f"DELETE FROM {table} USING doubles WHERE {table}.{key} = doubles.{key} AND place <> first_place"
    ).fetchone()
    return int(row[0]) if row else 0


def literal(path: Path) -> str:
    """`path` with the characters quoted that read_parquet takes for a pattern."""
    return "".join(f"[{character}]" if character in "*?[" else character for character in str(path))


def _unreadable(select: str, paths: Sequence[Path]) -> dict[Path, str]:
    reasons: dict[Path, str] = {}
    # a connection of its own: an error ends the transaction that it happens in
    with duckdb.connect() as probe:
        probe.execute(Path(__file__).with_name("schema.sql").read_text(encoding="utf-8"))
        probe.execute("CREATE TEMP TABLE staged_files (path VARCHAR, id INTEGER, rank INTEGER)")
        for path in paths:
            probe.execute("DELETE FROM staged_files")
            probe.execute("INSERT INTO staged_files VALUES (?, 0, 0)", [str(path)])
            try:
                probe.execute(f"CREATE OR REPLACE TEMP TABLE probed AS {select}", [[literal(path)]])
            except duckdb.Error as error:
                if not path.exists():
                    raise FilesMovedError from None
                reasons[path] = str(error).split("\n", 1)[0]
    return reasons
