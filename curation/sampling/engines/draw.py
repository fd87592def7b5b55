"""Choosing the next token of many sequences at once from logits and one uniform number each."""

from __future__ import annotations

import torch


def draw(logits: torch.Tensor, uniforms: torch.Tensor, temperature: float, top_p: float) -> torch.Tensor:
    """logits (rows, vocabulary) in float32, uniforms (rows,) in [0, 1) → token ids (rows,), by inverting the CDF.

    `temperature` 0 takes the most likely token. `top_p` keeps the smallest set of tokens whose share reaches it.
    """
    if temperature == 0:
        return logits.argmax(dim=-1)
    shares = torch.softmax(logits / temperature if temperature != 1 else logits, dim=-1)
    if top_p >= 1:
        return _invert(shares.cumsum(dim=-1), uniforms)
    ordered, tokens = shares.sort(dim=-1, descending=True)
    total = ordered.cumsum(dim=-1)
    kept = torch.where(total - ordered < top_p, ordered, torch.zeros_like(ordered))
    return tokens.gather(1, _invert(kept.cumsum(dim=-1), uniforms)[:, None]).squeeze(1)


def _invert(cumulative: torch.Tensor, uniforms: torch.Tensor) -> torch.Tensor:
    total = cumulative[:, -1:]
    # Rounding can bring u × total up to the total itself; the clamp to just below it keeps tokens of share 0 out.
    points = torch.minimum(uniforms[:, None] * total, torch.nextafter(total, torch.zeros_like(total)))
    return torch.searchsorted(cumulative, points, right=True).squeeze(1)
