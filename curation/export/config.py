"""What an export is asked to be, and the forms that it can have."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from curation.errors import InputError
from curation.mix import MixConfig
from curation.selection import SelectionConfig
from curation.thresholds import ThresholdSet
from curation.workspace import check_name


class Form(StrEnum):
    """How a sample is laid out in columns."""

    PROMPT_COMPLETION = "prompt_completion"
    """`prompt` (messages) and `completion` (one message): trainers then train on the completion only."""
    MESSAGES = "messages"
    """`messages`: the whole conversation as {role, content}."""
    SHAREGPT = "sharegpt"
    """`conversations`: the whole conversation as {from, value}."""


class FileType(StrEnum):
    """What the data files are."""

    PARQUET = "parquet"
    JSONL = "jsonl"


@dataclass(frozen=True, slots=True)
class ExportConfig:
    """An export's settings; raises InputError for values that cannot be."""

    name: str
    format: str = Form.PROMPT_COMPLETION
    file_type: str = FileType.PARQUET
    thresholds: str | ThresholdSet = "default"
    """A saved set's name, or a set."""
    selection: SelectionConfig = field(default_factory=SelectionConfig)
    mix: MixConfig = field(default_factory=MixConfig)
    shard_mb: int = 256
    """Size at which a data file is ended and the next begun, in megabytes on the disk."""

    def __post_init__(self) -> None:
        check_name(self.name, "an export")
        if self.format not in set(Form):
            raise InputError(f"{self.format!r} is no format of an export; known are {', '.join(Form)}.")
        if self.file_type not in set(FileType):
            raise InputError(f"{self.file_type!r} is no type of data files; known are {', '.join(FileType)}.")
        if self.shard_mb < 1:
            raise InputError(f"shard_mb is {self.shard_mb}; data files of at least 1 MB can be written.")
