"""General samples (writing, factual QA, self-cognition, translation) from a file into the workspace.

They go into a mix as they are; Winnow neither samples nor verifies them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from curation.errors import InputError
from curation.prompts.importing import ImportReport, Preview, import_rows, preview_rows
from curation.prompts.languages import LANGUAGES, guess_language, language_code
from curation.prompts.reading import Ids, ImportedFile, imported_files, iter_unique_rows, known_ids
from curation.prompts.rows import RowProblemError, checked_language, checked_messages, checked_text, missing
from curation.prompts.sources import import_name, open_rows
from curation.records import GENERAL_SCHEMA, Message, sample_id
from curation.workspace import Workspace

DEFAULT_TASK: Final = "general"
"""The task of a sample that names none."""


@dataclass(frozen=True, slots=True)
class GeneralOptions:
    """Settings of an import of general samples; one for the whole file wins over the field of each row."""

    task: str | None = None
    language: str | None = None
    """Without it, the row's `language_field`, otherwise guessed from the response."""
    prompt_field: str = "prompt"
    response_field: str = "response"
    messages_field: str | None = None
    """Holds a whole conversation that ends with the assistant; without it, `messages` if `prompt_field` is absent."""
    task_field: str = "task"
    language_field: str = "language"
    name: str | None = None
    skip_bad_rows: bool = False

    def __post_init__(self) -> None:
        """Raise InputError when a setting cannot be meant."""
        if self.language is not None and language_code(self.language) is None:
            raise InputError(f"{self.language!r} is not a known language; use one of {', '.join(sorted(LANGUAGES))}")


@dataclass(frozen=True, slots=True)
class GeneralSample:
    """A finished conversation."""

    messages: tuple[Message, ...]
    task: str
    language: str
    source: str

    @property
    def sample_id(self) -> int:
        """64-bit content hash of messages and task."""
        return sample_id(self.messages, self.task)


def import_general(workspace: Workspace, path: Path | str, options: GeneralOptions | None = None) -> ImportReport:
    """Read general samples from `path` and write those that are new to `general/<name>.parquet`.

    A row has `messages`, or `prompt` and `response`; formats, checks and errors are those of `import_prompts`.
    """
    options = options or GeneralOptions()
    with open_rows(path, _fields(options)) as source:
        return import_rows(
            source,
            lambda fields, place: general_sample(fields, options, place),
            folder=workspace.general,
            name=options.name,
            fallback_name=import_name(Path(path)),
            skip_bad_rows=options.skip_bad_rows,
            known_ids=lambda: known_ids(workspace.general, "sample_id"),
            identify=lambda sample: sample.sample_id,
            to_table=general_table,
        )


def preview_general(path: Path | str, options: GeneralOptions | None = None, rows: int = 20) -> Preview[GeneralSample]:
    """The first `rows` rows of `path`, mapped and checked; nothing is written. Raises InputError."""
    chosen = options or GeneralOptions()
    with open_rows(path) as source:
        return preview_rows(source, lambda fields, place: general_sample(fields, chosen, place), rows)


def list_general(workspace: Workspace) -> list[ImportedFile]:
    """The workspace's imports of general samples by name."""
    return imported_files(workspace.general)


def iter_general(
    workspace: Workspace, ids: Ids | None = None, columns: Sequence[str] | None = None
) -> Iterator[pa.Table]:
    """General samples in tables of a few thousand rows, each sample once, in the order of the files, not of `ids`.

    Ids that are not in the workspace are passed over. Raises ShardError when a file cannot be read.
    """
    yield from iter_unique_rows(workspace.general, "sample_id", ids, columns or GENERAL_SCHEMA.names)


def general_sample(fields: Mapping[str, Any], options: GeneralOptions, source: str) -> GeneralSample:
    """`fields` as a valid sample; raises RowProblemError."""
    messages = _messages(fields, options)
    task = options.task or _optional_text(fields, options.task_field) or DEFAULT_TASK
    language = options.language or _optional_text(fields, options.language_field)
    if language is None:
        language = guess_language(messages[-1].content)
    return GeneralSample(messages, task, checked_language(language, options.language_field), source)


def general_table(samples: Sequence[GeneralSample]) -> pa.Table:
    """`samples` as rows of GENERAL_SCHEMA."""
    return pa.table(
        {
            "sample_id": pa.array([sample.sample_id for sample in samples], pa.uint64()),
            "messages": pa.array(
                [[{"role": m.role, "content": m.content} for m in sample.messages] for sample in samples],
                GENERAL_SCHEMA.field("messages").type,
            ),
            "task": pa.array([sample.task for sample in samples], pa.string()),
            "language": pa.array([sample.language for sample in samples], pa.string()),
            "source": pa.array([sample.source for sample in samples], pa.string()),
        },
        schema=GENERAL_SCHEMA,
    )


def _fields(options: GeneralOptions) -> set[str]:
    return {
        options.prompt_field,
        options.response_field,
        options.messages_field or "messages",
        options.task_field,
        options.language_field,
    }


def _messages(fields: Mapping[str, Any], options: GeneralOptions) -> tuple[Message, ...]:
    prompt = fields.get(options.prompt_field)
    if options.messages_field is None and prompt is not None:
        if fields.get(options.response_field) is None:
            raise RowProblemError(missing(options.response_field, fields, "--response-field"))
        return (
            Message("user", checked_text(prompt, options.prompt_field)),
            Message("assistant", checked_text(fields[options.response_field], options.response_field)),
        )
    field = options.messages_field or "messages"
    given = fields.get(field)
    if given is None:
        raise RowProblemError(
            missing(field, fields, "--messages-field, or a prompt and its response with --prompt-field")
        )
    messages = checked_messages(given, field)
    if messages[-1].role != "assistant" or not any(message.role == "user" for message in messages):
        raise RowProblemError(f"\"{field}\" must hold a user's message and end with the assistant's")
    return messages


def _optional_text(fields: Mapping[str, Any], field: str) -> str | None:
    value = fields.get(field)
    return None if value is None or value == "" else checked_text(value, field).strip()
