"""How the rows of a file become prompts: which fields hold what, and what is the same for all of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from curation.errors import InputError
from curation.prompts.languages import LANGUAGES, language_code
from curation.records import Domain, Rule, Split

DEFAULT_REFERENCE_FIELD: Final = "reference"


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """Settings of an import.

    A setting that holds for the whole file (`domain`, `task`, `verifier`, `target_language`, `split`) wins over the
    field of each row that is named for it; a row that has neither gets the default.
    """

    domain: str | None = None
    """One of `Domain`; without it every row needs a `domain_field`."""
    task: str | None = None
    """Without it, the row's `task_field`, otherwise the domain."""
    verifier: str | None = None
    """Without it, the row's `verifier_field`, otherwise the domain's own rule (`DEFAULT_VERIFIERS`)."""
    target_language: str | None = None
    """Without it, the row's `language_field`, otherwise guessed from the prompt (`guess_language`)."""
    split: str | None = None
    """Without it, the row's `split_field`, otherwise `train`."""
    prompt_field: str = "question"
    messages_field: str | None = None
    """Holds a whole conversation that ends with the user; without it, `messages` where `prompt_field` is absent."""
    reference_field: str = DEFAULT_REFERENCE_FIELD
    reference_pattern: str | None = None
    """A regular expression whose first group (or whole match) in the reference field is the reference."""
    domain_field: str = "domain"
    task_field: str = "task"
    verifier_field: str = "verifier"
    language_field: str = "target_language"
    split_field: str = "split"
    name: str | None = None
    """Names the file in the workspace; without it, the imported file's own name."""
    skip_bad_rows: bool = False
    """Import the good rows of a file that has bad ones; otherwise such a file is refused as a whole."""

    def __post_init__(self) -> None:
        """Raise InputError when a setting cannot be meant."""
        _one_of("domain", self.domain, tuple(Domain))
        _one_of("verifier", self.verifier, tuple(Rule))
        _one_of("split", self.split, tuple(Split))
        if self.target_language is not None and language_code(self.target_language) is None:
            raise InputError(
                f"{self.target_language!r} is not a known language; use one of {', '.join(sorted(LANGUAGES))}"
            )
        if self.reference_pattern is not None:
            try:
                re.compile(self.reference_pattern)
            except re.error as error:
                raise InputError(
                    f"the reference pattern {self.reference_pattern!r} is not a regular expression: {error}"
                ) from error

    @property
    def fields(self) -> frozenset[str]:
        """Every field that the import may look at."""
        return frozenset(
            {
                self.prompt_field,
                self.messages_field or "messages",
                self.reference_field,
                self.domain_field,
                self.task_field,
                self.verifier_field,
                self.language_field,
                self.split_field,
            }
        )


def _one_of(what: str, value: str | None, known: tuple[str, ...]) -> None:
    if value is not None and value not in known:
        raise InputError(f"{value!r} is not a known {what}; use one of {', '.join(known)}")
