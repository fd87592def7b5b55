"""`Index`: a workspace's DuckDB index, kept in `index/` by the process that gets the lock, in memory by any other."""

from __future__ import annotations

import contextlib
import logging
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import duckdb
import psutil
import pyarrow as pa
import xxhash
from filelock import FileLock, Timeout

from curation.errors import WorkspaceError
from curation.index.queries import arrow
from curation.index.refresh import OnCorrupt, RefreshReport, refresh, schema
from curation.workspace import Workspace

log = logging.getLogger(__name__)
_LOGIC_VERSION: Final = 1  # raise it when what is taken in changes while the schema does not
_MEMORY_SHARE: Final = 4  # DuckDB may use a quarter of the machine's memory before it spills


class Index:
    """The index of one workspace; one instance can be used by many threads. Open it with `Index.open`."""

    def __init__(
        self, workspace: Workspace, connection: duckdb.DuckDBPyConnection, lock: FileLock | None, scratch: Path | None
    ) -> None:
        self.workspace = workspace
        self._connection = connection
        self._lock = lock
        self._scratch = scratch
        self._refreshing = threading.Lock()
        self._damaged = False

    @classmethod
    def open(cls, workspace: Workspace) -> Self:
        """The index of `workspace` as it was left; call `refresh` to bring it up to date.

        Without the lock on `index/`, or where that cannot be written, an empty one in memory: nobody waits. An index
        that is damaged, or of another version, is replaced by an empty one.
        """
        lock = _lock(workspace)
        if lock is not None:
            connection = _open_file(workspace.index / "winnow.duckdb")
            if connection is not None:
                return cls(workspace, connection, lock, None)
            lock.release()
        return cls(workspace, *_open_memory())

    @property
    def persistent(self) -> bool:
        """Whether it is kept in `index/`."""
        return self._lock is not None

    def refresh(self, on_corrupt: OnCorrupt = "raise") -> RefreshReport:
        """Take in what changed in the workspace since the last refresh, in one transaction.

        Raises ShardError naming the files that cannot be read, and then changes nothing; with on_corrupt="skip" they
        are left out and named in the report.
        """
        return self._refresh(on_corrupt, anew=False)

    def rebuild(self, on_corrupt: OnCorrupt = "raise") -> RefreshReport:
        """Forget everything and take it in from the files again."""
        return self._refresh(on_corrupt, anew=True)

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor whose queries all see one state of the index, whatever is refreshed meanwhile.

        Raises WorkspaceError when the index turns out to be damaged; the next refresh builds it anew.
        """
        with self._connection.cursor() as cursor:
            try:
                cursor.execute("BEGIN TRANSACTION READ ONLY")
                yield cursor
                cursor.execute("ROLLBACK")
            except duckdb.Error as error:
                if not _is_damage(error):
                    raise
                self._damaged = True
                raise WorkspaceError(
                    f"{self.workspace.index} is damaged; look again: it is built anew from the files, which are whole."
                ) from error

    def query(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] | None = None) -> pa.Table:
        """The result of one read-only query as an Arrow table."""
        with self.reading() as cursor:
            return arrow(cursor, sql, parameters)

    def _refresh(self, on_corrupt: OnCorrupt, *, anew: bool) -> RefreshReport:
        with self._refreshing:
            if not self._damaged:
                try:
                    return refresh(self._connection, self.workspace, on_corrupt, anew=anew)
                except duckdb.Error as error:
                    if not (self.persistent and _is_damage(error)):
                        raise
                    log.warning("%s is damaged (%s); it is built anew", self.workspace.index, error)
            self._leave_file()
            return refresh(self._connection, self.workspace, on_corrupt)

    def _leave_file(self) -> None:
        """Go on in memory, and remove the damaged file: DuckDB would hand it out again while any cursor has it open."""
        damaged, lock = self._connection, self._lock
        self._connection, self._lock, self._scratch = _open_memory()
        self._damaged = False
        with contextlib.suppress(duckdb.Error):
            damaged.close()
        _remove(self.workspace.index / "winnow.duckdb")
        if lock is not None:
            lock.release()

    def close(self) -> None:
        """Close it and give the lock back."""
        self._connection.close()
        if self._lock is not None:
            self._lock.release()
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def _lock(workspace: Workspace) -> FileLock | None:
    try:
        workspace.index.mkdir(exist_ok=True)
        lock = FileLock(workspace.index / "lock", blocking=False, thread_local=False)
        lock.acquire()
    except (Timeout, OSError, NotImplementedError):
        return None
    return lock


def _open_memory() -> tuple[duckdb.DuckDBPyConnection, None, Path]:
    scratch = Path(tempfile.mkdtemp(prefix="winnow-index-"))
    connection = _connect(":memory:", scratch)
    connection.execute(schema())
    return connection, None, scratch


def _is_damage(error: duckdb.Error) -> bool:
    return isinstance(error, duckdb.FatalException | duckdb.InternalException) or "Corrupt database" in str(error)


def _open_file(path: Path) -> duckdb.DuckDBPyConnection | None:
    """The database in `path`, made anew where it cannot be used; None where somebody else has it open."""
    try:
        connection = _connect(str(path), path.parent / "scratch")
        if _fingerprint_of(connection) == _fingerprint():
            return connection
        connection.close()
    except duckdb.Error as error:
        if "Could not set lock" in str(error):
            log.info("%s is open elsewhere; this process keeps its index in memory", path)
            return None
        log.warning("%s cannot be used (%s); it is built anew", path, error)
    try:
        _remove(path)
        connection = _connect(str(path), path.parent / "scratch")
        connection.execute("BEGIN TRANSACTION")
        connection.execute(schema())
        connection.execute("CREATE TABLE meta AS SELECT ? AS fingerprint", [_fingerprint()])
        connection.execute("COMMIT")
    except (duckdb.Error, OSError) as error:
        log.warning("%s cannot be written (%s); this process keeps its index in memory", path, error)
        return None
    return connection


def _connect(database: str, scratch: Path) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(
        database,
        config={
            "memory_limit": f"{max(1 << 30, psutil.virtual_memory().total // _MEMORY_SHARE)}B",
            "temp_directory": str(scratch),
            "preserve_insertion_order": False,  # every query that needs an order says so
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        },
    )


def _fingerprint() -> str:
    return xxhash.xxh3_64_hexdigest(f"{_LOGIC_VERSION}\0{duckdb.__version__}\0{schema()}".encode())


def _fingerprint_of(connection: duckdb.DuckDBPyConnection) -> str | None:
    try:
        row = connection.execute("SELECT fingerprint FROM meta").fetchone()
    except duckdb.CatalogException:
        return None
    return str(row[0]) if row else None


def _remove(path: Path) -> None:
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink(missing_ok=True)
    shutil.rmtree(path.parent / "scratch", ignore_errors=True)
