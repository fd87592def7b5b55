"""Which scripts a language is written in, and which characters belong to which script."""

from __future__ import annotations

import re
import unicodedata
from enum import IntEnum
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from curation.errors import InputError


class CharacterClass(IntEnum):
    """What a code point is; the compiled code repeats some (a test holds them together)."""

    OTHER = 0
    SPACE = 1
    NEWLINE = 2
    MARKUP = 3
    HAN = 4
    KANA = 5
    HANGUL = 6
    MARK = 7
    DIGIT = 8
    LATIN = 9
    CYRILLIC = 10
    GREEK = 11
    ARABIC = 12
    HEBREW = 13
    DEVANAGARI = 14
    BENGALI = 15
    GURMUKHI = 16
    GUJARATI = 17
    TAMIL = 18
    TELUGU = 19
    KANNADA = 20
    MALAYALAM = 21
    SINHALA = 22
    THAI = 23
    LAO = 24
    BURMESE = 25
    KHMER = 26
    GEORGIAN = 27
    ARMENIAN = 28
    ETHIOPIC = 29
    OTHER_SCRIPT = 30


_C = CharacterClass
_LATIN: Final = (
    "af az bs ca cs cy da de en es et eu fi fil fr ga gl ha hr hu id is it jv lb lt lv ms mt nl no nb nn pl pt ro sk "
    "sl so sq sv sw tl tr uz vi xh yo zu"
)
SCRIPTS_OF: Final[dict[str, tuple[CharacterClass, ...]]] = {
    **dict.fromkeys(_LATIN.split(), (_C.LATIN,)),
    **dict.fromkeys(["be", "bg", "kk", "ky", "mk", "mn", "ru", "tg", "uk"], (_C.CYRILLIC,)),
    **dict.fromkeys(["ar", "fa", "ps", "ur"], (_C.ARABIC,)),
    **dict.fromkeys(["hi", "mr", "ne"], (_C.DEVANAGARI,)),
    "zh": (_C.HAN,),
    "yue": (_C.HAN,),
    "ja": (_C.KANA, _C.HAN),
    "ko": (_C.HANGUL, _C.HAN),
    "sr": (_C.CYRILLIC, _C.LATIN),
    "el": (_C.GREEK,),
    "he": (_C.HEBREW,),
    "bn": (_C.BENGALI,),
    "pa": (_C.GURMUKHI,),
    "gu": (_C.GUJARATI,),
    "ta": (_C.TAMIL,),
    "te": (_C.TELUGU,),
    "kn": (_C.KANNADA,),
    "ml": (_C.MALAYALAM,),
    "si": (_C.SINHALA,),
    "th": (_C.THAI,),
    "lo": (_C.LAO,),
    "my": (_C.BURMESE,),
    "km": (_C.KHMER,),
    "ka": (_C.GEORGIAN,),
    "hy": (_C.ARMENIAN,),
    "am": (_C.ETHIOPIC,),
}
"""Language (ISO 639 code) → its scripts. Languages of one script are not told apart."""

TABLE_SIZE: Final = 0x40000
"""Code points from here on are neutral: tags, private use, and what a broken decoder made."""

