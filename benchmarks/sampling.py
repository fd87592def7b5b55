"""How fast the embedded engine samples beside a bare loop of batched `generate`: python benchmarks/sampling.py

Both sample the same prompts with the same model, settings and batch size, in turns; medians are compared.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging

from benchmarks.report import report
from curation.records import Message
from curation.sampling.engines import Engine, SamplingParameters, SamplingRequest, open_engine
from tests.tiny_model import build_tiny_model

GOAL = 1.15
"""The engine may take at most so many times as long as the bare loop."""


def stand_in(folder: Path) -> Path:
    """A model of the demo's size with random weights, whose sequences end at random: about 100 tokens on average."""
    build_tiny_model(
        folder,
        vocab_size=1536,
        hidden_size=256,
        intermediate_size=704,
        num_hidden_layers=5,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=64,
        initializer_range=0.02,
        tie_word_embeddings=True,
        # With nearly uniform next tokens, so many end marks give sequences of about 100 tokens.
        eos_token_id=[258, *range(1500, 1514)],
    )
    path = folder / "generation_config.json"
    config = json.loads(path.read_text())
    config["eos_token_id"] = [258, *range(1500, 1514)]
    path.write_text(json.dumps(config))
    return folder


def questions(count: int) -> list[str]:
    """Prompts of 20 to 120 characters."""
    rng = np.random.default_rng(0)
    return ["".join(rng.choice(list("abcdefgh 0123456789"), size=int(rng.integers(20, 120)))) for _ in range(count)]


def run_engine(engine: Engine, prompts: list[str], n: int) -> tuple[float, int]:
    """Seconds, and tokens sampled."""

    def requests() -> Iterator[SamplingRequest]:
        for index, prompt in enumerate(prompts):
            for sample in range(n):
                yield SamplingRequest((index, sample), (Message("user", prompt),), index * 1000 + sample)

    started = clock()
    tokens = sum(c.reasoning_tokens + c.answer_tokens for c in engine.generate(requests()))
    return clock() - started, tokens


def run_bare(model: Any, tokenizer: Any, prompts: list[str], n: int, batch: int, limit: int) -> tuple[float, int]:
    """A loop of `generate` over batches sorted by prompt length; seconds, and tokens sampled."""
    started = clock()
    rendered = [
        tokenizer.apply_chat_template([{"role": "user", "content": p}], add_generation_prompt=True, tokenize=False)
        for p in prompts
    ]
    rows = sorted((text for text in rendered for _ in range(n)), key=len)
    tokens = 0
    for start in range(0, len(rows), batch):
        chunk = rows[start : start + batch]
        encoded = tokenizer(chunk, return_tensors="pt", padding=True, padding_side="left", add_special_tokens=False)
        output = model.generate(**encoded, do_sample=True, temperature=1.0, top_p=1.0, top_k=0, max_new_tokens=limit)
        fresh = output[:, encoded["input_ids"].shape[1] :]
        tokenizer.batch_decode(fresh, skip_special_tokens=True)
        tokens += int((fresh != tokenizer.pad_token_id).sum())
    return clock() - started, tokens


def clock() -> float:
    """Seconds; of processor time where one thread does all, so that a busy machine disturbs less."""
    return time.process_time() if torch.get_num_threads() == 1 else time.perf_counter()


def main() -> None:
    """Print one JSON object a metric."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small size, under a minute")
    parser.add_argument("--model", type=Path, help="a model folder; without one, random weights of the demo's size")
    parser.add_argument("--prompts", type=int, help="how many prompts")
    parser.add_argument("--samples", type=int, default=4, help="samples a prompt")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--max-new-tokens", type=int, default=256)
    parser.add_argument("--rounds", type=int, help="how often each is measured")
    parser.add_argument("--threads", type=int, help="threads of PyTorch; with 1, processor time is measured")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    count = options.prompts or (64 if options.quick else 600)
    rounds = options.rounds or (3 if options.quick else 5)
    logging.disable_progress_bar()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.model or stand_in(Path(scratch) / "model")
        parameters = SamplingParameters(1.0, 1.0, options.max_new_tokens, options.batch_size, "cpu")
        engine = open_engine("transformers", folder, parameters=parameters)
        tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        model: Any = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True, dtype=torch.float32)
        prompts = questions(count)
        run_engine(engine, prompts[:16], 1)  # first calls allocate
        run_bare(model, tokenizer, prompts[:16], 1, options.batch_size, 16)
        ours, bare, rates, bare_rates = [], [], [], []
        for _ in range(rounds):
            seconds, tokens = run_engine(engine, prompts, options.samples)
            ours.append(seconds)
            rates.append(tokens / seconds)
            seconds, tokens = run_bare(
                model, tokenizer, prompts, options.samples, options.batch_size, options.max_new_tokens
            )
            bare.append(seconds)
            bare_rates.append(tokens / seconds)
    samples = count * options.samples
    ratio = statistics.median(o / b for o, b in zip(ours, bare, strict=True))
    named = f"{statistics.median(bare):.1f} s: a loop of batched generate"
    report("sampling_time_ratio", ratio, "ours / bare, median", named, GOAL, ratio <= GOAL)
    engine_rate, bare_rate = statistics.median(rates), statistics.median(bare_rates)
    named = f"{bare_rate:,.0f} tokens/s: the same loop"
    report("tokens_per_s", engine_rate, "tokens/s", named, bare_rate / GOAL, engine_rate >= bare_rate / GOAL)
    rate, base = samples / statistics.median(ours), samples / statistics.median(bare)
    named = f"{base:,.1f} samples/s: the same loop"
    report("samples_per_s", rate, "samples/s", named, base / GOAL, rate >= base / GOAL)


if __name__ == "__main__":
    main()
