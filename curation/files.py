"""Files that are either whole or absent: atomic replacement, and a context that turns OS errors into clear ones."""

from __future__ import annotations

import errno
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from curation.errors import WinnowError

PARTIAL_SUFFIX = ".partial"
"""Ends the name of every file that is still being written; readers ignore such files."""


def partial_path(path: Path) -> Path:
    """A temporary name beside `path`, unique to this writer."""
    return path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}{PARTIAL_SUFFIX}")


def fsync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path; when the block ends well it is fsynced and renamed to `path`, otherwise removed.

    Raises WinnowError when the disk is full or the folder cannot be written.
    """
    temporary = partial_path(path)
    try:
        with writing(path):
            yield temporary
            descriptor = os.open(temporary, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            temporary.replace(path)
            fsync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn the operating system's refusals while writing `path` into a WinnowError that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise WinnowError(
                f"{path}: no space left on the disk. Free some and run the same command again; "
                "nothing was half-written."
            ) from error
        if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
            raise WinnowError(f"{path}: cannot be written ({error.strerror}). Choose a folder you own.") from error
        raise


def write_text(path: Path, text: str) -> None:
    """Replace `path` atomically with `text` in UTF-8."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """Replace `path` atomically with `value` as indented JSON."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=2) + "\n")
