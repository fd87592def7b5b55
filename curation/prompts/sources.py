"""Rows of a JSON Lines, JSON, CSV or Parquet file, one by one, each with its place in the file."""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import json
import sys
import zlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import pyarrow as pa
import pyarrow.parquet as pq

from curation.errors import InputError
from curation.prompts.json_items import BrokenJsonError, iter_json_items

ENDINGS: Final = (".jsonl", ".jsonl.gz", ".ndjson", ".json", ".json.gz", ".csv", ".csv.gz", ".parquet")
_PARQUET_BATCH: Final = 1024  # rows; texts can be long
_HEAD: Final = 1 << 20  # bytes


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One row: its fields, or the reason why it cannot be read."""

    number: int
    """The line (JSON Lines, CSV: where the row starts) or the row (JSON, Parquet), counted from 1."""
    fields: Mapping[str, Any]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class RowSource:
    """A file's rows; `rows` can be walked once."""

    name: str
    unit: str
    """`line` or `row`: what `SourceRow.number` counts."""
    columns: tuple[str, ...] | None
    """What each row has, where the file says so before its first row (CSV, Parquet)."""
    rows: Iterator[SourceRow]

    def place(self, row: SourceRow) -> str:
        """Where a row is, as messages say it: `prompts.jsonl line 41`."""
        return f"{self.name} {self.unit} {row.number}"


def import_name(path: Path) -> str:
    """A file's name without its endings, fit to name an import."""
    stem = path.name
    for ending in sorted(ENDINGS, key=len, reverse=True):
        if stem.lower().endswith(ending):
            stem = stem[: -len(ending)]
            break
    kept = "".join(c if c.isalnum() or c in " ._-" else "-" for c in stem)[:80].strip(" .-_")
    return kept or "import"


@contextlib.contextmanager
def open_rows(path: Path | str, wanted: Collection[str] | None = None) -> Iterator[RowSource]:
    """The rows of `path`, whose ending says its format; `wanted` spares reading other Parquet columns.

    Raises InputError when the file cannot be read as its ending promises, also while its rows are walked.
    """
    path = Path(path)
    name = path.name
    ending = next((e for e in sorted(ENDINGS, key=len, reverse=True) if name.lower().endswith(e)), None)
    if path.is_dir():
        raise InputError(f"{path} is a folder; name a file in it.")
    if ending is None:
        raise InputError(f"{path}: unknown kind of file; the name must end in one of {', '.join(ENDINGS)}")
    try:
        raw: BinaryIO = path.open("rb")
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be opened ({error.strerror})") from error
    try:
        with contextlib.ExitStack() as stack:
            stack.enter_context(raw)
            if ending == ".parquet":
                yield _parquet_source(path, stack.enter_context(pq.ParquetFile(raw)), wanted)
                return
            if ending.endswith(".gz"):
                raw = stack.enter_context(gzip.open(raw))  # type: ignore[assignment]
            if ending.startswith((".jsonl", ".ndjson")):
                yield RowSource(name, "line", None, _json_lines(raw))
            elif ending.startswith(".json"):
                yield _json_source(name, raw, stack)
            else:
                yield _csv_source(name, raw, stack)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(f"{path}: not a whole gzip file ({error}); fetch it again.") from error
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise _not_parquet(path, error) from error
    except BrokenJsonError as error:
        raise InputError(f"{path}: {error}") from error


def _json_lines(stream: BinaryIO) -> Iterator[SourceRow]:
    for number, line in enumerate(stream, start=1):
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        if not line.strip():
            continue
        try:
            value = json.loads(line.decode("utf-8"))
        except UnicodeDecodeError as error:
            yield SourceRow(number, {}, f"not UTF-8 text (byte {error.start + 1} of the line); save the file as UTF-8")
        except json.JSONDecodeError as error:
            yield SourceRow(number, {}, f"not JSON ({error.msg}, character {error.pos + 1} of the line)")
        except (RecursionError, ValueError) as error:  # nested too deeply; an integer of thousands of digits
            yield SourceRow(number, {}, f"not JSON that can be read ({error})")
        else:
            yield _object_row(number, value)


def _json_source(name: str, stream: BinaryIO, stack: contextlib.ExitStack) -> RowSource:
    first_line = stream.read(_HEAD).removeprefix(b"\xef\xbb\xbf").lstrip().split(b"\n", 1)[0]
    stream.seek(0)
    if _is_json_line(first_line):  # many files that end in .json hold JSON Lines
        return RowSource(name, "line", None, _json_lines(stream))
    # bytes that are not UTF-8 become lone surrogates, which the row's own check reports with the row's number
    text = stack.enter_context(io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape"))
    rows = (_object_row(number, value) for number, value in enumerate(iter_json_items(text), start=1))
    return RowSource(name, "row", None, rows)


def _is_json_line(line: bytes) -> bool:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and not isinstance(value.get("data"), list)


def _object_row(number: int, value: object) -> SourceRow:
    if not isinstance(value, dict):
        return SourceRow(number, {}, "not an object; write each row as {…}")
    return SourceRow(number, value)


def _csv_source(name: str, stream: BinaryIO, stack: contextlib.ExitStack) -> RowSource:
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))  # a field of code or a long problem passes the default of 128 KB
    text = stack.enter_context(io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline=""))
    reader = csv.reader(text, strict=True)
    try:
        header = next(reader, None)
    except csv.Error as error:
        raise InputError(f"{name} line 1: the header is not CSV ({error})") from error
    if not header:
        raise InputError(f"{name}: empty; its first line must name the columns")
    doubled = sorted({column for column in header if header.count(column) > 1})
    if doubled:
        raise InputError(f"{name} line 1: the header names {doubled[0]!r} twice; rename one of the two")
    return RowSource(name, "line", tuple(header), _csv_rows(name, reader, header))


def _csv_rows(name: str, reader: Any, header: list[str]) -> Iterator[SourceRow]:
    while True:
        number = reader.line_num + 1
        try:
            values = next(reader, None)
        except csv.Error as error:
            if "unexpected end of data" in str(error):
                raise InputError(f"{name} line {number}: a quote that opens here is never closed") from error
            yield SourceRow(number, {}, f"not CSV ({error})")
            continue
        if values is None:
            return
        if not values:
            continue  # an empty line
        if len(values) != len(header):
            yield SourceRow(
                number, {}, f"{len(values)} values for {len(header)} columns; quote values that hold commas or quotes"
            )
            continue
        yield SourceRow(number, dict(zip(header, values, strict=True)))


def _parquet_source(path: Path, file: pq.ParquetFile, wanted: Collection[str] | None) -> RowSource:
    columns = tuple(file.schema_arrow.names)
    read = [column for column in columns if wanted is None or column in wanted]
    return RowSource(path.name, "row", columns, _parquet_rows(path, file, read))


def _parquet_rows(path: Path, file: pq.ParquetFile, columns: list[str]) -> Iterator[SourceRow]:
    number = 0
    batches = file.iter_batches(batch_size=_PARQUET_BATCH, columns=columns)
    while True:
        try:
            batch = next(batches, None)
        except OSError as error:  # how Arrow reports damaged pages
            raise _not_parquet(path, error) from error
        if batch is None:
            return
        for fields in batch.to_pylist():
            number += 1
            yield SourceRow(number, fields)


def _not_parquet(path: Path, error: Exception) -> InputError:
    return InputError(f"{path}: not a readable Parquet file ({error}); write or fetch it again.")
