"""Keeps the catalogues of components/locale/ in step with the texts in the code: `python -m components.catalogues`.

It takes in new texts, drops those that are gone, compiles, and says what is left to translate. Texts are what stands in
`_(…)`, `N_(…)` and `plural(…)`, and the labels and explanations of the settings that forms show.
"""

from __future__ import annotations

import ast
import io
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from components.text import CATALOGUES, DOMAIN, LANGUAGES

CHECKOUT: Final = Path(__file__).parents[1]
_KEYWORDS: Final = {"_": 1, "N_": 1, "plural": 2}
"""Function → how many of its first arguments are texts."""


def source_texts() -> Catalog:
    """Every text of the code, as a catalogue without translations."""
    catalogue = Catalog(project="Winnow", charset="utf-8")
    for path in [
        CHECKOUT / "app.py",
        *sorted(CHECKOUT.glob("pages/*.py")),
        *sorted(CHECKOUT.glob("components/**/*.py")),
    ]:
        for message in texts_of(path.read_text(encoding="utf-8")):
            catalogue.add(message, locations=[(str(path.relative_to(CHECKOUT)), 0)])
    for text, place in _setting_texts():
        catalogue.add(text, locations=[(place, 0)])
    return catalogue


def texts_of(source: str) -> Iterator[str | tuple[str, ...]]:
    """The texts that a Python source marks, in order; Babel's own extractor does not look into f-strings."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _KEYWORDS:
            wanted = node.args[: _KEYWORDS[node.func.id]]
            texts = tuple(
                each.value for each in wanted if isinstance(each, ast.Constant) and isinstance(each.value, str)
            )
            if texts and len(texts) == len(wanted):
                yield texts if len(texts) > 1 else texts[0]


def read_catalogue(language: str) -> Catalog:
    """The catalogue of a language as it is in the checkout; empty where there is none yet."""
    path = _folder(language) / f"{DOMAIN}.po"
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def compiled(catalogue: Catalog) -> bytes:
    """What gettext reads at run time."""
    out = io.BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def compiled_path(language: str) -> Path:
    """Where the compiled catalogue of a language is."""
    return _folder(language) / f"{DOMAIN}.mo"


def update(language: str) -> list[str]:
    """Bring a language's files up to date; returns the texts that still lack a translation."""
    catalogue = read_catalogue(language)
    catalogue.update(source_texts(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    catalogue.project, catalogue.version, catalogue.fuzzy = "Winnow", "", False
    catalogue.header_comment = f"# Winnow's interface in {LANGUAGES[language]}; see components/catalogues.py."
    catalogue.creation_date = catalogue.revision_date = datetime(2026, 1, 1, tzinfo=UTC)  # the history is in git
    catalogue.last_translator = catalogue.msgid_bugs_address = catalogue.language_team = ""
    folder = _folder(language)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{DOMAIN}.po").open("wb") as file:
        write_po(file, catalogue, sort_output=True, no_location=True, omit_header=False, width=120)
    compiled_path(language).write_bytes(compiled(catalogue))
    return untranslated(catalogue)


def untranslated(catalogue: Catalog) -> list[str]:
    """Texts without a translation in some form."""
    missing = []
    for message in catalogue:
        forms = message.string if isinstance(message.string, list | tuple) else (message.string,)
        if message.id and not all(forms):
            missing.append(message.id if isinstance(message.id, str) else message.id[0])
    return missing


def _setting_texts() -> Iterator[tuple[str, str]]:
    from components.setting_form import plain_label
    from curation.sampling import SamplingConfig
    from curation.settings import settings_of
    from training.config import TrainingConfig
    from training.evaluation import EvaluationConfig
    from training.presets import PRESETS

    for config in (SamplingConfig, TrainingConfig, EvaluationConfig):
        for each in settings_of(config):
            yield plain_label(each.name), config.__name__
            yield each.help, config.__name__
    for preset in PRESETS.values():
        for text in (preset.title, preset.note, preset.source):
            yield text, "training.presets"


def _folder(language: str) -> Path:
    return CATALOGUES / language / "LC_MESSAGES"


def main() -> None:
    """Update every catalogue; ends with 1 while something is untranslated."""
    missing = {language: update(language) for language in LANGUAGES if language != "en"}
    for language, texts in missing.items():
        print(f"{language}: {len(texts)} to translate", *texts, sep="\n  ")
    sys.exit(1 if any(missing.values()) else 0)


if __name__ == "__main__":
    main()
