"""The tokenizer a fine-tuning uses: the base's own, with the template, end token and added tokens of the settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curation.errors import InputError
from curation.sampling.model_folder import read_json, remote_code_allowed
from training.config import TrainingConfig, template_text


@dataclass(frozen=True, slots=True)
class TrainingTokenizer:
    """`tokenizer` is transformers' own; `end_ids` end a response; the embeddings of `added_ids` are trained."""

    tokenizer: Any
    end_ids: frozenset[int]
    added_ids: tuple[int, ...]
    base: Path

    def render(self, turns: list[dict[str, str]], *, ask: bool) -> str:
        """The conversation as text; with `ask` it ends where the response begins."""
        text: str = self.tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=ask)
        return text

    def encode(self, texts: list[str]) -> list[list[int]]:
        """Rendered conversations → token ids; the template has put in every special token."""
        ids: list[list[int]] = self.tokenizer(texts, add_special_tokens=False, return_attention_mask=False)["input_ids"]
        return ids


def load_tokenizer(config: TrainingConfig) -> TrainingTokenizer:
    """The tokenizer of `config.base`, made ready as the settings say.

    Raises InputError when there is no chat template, or when the end token is not in the vocabulary.
    """
    from transformers import AutoTokenizer

    base = Path(config.base)
    try:
        tokenizer = AutoTokenizer.from_pretrained(
            base, local_files_only=True, trust_remote_code=remote_code_allowed(base)
        )
    except (OSError, ValueError) as error:
        raise InputError(f"{base}: its tokenizer cannot be loaded: {error}") from error
    # special=False: special tokens vanish from decoded text, and think tags must not
    tokenizer.add_tokens(list(config.added_tokens), special_tokens=False)
    # a token that the base's vocabulary had room for, but that it never saw, is trained like a new one
    added = tuple(tokenizer.convert_tokens_to_ids(list(config.added_tokens)))
    if config.eos_token is not None:
        if config.eos_token not in tokenizer.get_vocab():
            raise InputError(
                f"eos_token is {config.eos_token!r}, which is not in the vocabulary of {base}; "
                "choose one that is, or put it into added_tokens as well."
            )
        tokenizer.eos_token = config.eos_token
    if tokenizer.eos_token_id is None:
        raise InputError(f"{base}: its tokenizer has no end token; set eos_token.")
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    if config.chat_template is not None:
        tokenizer.chat_template = template_text(config.chat_template)
    if not tokenizer.chat_template:
        raise InputError(
            f"{base}: its tokenizer has no chat template (a raw base?); set chat_template to a Jinja file."
        )
    ends = {tokenizer.eos_token_id} if config.eos_token is not None else _end_ids(base) | {tokenizer.eos_token_id}
    return TrainingTokenizer(tokenizer, frozenset(ends), added, base)


def _end_ids(base: Path) -> set[int]:
    """Where generation with the base ends, beside its tokenizer's end token."""
    path = base / "generation_config.json"
    if not path.is_file():
        return set()
    found = read_json(path).get("eos_token_id")
    if found is None:
        return set()
    return set(found) if isinstance(found, list) else {found}
