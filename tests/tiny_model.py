"""A random-weight checkpoint that builds in a moment: two layers, a byte-level tokenizer, a chat template.

It answers nothing sensible, but it is a real `transformers` model folder: the same files, the same code paths.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

IM_START, IM_END, PAD = "<|im_start|>", "<|im_end|>", "<|endoftext|>"
THINK, END_THINK = "<think>", "</think>"

CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message.role + '\\n' }}"
    "{% generation %}{{ message.content + '<|im_end|>' }}{% endgeneration %}{{ '\\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
"""ChatML, which leaves think blocks in place."""


def build_tiny_model(
    folder: Path,
    *,
    architecture: str = "qwen3",
    opens_think: bool = False,
    special_think: bool = False,
    seed: int = 0,
    **sizes: Any,
) -> Path:
    """Write a model of `architecture` ("qwen3" or "llama") to `folder` and return it.

    `opens_think`: the generation prompt ends with an opened think tag. `special_think`: the think tags are registered
    as special tokens, as some checkpoints do by mistake. `sizes` overrides the model's configuration.
    """
    import torch
    from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM, Qwen3Config, Qwen3ForCausalLM

    tokenizer = build_byte_tokenizer(opens_think=opens_think, special_think=special_think)
    config: dict[str, Any] = {
        "vocab_size": len(tokenizer),
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 16,
        "max_position_embeddings": 4096,
        "initializer_range": 0.2,  # large enough that different prompts go different ways
        "tie_word_embeddings": False,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": None,
        **sizes,
    }
    torch.manual_seed(seed)
    model: Any
    if architecture == "qwen3":
        model = Qwen3ForCausalLM(Qwen3Config(**config))
    elif architecture == "llama":
        model = LlamaForCausalLM(LlamaConfig(**config))
    else:
        raise ValueError(f"no tiny model of architecture {architecture!r}")
    model.generation_config = GenerationConfig(
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id, do_sample=True
    )
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def build_byte_tokenizer(*, opens_think: bool = False, special_think: bool = False) -> Any:
    """A byte-level tokenizer without merges: 256 bytes, the ChatML marks and the think tags."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    core = Tokenizer(models.BPE(vocab={byte: index for index, byte in enumerate(alphabet)}, merges=[]))
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    core.add_tokens([AddedToken(mark, special=True, normalized=False) for mark in (PAD, IM_START, IM_END)])
    core.add_tokens([AddedToken(tag, special=special_think, normalized=False) for tag in (THINK, END_THINK)])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core, eos_token=IM_END, pad_token=PAD, clean_up_tokenization_spaces=False
    )
    opened = rf"{THINK}\n" if opens_think else ""
    tokenizer.chat_template = CHAT_TEMPLATE.replace(r"assistant\n", rf"assistant\n{opened}")
    return tokenizer
