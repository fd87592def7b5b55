"""Prompts: import from files into the workspace, and reading them back."""

from curation.prompts.importing import ImportReport, Preview, import_prompts, preview_import, prompt_table
from curation.prompts.languages import LANGUAGES, guess_language, language_code
from curation.prompts.options import ImportOptions
from curation.prompts.reading import ImportedFile, iter_prompts, list_imports, prompt_ids, read_prompts
from curation.prompts.rows import DEFAULT_VERIFIERS

__all__ = [
    "DEFAULT_VERIFIERS",
    "LANGUAGES",
    "ImportOptions",
    "ImportReport",
    "ImportedFile",
    "Preview",
    "guess_language",
    "import_prompts",
    "iter_prompts",
    "language_code",
    "list_imports",
    "preview_import",
    "prompt_ids",
    "prompt_table",
    "read_prompts",
]
