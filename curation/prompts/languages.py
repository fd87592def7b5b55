"""Target languages: the codes that a prompt may carry, and a cheap guess for prompts that carry none."""

from __future__ import annotations

import re
from typing import Final

LANGUAGES: Final = frozenset(
    (
        *("af", "am", "ar", "az", "be", "bg", "bn", "bs", "ca", "cs", "cy", "da", "de", "el", "en", "es", "et"),
        *("eu", "fa", "fi", "fil", "fr", "ga", "gl", "gu", "ha", "he", "hi", "hr", "hu", "hy", "id", "is", "it"),
        *("ja", "jv", "ka", "kk", "km", "kn", "ko", "ky", "lb", "lo", "lt", "lv", "mk", "ml", "mn", "mr", "ms"),
        *("mt", "my", "nb", "ne", "nl", "nn", "no", "pa", "pl", "ps", "pt", "ro", "ru", "si", "sk", "sl", "so"),
        *("sq", "sr", "sv", "sw", "ta", "te", "tg", "th", "tl", "tr", "uk", "ur", "uz", "vi", "xh", "yo", "yue"),
        *("zh", "zu"),
    )
)
"""ISO 639 codes that `target_language` may be: those whose scripts the measures know."""

_LATEX_COMMAND = re.compile(r"\\[A-Za-z]+")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")
_KANA = re.compile(r"[\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9d]")
_HANGUL = re.compile(r"[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]")
_WORD = re.compile(r"[^\W\d_\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]{2,}")
_CJK_SHARE: Final = 0.3


def language_code(text: str) -> str | None:
    """`text` as a known code ("zh-CN" and "ZH_Hans" are "zh"), or None when it is none."""
    code = re.split(r"[-_]", text.strip().lower(), maxsplit=1)[0]
    return code if code in LANGUAGES else None


def guess_language(text: str) -> str:
    """zh, ja or ko where more than 30 % of the words are written in their script, en otherwise.

    A Han, kana or Hangul character counts as a word, like a run of two letters or more of any other script. Kana
    decides between Japanese and Chinese. Other languages are not told apart: name them when importing.
    """
    if text.isascii():
        return "en"
    text = _LATEX_COMMAND.sub(" ", text)
    han, kana, hangul = (len(script.findall(text)) for script in (_HAN, _KANA, _HANGUL))
    east_asian = han + kana + hangul
    if east_asian <= _CJK_SHARE * (east_asian + len(_WORD.findall(text))):
        return "en"
    if hangul > han + kana:
        return "ko"
    return "ja" if kana > _CJK_SHARE / 3 * east_asian else "zh"