_BLOCKS: Final = (
    (0x0041, 0x024F, _C.LATIN),
    (0x0250, 0x02AF, _C.LATIN),
    (0x1E00, 0x1EFF, _C.LATIN),
    (0x2C60, 0x2C7F, _C.LATIN),
    (0xA720, 0xA7FF, _C.LATIN),
    (0xFB00, 0xFB06, _C.LATIN),
    (0xFF21, 0xFF5A, _C.LATIN),
    (0x2E80, 0x2FDF, _C.HAN),
    (0x3005, 0x3007, _C.HAN),
    (0x3021, 0x3029, _C.HAN),
    (0x3100, 0x312F, _C.HAN),  # bopomofo
    (0x31A0, 0x31BF, _C.HAN),
    (0x3400, 0x4DBF, _C.HAN),
    (0x4E00, 0x9FFF, _C.HAN),
    (0xF900, 0xFAFF, _C.HAN),
    (0x20000, 0x3FFFF, _C.HAN),
    (0x3041, 0x30FF, _C.KANA),
    (0x31F0, 0x31FF, _C.KANA),
    (0xFF66, 0xFF9D, _C.KANA),
    (0x1B000, 0x1B16F, _C.KANA),
    (0x1100, 0x115F, _C.HANGUL),
    (0x3131, 0x318E, _C.HANGUL),
    (0xA960, 0xA97F, _C.HANGUL),
    (0xAC00, 0xD7A3, _C.HANGUL),
    (0xFFA0, 0xFFDC, _C.HANGUL),
    (0x0400, 0x052F, _C.CYRILLIC),
    (0x1C80, 0x1C8F, _C.CYRILLIC),
    (0x0370, 0x03FF, _C.GREEK),
    (0x1F00, 0x1FFF, _C.GREEK),
    (0x0600, 0x06FF, _C.ARABIC),
    (0x0750, 0x077F, _C.ARABIC),
    (0x08A0, 0x08FF, _C.ARABIC),
    (0xFB50, 0xFDFF, _C.ARABIC),
    (0xFE70, 0xFEFC, _C.ARABIC),
    (0x0590, 0x05FF, _C.HEBREW),
    (0xFB1D, 0xFB4F, _C.HEBREW),
    (0x0900, 0x097F, _C.DEVANAGARI),
    (0x0980, 0x09FF, _C.BENGALI),
    (0x0A00, 0x0A7F, _C.GURMUKHI),
    (0x0A80, 0x0AFF, _C.GUJARATI),
    (0x0B80, 0x0BFF, _C.TAMIL),
    (0x0C00, 0x0C7F, _C.TELUGU),
    (0x0C80, 0x0CFF, _C.KANNADA),
    (0x0D00, 0x0D7F, _C.MALAYALAM),
    (0x0D80, 0x0DFF, _C.SINHALA),
    (0x0E00, 0x0E7F, _C.THAI),
    (0x0E80, 0x0EFF, _C.LAO),
    (0x1000, 0x109F, _C.BURMESE),
    (0x1780, 0x17FF, _C.KHMER),
    (0x10A0, 0x10FF, _C.GEORGIAN),
    (0x1C90, 0x1CBF, _C.GEORGIAN),
    (0x0530, 0x058F, _C.ARMENIAN),
    (0xFB13, 0xFB17, _C.ARMENIAN),
    (0x1200, 0x139F, _C.ETHIOPIC),
)
_NEUTRAL_LETTERS: Final = (
    (0x00AA, 0x00AA),  # ordinal signs and the micro sign are written in every language
    (0x00B5, 0x00B5),
    (0x00BA, 0x00BA),
    (0x2100, 0x214F),  # ℝ, ℕ, ℃
    (0x2460, 0x24FF),  # ① and ⓐ
    (0x3200, 0x33FF),  # ㎞, ㈠
    (0x1D400, 0x1D7FF),  # 𝑥 and its like
    (0x1F100, 0x1F2FF),
)
_MARKS: Final = ((0x02B0, 0x02FF), (0x1160, 0x11FF), (0xD7B0, 0xD7FF), (0xFF9E, 0xFF9F))


def scripts_of(language: str) -> tuple[CharacterClass, ...]:
    """Scripts of a language code, with or without a region ("zh", "zh-CN", "pt_BR").

    Raises InputError when Winnow does not know how the language is written.
    """
    primary = re.split(r"[-_]", language.strip().lower(), maxsplit=1)[0]
    scripts = SCRIPTS_OF.get(primary)
    if scripts is None:
        raise InputError(
            f"target language {language!r} is not known; use an ISO 639 code such as {', '.join(sorted(SCRIPTS_OF))}."
        )
    return scripts


@cache
def character_classes() -> NDArray[np.uint8]:
    """(TABLE_SIZE,) uint8: the CharacterClass of every code point below TABLE_SIZE."""
    table = np.zeros(TABLE_SIZE, dtype=np.uint8)
    categories = np.array([unicodedata.category(chr(point)) for point in range(TABLE_SIZE)])
    kind = categories.astype("U1")
    letters = kind == "L"
    scripts = np.full(TABLE_SIZE, _C.OTHER_SCRIPT, dtype=np.uint8)
    for first, last, script in _BLOCKS:
        scripts[first : last + 1] = script
    table[letters] = scripts[letters]
    table[kind == "N"] = _C.DIGIT
    table[kind == "Z"] = _C.SPACE
    table[(kind == "M") | (categories == "Cf")] = _C.MARK
    numerals = (categories == "Nl") & (scripts == _C.HAN)  # 〇
    table[numerals] = _C.HAN
    table[[0x09, 0x0B, 0x0C, 0x0D]] = _C.SPACE
    table[[ord("$"), ord("`"), ord("\\")]] = _C.MARKUP
    table[[0x0A, 0x2028, 0x2029]] = _C.NEWLINE
    for first, last in _NEUTRAL_LETTERS:
        table[first : last + 1] = np.where(letters[first : last + 1], _C.OTHER, table[first : last + 1])
    for first, last in _MARKS:
        table[first : last + 1] = _C.MARK
    table.flags.writeable = False
    return table


@cache
def lower_case() -> NDArray[np.uint32]:
    """(0x2000,) uint32: each code point's lower case, where that is one code point."""
    lowered = [chr(point).lower() for point in range(0x2000)]
    table = np.array([ord(low) if len(low) == 1 else point for point, low in enumerate(lowered)], dtype=np.uint32)
    table.flags.writeable = False
    return table
