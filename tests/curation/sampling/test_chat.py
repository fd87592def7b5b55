"""A candidate's text always carries its own think tags, and nothing of the end mark; its lengths are in tokens."""

from __future__ import annotations

import numpy as np
import pytest

from curation.records import Message
from curation.sampling.chat import ChatFormat
from tests.tiny_model import build_byte_tokenizer

TEXT = "<think>\nabc</think>\n\nok 好"


@pytest.mark.parametrize("special", [False, True])
@pytest.mark.parametrize("opened", [False, True])
def test_think_tags_survive(special: bool, opened: bool) -> None:
    chat = ChatFormat(build_byte_tokenizer(opens_think=opened, special_think=special))
    (prompt,) = chat.render([(Message("user", "hi"),)])
    assert prompt.opened == ("<think>\n" if opened else "")
    generated = TEXT.removeprefix(prompt.opened)
    tokens = np.asarray(chat.tokenizer.encode(generated + "<|im_end|>", add_special_tokens=False))
    (response,) = chat.decode([tokens[:-1]], [prompt.opened])
    assert response.text == TEXT
    assert response.reasoning_tokens == (4 if opened else 6)
    assert response.reasoning_tokens + response.answer_tokens == len(tokens) - 1


def test_a_block_that_is_never_closed_is_all_reasoning() -> None:
    chat = ChatFormat(build_byte_tokenizer())
    tokens = [np.asarray(chat.tokenizer.encode(text)) for text in ("<think>abc", "abc")]
    lost, plain = chat.decode(tokens, ["", ""])
    assert (lost.reasoning_tokens, lost.answer_tokens) == (4, 0)
    assert (plain.reasoning_tokens, plain.answer_tokens) == (0, 3)


def test_a_rendered_prompt_is_what_the_template_says() -> None:
    chat = ChatFormat(build_byte_tokenizer())
    (prompt,) = chat.render([(Message("system", "Be brief."), Message("user", "hi"))])
    assert chat.tokenizer.decode(prompt.tokens) == (
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n"
    )
