"""Loading a causal language model for sampling, and the two forward passes that continuous batching needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from curation.errors import ModelError
from curation.sampling.engines import slot_attention
from curation.sampling.engines.slot_cache import PrefixCache, SlotCache
from curation.sampling.model_folder import remote_code_allowed

_KNOWN_LAYERS = {"full_attention", "sliding_attention"}


class LoadedModel:
    """A model on its device, whose layers all keep ordinary keys and values."""

    def __init__(self, model: Any, where: str) -> None:
        self.model = model.eval()
        self.device: torch.device = model.device
        self.dtype: torch.dtype = model.dtype
        config = model.config.get_text_config()
        kinds = set(getattr(config, "layer_types", None) or ())
        if kinds - _KNOWN_LAYERS:
            raise ModelError(
                f"{where}: layers of type {', '.join(sorted(kinds - _KNOWN_LAYERS))} keep no ordinary key-value cache; "
                "sample this model with another engine."
            )
        self.layers: int = config.num_hidden_layers
        self.context: int = getattr(config, "max_position_embeddings", None) or 1 << 30
        self._mixed = len(kinds) > 1
        window = getattr(config, "sliding_window", None)
        slides = "sliding_attention" in kinds or (not kinds and getattr(config, "use_sliding_window", True))
        self._window: int | None = window if slides and window else None
        self._where = where

    @classmethod
    def open(cls, folder: Path, adapter: Path | None, device: str, vocabulary: int) -> LoadedModel:
        """Load safetensors weights, in float32 on a CPU and bfloat16 elsewhere, and merge the adapter into them.

        `vocabulary` is the tokenizer's size: an adapter may have come with added tokens. Raises ModelError.
        """
        from transformers import AutoModelForCausalLM

        target = _device(device)
        try:
            model = AutoModelForCausalLM.from_pretrained(
                folder,
                local_files_only=True,
                trust_remote_code=remote_code_allowed(folder),
                use_safetensors=True,
                dtype=torch.float32 if target.type == "cpu" else torch.bfloat16,
            )
            if adapter is not None:
                from peft import PeftModel

                if vocabulary > model.get_input_embeddings().num_embeddings:
                    model.resize_token_embeddings(vocabulary)
                model = PeftModel.from_pretrained(model, adapter, local_files_only=True).merge_and_unload()
            model = model.to(target)
        except Exception as error:  # the libraries raise many kinds, all of which mean the same here
            raise ModelError(f"{folder}: the model cannot be loaded: {error}") from error
        config = model.config.get_text_config()
        plain = not getattr(config, "attn_logit_softcapping", None)
        if plain and getattr(model, "_supports_sdpa", False):
            model.set_attn_implementation(slot_attention.register())
        else:
            model.set_attn_implementation("eager")
        return cls(model, str(folder))

    def end_tokens(self, tokenizer: Any) -> list[int]:
        """Every token that ends a response."""
        found = self.model.generation_config.eos_token_id
        ends = set(found if isinstance(found, list) else [found]) | {tokenizer.eos_token_id}
        return sorted(token for token in ends if token is not None)

    def prefill(self, tokens: list[list[int]]) -> PrefixCache:
        """Compute the keys and values of some prompts: each a list of ids, padded on the right here."""
        width = max(1, *(len(t) for t in tokens))
        padded = torch.zeros(len(tokens), width, dtype=torch.long)
        for row, ids in enumerate(tokens):
            padded[row, : len(ids)] = torch.tensor(ids, dtype=torch.long)
        positions = torch.arange(width, device=self.device).expand(len(tokens), width)
        cache = PrefixCache()
        causal = None
        if self._window is not None or self.model.config._attn_implementation == "eager":
            seen = torch.arange(width, device=self.device)
            causal = self._masks(seen[None, :, None], seen[None, None, :], len(tokens))
        self.model.base_model(
            input_ids=padded.to(self.device),
            attention_mask=causal,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
        )
        if len(cache.keys) != self.layers:
            raise ModelError(
                f"{self._where}: only {len(cache.keys)} of {self.layers} layers use the key-value cache; "
                "sample this model with another engine."
            )
        return cache

    def step(self, tokens: torch.Tensor, positions: torch.Tensor, cache: SlotCache, width: int) -> torch.Tensor:
        """One token a row: tokens and positions (rows,) → logits (rows, vocabulary) in float32."""
        cache.begin_step(positions, width)
        seen = torch.arange(width, device=self.device)
        output = self.model(
            input_ids=tokens[:, None],
            attention_mask=self._masks(positions[:, None, None], seen[None, None, :], len(tokens)),
            # A sequence runs on for a few tokens after its last, which may be past what the model has positions for.
            position_ids=positions.clamp(max=self.context - 1)[:, None],
            past_key_values=cache,
            use_cache=True,
        )
        logits: torch.Tensor = output.logits[:, -1].float()
        return logits

    def _masks(self, query: torch.Tensor, key: torch.Tensor, rows: int) -> Any:
        """Additive masks (rows, 1, queries, keys) in the form that the model's forward pass takes."""
        full = self._additive(key <= query, rows)
        if self._window is None:
            return full
        sliding = self._additive((key <= query) & (key > query - self._window), rows)
        return {"full_attention": full, "sliding_attention": sliding} if self._mixed else sliding

    def _additive(self, visible: torch.Tensor, rows: int) -> torch.Tensor:
        blank = torch.zeros((), dtype=self.dtype, device=self.device)
        hidden = torch.full((), torch.finfo(self.dtype).min, dtype=self.dtype, device=self.device)
        return torch.where(visible, blank, hidden)[:, None].expand(rows, -1, -1, -1)


def _device(name: str) -> torch.device:
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(name)
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ModelError(f"device {name!r} was asked for, but PyTorch sees no GPU here; use --device cpu.")
    return device
