"""Train the demo's checkpoints on a CPU: a Qwen3 of about four million parameters, in batches of like lengths."""

import json
import logging
import math
import random
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as functional
from transformers import GenerationConfig, PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

from training.demo.corpus import Exchange
from training.demo.tokenizer import CONTEXT, VOCABULARY, encode_exchange

log = logging.getLogger(__name__)

IGNORED = -100
CHECKPOINT_EVERY = 100
GRAIN = 8


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to train; the learning rates fall linearly to zero over the last `decay` of the steps."""

    steps: int
    tokens_per_batch: int
    matrix_rate: float
    other_rate: float
    warm_up: int = 20
    decay: float = 0.5

    def factor(self, step: int) -> float:
        """What the learning rates are multiplied by at a step."""
        falling = (self.steps - step) / (self.decay * self.steps)
        return min(1.0, (step + 1) / self.warm_up, falling)


@dataclass(frozen=True)
class Batch:
    """Token ids and labels, both (rows, columns), padded on the right; prompt and padding carry no label."""

    tokens: torch.Tensor
    labels: torch.Tensor


def new_model(seed: int) -> Qwen3ForCausalLM:
    """A freshly initialised demo model."""
    torch.manual_seed(seed)
    config = Qwen3Config(
        vocab_size=VOCABULARY,
        hidden_size=256,
        intermediate_size=704,
        num_hidden_layers=5,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=64,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=True,
        rope_theta=10_000.0,
    )
    return Qwen3ForCausalLM(config)


def batches(
    tokenizer: PreTrainedTokenizerFast, exchanges: Iterable[Exchange], tokens_per_batch: int, seed: int
) -> list[Batch]:
    """Sort exchanges by length, cut them into batches of about so many tokens, and shuffle the batches.

    Neighbours have almost the same length, so next to nothing is padding.
    """
    rows = sorted((encode_exchange(tokenizer, e.question, e.response) for e in exchanges), key=lambda r: len(r[0]))
    cut: list[Batch] = []
    at = 0
    while at < len(rows):
        # Few distinct shapes: the CPU kernels are compiled anew for each, and that took longer than the padding does.
        width = _round_up(len(rows[at][0]), GRAIN)
        count = max(GRAIN, tokens_per_batch // width // GRAIN * GRAIN)
        chunk = [row for row in rows[at : at + count] if len(row[0]) <= width]
        at += len(chunk)
        if len(chunk) == count:
            cut.append(_batch(tokenizer.pad_token_id, chunk, width))
    random.Random(seed).shuffle(cut)
    return cut


def _round_up(length: int, grain: int) -> int:
    return -(-length // grain) * grain


def _batch(padding: int, rows: list[tuple[list[int], int]], width: int) -> Batch:
    tokens = torch.full((len(rows), width), padding)
    labels = torch.full((len(rows), width), IGNORED)
    for i, (row, prompt) in enumerate(rows):
        tokens[i, : len(row)] = torch.tensor(row)
        labels[i, prompt : len(row)] = tokens[i, prompt : len(row)]
    return Batch(tokens, labels)


def train(model: Qwen3ForCausalLM, cut: list[Batch], schedule: Schedule, state: Path | None = None) -> None:
    """Train in place. Matrices go to Muon, which needs about half the steps here, all else to AdamW.

    Where `state` is given, the run is saved there now and then, and continues from there if it exists.
    """
    matrices = [p for name, p in model.named_parameters() if p.ndim == 2 and "embed" not in name]
    others = [p for name, p in model.named_parameters() if p.ndim != 2 or "embed" in name]
    optimisers: list[tuple[torch.optim.Optimizer, float]] = [
        (torch.optim.Muon(matrices, lr=schedule.matrix_rate, weight_decay=0.02), schedule.matrix_rate),
        (torch.optim.AdamW(others, lr=schedule.other_rate, betas=(0.9, 0.95), weight_decay=0.0), schedule.other_rate),
    ]
    start = _resume(model, optimisers, state)
    model.train()
    began, mean = time.monotonic(), math.nan
    for step in range(start, schedule.steps):
        batch = cut[step % len(cut)]
        loss = _loss(model, batch)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(others, 1.0)
        for optimiser, rate in optimisers:
            for group in optimiser.param_groups:
                group["lr"] = rate * schedule.factor(step)
            optimiser.step()
            optimiser.zero_grad()
        mean = loss.item() if math.isnan(mean) else 0.95 * mean + 0.05 * loss.item()
        if (step + 1) % 50 == 0:
            pace = (time.monotonic() - began) / (step + 1 - start)
            log.info("step %d of %d, loss %.4f, %.2f s a step", step + 1, schedule.steps, mean, pace)
        if state is not None and (step + 1) % CHECKPOINT_EVERY == 0:
            _save_state(model, optimisers, step + 1, state)
    model.eval()


def _loss(model: Qwen3ForCausalLM, batch: Batch) -> torch.Tensor:
    # No attention mask: padding is on the right and attention is causal, so no labelled token ever sees any.
    prompt = (int((batch.labels != IGNORED).int().argmax(dim=1).min()) - 1) // GRAIN * GRAIN
    labels = batch.labels[:, prompt + 1 :]
    with torch.autocast("cpu", torch.bfloat16):
        hidden = model.model(input_ids=batch.tokens, use_cache=False).last_hidden_state
        logits = model.lm_head(hidden[:, prompt:-1])
    return functional.cross_entropy(logits.float().flatten(0, 1), labels.flatten(), ignore_index=IGNORED)


def _resume(model: Qwen3ForCausalLM, optimisers: list[tuple[torch.optim.Optimizer, float]], state: Path | None) -> int:
    if state is None or not state.exists():
        return 0
    saved: dict[str, Any] = torch.load(state, weights_only=True)
    model.load_state_dict(saved["model"])
    for (optimiser, _), values in zip(optimisers, saved["optimisers"], strict=True):
        optimiser.load_state_dict(values)
    log.info("continuing at step %d", saved["step"])
    return int(saved["step"])


def _save_state(
    model: Qwen3ForCausalLM, optimisers: list[tuple[torch.optim.Optimizer, float]], step: int, state: Path
) -> None:
    state.parent.mkdir(parents=True, exist_ok=True)
    partial = state.with_suffix(".partial")
    torch.save(
        {"model": model.state_dict(), "optimisers": [o.state_dict() for o, _ in optimisers], "step": step}, partial
    )
    partial.replace(state)


def save(model: Qwen3ForCausalLM, tokenizer: PreTrainedTokenizerFast, folder: Path, card: str) -> None:
    """Write a checkpoint folder: bfloat16 weights, tokenizer, generation settings and model card."""
    folder.mkdir(parents=True, exist_ok=True)
    model.generation_config = GenerationConfig(
        do_sample=True,
        temperature=1.0,
        top_k=0,
        top_p=1.0,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model.config.eos_token_id = tokenizer.eos_token_id
    model.config.pad_token_id = tokenizer.pad_token_id
    stored = {name: value.clone() for name, value in model.state_dict().items()}
    model.to(torch.bfloat16)
    model.save_pretrained(folder)
    model.to(torch.float32)
    model.load_state_dict(stored)
    tokenizer.save_pretrained(folder)
    (folder / "README.md").write_text(card, encoding="utf-8")


def load(folder: Path) -> Qwen3ForCausalLM:
    """Load a checkpoint folder in float32, as training wants it."""
    model = Qwen3ForCausalLM.from_pretrained(folder, dtype=torch.float32)
    assert isinstance(model, Qwen3ForCausalLM)
    return model


def parameters(model: Qwen3ForCausalLM) -> int:
    """How many parameters a model has, shared ones once."""
    return sum(p.numel() for p in model.parameters())


def write_jsonl(path: Path, rows: Iterable[object]) -> None:
    """Write one JSON object a line, replacing the file when complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    with partial.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    partial.replace(path)
