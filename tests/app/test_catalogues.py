"""Promise: every text of the interface is in every catalogue, translated, and none that is gone is left."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from babel.messages.catalog import Message

from components.catalogues import compiled, compiled_path, read_catalogue, source_texts, texts_of, untranslated
from components.text import LANGUAGES, spoken

OTHERS = [language for language in LANGUAGES if language != "en"]
PLACEHOLDER = re.compile(r"\{\w*\}|%\{[^}]*\}|:material/\w+:|\*\*|<[^>]*>")
ADVICE = "run `make catalogues`, translate what it names, and run it again"


def forms(text: object) -> list[str]:
    return [str(form) for form in text] if isinstance(text, list | tuple) else [str(text)]


def test_texts_are_found_wherever_they_stand() -> None:
    source = """a = f"<b>{_('inside {n}')}</b>" + _("plain" " and joined")
b = plural("one", "many", 2) + _(each.help) + N_('x')"""
    assert set(texts_of(source)) == {"inside {n}", "plain and joined", ("one", "many"), "x"}


@pytest.mark.parametrize("language", OTHERS)
def test_the_catalogue_holds_exactly_the_texts_of_the_code(language: str) -> None:
    here = {message.id for message in source_texts() if message.id}
    there = {message.id for message in read_catalogue(language) if message.id}
    assert sorted(map(str, here - there)) == [], f"missing: {ADVICE}"
    assert sorted(map(str, there - here)) == [], f"stale: {ADVICE}"


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_translated_and_compiled(language: str) -> None:
    catalogue = read_catalogue(language)
    assert untranslated(catalogue) == [], ADVICE
    assert compiled_path(language).read_bytes() == compiled(catalogue), ADVICE


@pytest.mark.parametrize("language", OTHERS)
def test_translations_keep_what_is_filled_in_and_every_mark(language: str) -> None:
    def marks(text: str) -> Counter[str]:
        return Counter(PLACEHOLDER.findall(text))

    def keeps(message: Message) -> bool:
        wanted = marks(forms(message.id)[-1])
        return all(marks(form) == wanted for form in forms(message.string))

    assert [message.id for message in read_catalogue(language) if message.id and not keeps(message)] == []


@pytest.mark.parametrize(
    ("locale", "expected"),
    [("zh-CN", "zh_CN"), ("zh", "zh_CN"), ("zh-Hant-TW", "zh_CN"), ("en-US", "en"), ("fr", "en"), ("", "en")],
)
def test_the_browser_chooses(locale: str, expected: str) -> None:
    assert spoken(locale) == expected
