"""Interface text in the reader's language: gettext catalogues, chosen by the browser's language or with the switch.

    _("Overview")                                     translated where it is called
    N_("Overview")                                    marked for the catalogue, translated later with _(…)
    plural("{n} job", "{n} jobs", count)              the form that fits the count
    @per_language(maxsize=16)                         a cache whose results hold translated text

`make catalogues` takes new texts into components/locale/ and compiles it.
"""

from __future__ import annotations

import gettext
import re
from collections.abc import Callable, Mapping
from functools import cache, lru_cache, wraps
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

LANGUAGES: Final[Mapping[str, str]] = {"en": "English", "zh_CN": "简体中文"}
"""Languages of the interface by catalogue, in their own words; English is the language of the source."""

CATALOGUES: Final = Path(__file__).parent / "locale"
DOMAIN: Final = "winnow"
CHOSEN: Final = "language"
"""Key of the session, and of the URL, under which a chosen language is kept."""

_ADDRESS: Final = re.compile(r":(?=//)|\bwww(?=\.)|@", re.IGNORECASE)

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def _(text: str) -> str:
    """`text` in the language of the reader."""
    return _catalogue(language()).gettext(text) if text else text


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for it
    """`text` itself, marked for the catalogue: for constants, which are made before there is a reader."""
    return text


def plural(one: str, many: str, count: int) -> str:
    """The form of a phrase that fits `count`, in the language of the reader."""
    return _catalogue(language()).ngettext(one, many, count)


def language() -> str:
    """The reader's language, a key of LANGUAGES: the chosen one, else the browser's, else English."""
    if get_script_run_ctx(suppress_warning=True) is None:  # not in a page: a test, a thread, a tool
        return "en"
    chosen = st.session_state.get(CHOSEN)
    if chosen in LANGUAGES:
        return str(chosen)
    return spoken(st.context.locale or "")


def spoken(locale: str) -> str:
    """The language of LANGUAGES that serves a browser's locale best: "zh-Hant-TW" → "zh_CN", "fr" → "en"."""
    return "zh_CN" if locale.replace("_", "-").split("-")[0].lower() == "zh" else "en"


def per_language(maxsize: int) -> Callable[[Callable[Parameters, Result]], Callable[Parameters, Result]]:
    """Like `functools.lru_cache`, with the reader's language as part of the key."""

    def decorate(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
        @lru_cache(maxsize=maxsize)
        def cached(spoken_here: str, *arguments: Any, **named: Any) -> Result:
            return function(*arguments, **named)

        @wraps(function)
        def call(*arguments: Parameters.args, **named: Parameters.kwargs) -> Result:
            return cached(language(), *arguments, **named)

        return call

    return decorate


def inert(text: str) -> str:
    """`text` as Markdown that shows just it: for labels, which can only be Markdown."""
    # addresses become links even where they are escaped; an invisible joiner takes them apart
    text = _ADDRESS.sub(lambda start: f"{start[0]}\u2060", text.replace("\n", " "))
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]()<>#+-.!|$~:^=&" else sign for sign in text)


@cache
def _catalogue(name: str) -> gettext.NullTranslations:
    if name == "en":
        return gettext.NullTranslations()
    return gettext.translation(DOMAIN, CATALOGUES, [name], fallback=True)


__all__ = ["CHOSEN", "LANGUAGES", "N_", "_", "inert", "language", "per_language", "plural", "spoken"]
