"""Every error that Winnow raises on purpose; the command line prints its message and exits with 2.

WinnowError
├── InputError        something a person wrote (a prompt file, a setting, a path) cannot be used
│   └── BadRowsError     rows of an imported file are bad; carries every one of them
├── WorkspaceError    the workspace folder is missing, damaged or of another version
├── ShardError        a Parquet shard or its manifest cannot be read
├── JobError          a job cannot be started, stopped or resumed
├── ModelError        a model folder cannot be loaded
└── ExportError       there is nothing to export, or the export cannot be written
"""

from __future__ import annotations

from collections.abc import Sequence


class WinnowError(Exception):
    """What is wrong, where, and what to do, in one message that a curator can act on."""


class InputError(WinnowError):
    """Something a person wrote (a file, a setting, a path) cannot be used."""


class BadRowsError(InputError):
    """Rows of an imported file are bad.

    `problems` holds one message a row, each naming the file and the line.
    """

    def __init__(self, problems: Sequence[str], *, advice: str = "") -> None:
        self.problems = tuple(problems)
        shown = list(self.problems[:20])
        if len(self.problems) > len(shown):
            shown.append(f"… and {len(self.problems) - len(shown):,} more")
        if advice:
            shown.append(advice)
        super().__init__("\n".join(shown))


class WorkspaceError(WinnowError):
    """The workspace folder is missing, damaged or of another version."""


class ShardError(WinnowError):
    """A Parquet shard or its manifest cannot be read."""


class JobError(WinnowError):
    """A job cannot be started, stopped or resumed."""


class ModelError(WinnowError):
    """A model folder cannot be loaded."""


class ExportError(WinnowError):
    """There is nothing to export, or the export cannot be written."""
