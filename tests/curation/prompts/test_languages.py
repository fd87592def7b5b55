"""A prompt that names no language gets the one it is written in, as far as its script tells."""

import pytest

from curation.measures.languages import SCRIPTS_OF
from curation.prompts import LANGUAGES, guess_language, language_code


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("What is 1 + 1?", "en"),
        ("设 x 为 sin A 的值，求 x。", "zh"),
        (r"已知 $\frac{1}{2}$，求 $\sqrt{x}$ 的值", "zh"),
        ("Translate 你好 into English, please, and say why.", "en"),
        ("次の式を計算してください。1 + 1", "ja"),
        ("東京の面積は？", "ja"),
        ("다음을 계산하세요: 1 + 1", "ko"),
        ("Quelle est la capitale de la Norvège ?", "en"),
        ("1 + 1 = ?", "en"),
    ],
)
def test_guess(text: str, language: str) -> None:
    assert guess_language(text) == language


def test_codes() -> None:
    assert [language_code(c) for c in ("zh", "zh-CN", "ZH_Hans", " en ", "xx", "")] == [
        "zh",
        "zh",
        "zh",
        "en",
        None,
        None,
    ]


def test_every_language_that_can_be_imported_can_be_measured() -> None:
    assert set(SCRIPTS_OF) == LANGUAGES
