"""Prompts and general samples: import from files into the workspace, and reading them back."""

from curation.prompts.general import (
    GeneralOptions,
    GeneralSample,
    import_general,
    iter_general,
    list_general,
    preview_general,
)
from curation.prompts.importing import ImportReport, Preview, import_prompts, preview_import, prompt_table
from curation.prompts.languages import LANGUAGES, guess_language, language_code
from curation.prompts.options import ImportOptions
from curation.prompts.reading import ImportedFile, iter_prompts, list_imports, prompt_ids, read_prompts
from curation.prompts.rows import DEFAULT_VERIFIERS

__all__ = [
    "DEFAULT_VERIFIERS",
    "LANGUAGES",
    "GeneralOptions",
    "GeneralSample",
    "ImportOptions",
    "ImportReport",
    "ImportedFile",
    "Preview",
    "guess_language",
    "import_general",
    "import_prompts",
    "iter_general",
    "iter_prompts",
    "language_code",
    "list_general",
    "list_imports",
    "preview_general",
    "preview_import",
    "prompt_ids",
    "prompt_table",
    "read_prompts",
]
