"""Between messages and tokens: rendering prompts with the chat template, and decoding what came back.

Think tags survive decoding even where a checkpoint registers them as special tokens, and a tag that the template had
already opened is put back, so that a candidate's text always carries its own tags.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from curation.errors import ModelError
from curation.records import Message
from curation.sampling.model_folder import remote_code_allowed

OPEN_THINK: Final = "<think>"
CLOSE_THINK: Final = "</think>"


@dataclass(frozen=True, slots=True)
class RenderedPrompt:
    """A prompt as the model reads it."""

    tokens: list[int]
    opened: str
    """What the template opened on the response's behalf ("<think>\\n"), or nothing."""


@dataclass(frozen=True, slots=True)
class DecodedResponse:
    """A response as a person reads it, and its lengths in tokens without the end mark."""

    text: str
    reasoning_tokens: int
    answer_tokens: int


class ChatFormat:
    """A tokenizer with its chat template."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        think_ids = {token: _single_id(tokenizer, token) for token in (OPEN_THINK, CLOSE_THINK)}
        self._close_id = think_ids[CLOSE_THINK]
        marked = {token for token, added in tokenizer.added_tokens_decoder.items() if added.special}
        special = marked.union(tokenizer.all_special_ids).difference(think_ids.values())
        self._dropped = np.asarray(sorted(special), dtype=np.int64)

    @classmethod
    def load(cls, folder: Path) -> ChatFormat:
        """Read the tokenizer in `folder`; raises ModelError when it cannot be used."""
        from transformers import AutoTokenizer

        try:
            tokenizer = AutoTokenizer.from_pretrained(
                folder, local_files_only=True, trust_remote_code=remote_code_allowed(folder)
            )
        except Exception as error:  # the library raises many kinds, all of which mean the same here
            raise ModelError(f"{folder}: the tokenizer cannot be loaded: {error}") from error
        if not tokenizer.chat_template:
            raise ModelError(f"{folder}: the tokenizer has no chat template; add chat_template.jinja.")
        return cls(tokenizer)

    def render(self, conversations: Sequence[tuple[Message, ...]]) -> list[RenderedPrompt]:
        """Prompts ready to be continued by the assistant; raises ModelError where the template refuses one."""
        texts = []
        for messages in conversations:
            turns = [{"role": m.role, "content": m.content} for m in messages]
            try:
                texts.append(self.tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False))
            except Exception as error:  # templates raise what they like
                shown = messages[0].content[:80] if messages else ""
                raise ModelError(f"the chat template cannot render the prompt {shown!r}: {error}") from error
        if not texts:
            return []
        encoded = self.tokenizer(texts, add_special_tokens=False)["input_ids"]
        return [RenderedPrompt(list(ids), _opened(text)) for ids, text in zip(encoded, texts, strict=True)]

    def decode(self, responses: Sequence[npt.NDArray[np.int64]], opened: Sequence[str]) -> list[DecodedResponse]:
        """Token ids without the end mark (n arrays) and what each prompt had opened → n responses."""
        kept = [tokens[~np.isin(tokens, self._dropped)] if len(self._dropped) else tokens for tokens in responses]
        bodies = self.tokenizer.batch_decode(
            [k.tolist() for k in kept], skip_special_tokens=False, clean_up_tokenization_spaces=False
        )
        return [
            self._measure(tokens, prefix + body, prefix)
            for tokens, body, prefix in zip(responses, bodies, opened, strict=True)
        ]

    def _measure(self, tokens: npt.NDArray[np.int64], text: str, opened: str) -> DecodedResponse:
        total = len(tokens)
        if self._close_id is not None:
            closed = np.flatnonzero(tokens == self._close_id)
            reasoning = int(closed[0]) + 1 if len(closed) else -1
        else:  # the tag is spelled with several tokens
            end = text.find(CLOSE_THINK)
            spelled = text[len(opened) : end + len(CLOSE_THINK)]
            reasoning = min(total, len(self.tokenizer.encode(spelled, add_special_tokens=False))) if end >= 0 else -1
        if reasoning < 0:
            reasoning = total if text.lstrip().startswith(OPEN_THINK) else 0
        return DecodedResponse(text, reasoning, total - reasoning)


def _opened(rendered: str) -> str:
    stripped = rendered.rstrip()
    return rendered[len(stripped) - len(OPEN_THINK) :] if stripped.endswith(OPEN_THINK) else ""


def _single_id(tokenizer: Any, token: str) -> int | None:
    ids = tokenizer.encode(token, add_special_tokens=False)
    return int(ids[0]) if len(ids) == 1 else None
