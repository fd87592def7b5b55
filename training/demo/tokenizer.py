"""The demo models' tokenizer: a small byte-level BPE with one token a digit and the Qwen turn marks.

`<think>` and `</think>` are ordinary added tokens, so that they are still there after decoding without special tokens.
"""

from collections.abc import Iterable

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

VOCABULARY = 1_536
CONTEXT = 1_024
END_OF_TEXT, TURN_START, TURN_END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
THINK, END_THINK = "<think>", "</think>"

# A digit is a token of its own: small models add and multiply far better when columns line up.
PIECES = r"\p{N}| ?\p{L}+| ?[^\s\p{L}\p{N}]+\n*|\n+|\s+(?!\S)|\s"

CHAT_TEMPLATE = (
    "{%- for message in messages %}"
    "{{- '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"
)


def train_tokenizer(texts: Iterable[str]) -> PreTrainedTokenizerFast:
    """Learn the vocabulary from questions and responses and return the tokenizer with its chat template."""
    special = [AddedToken(mark, special=True, normalized=False) for mark in (END_OF_TEXT, TURN_START, TURN_END)]
    ordinary = [AddedToken(mark, special=False, normalized=False) for mark in (THINK, END_THINK)]
    bpe = Tokenizer(models.BPE())
    bpe.normalizer = normalizers.NFC()
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PIECES), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY - len(special) - len(ordinary),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator(texts, trainer)
    bpe.add_special_tokens(special)
    bpe.add_tokens(ordinary)
    return PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        eos_token=TURN_END,
        pad_token=END_OF_TEXT,
        model_max_length=CONTEXT,
        padding_side="left",
        clean_up_tokenization_spaces=False,
        chat_template=CHAT_TEMPLATE,
    )


def encode_exchange(tokenizer: PreTrainedTokenizerFast, question: str, response: str) -> tuple[list[int], int]:
    """Tokens of a one-turn conversation up to its end mark, and how many of them are prompt."""
    prompt = f"{TURN_START}user\n{question}{TURN_END}\n{TURN_START}assistant\n"
    head = tokenizer.encode(prompt, add_special_tokens=False)
    tail = tokenizer.encode(f"{response}{TURN_END}", add_special_tokens=False)
    return head + tail, len(head)
