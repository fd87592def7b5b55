"""Attention for continuous batching, in terms of PyTorch's fused kernel and without copying the cache.

With grouped queries, transformers' own function repeats keys and values for every query head at each step; here the
heads of a group are laid along the query axis instead, which a single new token a sequence allows.
"""

from __future__ import annotations

from typing import Any, Final

import torch
from torch.nn.functional import scaled_dot_product_attention

NAME: Final = "winnow_slots"


def register() -> str:
    """Make the function known to transformers, and return its name."""
    from transformers import AttentionInterface

    AttentionInterface.register(NAME, slot_attention)
    return NAME


def slot_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """query (rows, heads, tokens, size), key and value (rows, groups, seen, size) → (rows, tokens, heads, size).

    `attention_mask` is additive, (rows, 1, tokens, seen); without one attention is causal.
    """
    rows, heads, tokens, size = query.shape
    groups = key.shape[1]
    if tokens == 1 and attention_mask is not None:
        folded = query.reshape(rows, groups, heads // groups, size)
        mixed = scaled_dot_product_attention(folded, key, value, attn_mask=attention_mask, scale=scaling)
        return mixed.reshape(rows, 1, heads, value.shape[3]), None
    mixed = scaled_dot_product_attention(
        query,
        key,
        value,
        attn_mask=attention_mask,
        scale=scaling,
        is_causal=attention_mask is None and tokens > 1,
        enable_gqa=heads != groups,
    )
    return mixed.transpose(1, 2).contiguous(), None
