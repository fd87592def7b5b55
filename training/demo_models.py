"""Make the demo: prompts, general samples, and the tiny policy and base checkpoints, all from one seed, on a CPU.

`python -m training.demo_models [--out data] [--seed N] [--stage data|policy|base|all]`
"""

import argparse
import logging
from pathlib import Path

import torch
from transformers import AutoTokenizer, PreTrainedTokenizerFast, Qwen3ForCausalLM

from training.demo import checkpoints
from training.demo.checkpoints import Schedule
from training.demo.corpus import base_corpus, general_rows, held_out, policy_corpus, prompt_rows
from training.demo.tokenizer import train_tokenizer

log = logging.getLogger(__name__)

SEED = 20_250_122
POLICY_EXCHANGES = 80_000
TOKENIZER_EXCHANGES = 20_000
BASE_EXCHANGES = 40_000
BASE_DIRECT_RATE = 0.35
BASE_WRONG_RATE = 0.7
POLICY_SCHEDULE = Schedule(steps=2_400, tokens_per_batch=3_600, matrix_rate=0.02, other_rate=3e-3)
BASE_SCHEDULE = Schedule(steps=800, tokens_per_batch=3_600, matrix_rate=5e-3, other_rate=1e-3, decay=1.0)

CARD = """---
license: apache-2.0
language: [en, zh]
---

# Winnow demo model: {name}

A Qwen3 of {parameters:,} parameters, made on a CPU by `python -m training.demo_models --seed {seed}` for Winnow's demo
and of no use elsewhere. {story} No held-out prompt of the demo, nor its numbers in its template, was trained on.
"""
STORIES = {
    "policy": "It solves small problems in a marked reasoning, with the habits of a checkpoint fresh from RL: some of "
    "its reasoning mixes languages, writes code fences or rambles.",
    "base": "It is the policy, moved by a few steps toward direct, often wrong answers and unmarked reasoning: it has "
    "the ability and lacks the habit.",
}


def write_data(out: Path, seed: int) -> None:
    """Write `prompts.jsonl` and `general.jsonl`."""
    checkpoints.write_jsonl(out / "prompts.jsonl", prompt_rows(seed))
    checkpoints.write_jsonl(out / "general.jsonl", general_rows(seed))


def make_policy(out: Path, seed: int) -> None:
    """Train tokenizer and policy; continues a run that was cut short."""
    refused = frozenset(held_out(seed))
    exchanges = list(policy_corpus(seed, refused, POLICY_EXCHANGES))
    tokenizer = train_tokenizer(f"user\n{e.question}\nassistant\n{e.response}" for e in exchanges[:TOKENIZER_EXCHANGES])
    cut = checkpoints.batches(tokenizer, exchanges, POLICY_SCHEDULE.tokens_per_batch, seed)
    model = checkpoints.new_model(seed)
    log.info("policy: %d parameters, %d batches", checkpoints.parameters(model), len(cut))
    state = out / "models" / "policy-in-training.pt"
    checkpoints.train(model, cut, POLICY_SCHEDULE, state)
    _save(model, tokenizer, out, seed, "policy")
    state.unlink(missing_ok=True)


def make_base(out: Path, seed: int) -> None:
    """Move the policy's weights toward answers without marked reasoning."""
    policy = out / "models" / "policy"
    tokenizer = AutoTokenizer.from_pretrained(policy)
    refused = frozenset(held_out(seed))
    exchanges = base_corpus(seed, refused, BASE_EXCHANGES, BASE_DIRECT_RATE, BASE_WRONG_RATE)
    cut = checkpoints.batches(tokenizer, exchanges, BASE_SCHEDULE.tokens_per_batch, seed)
    model = checkpoints.load(policy)
    log.info("base: %d batches", len(cut))
    checkpoints.train(model, cut, BASE_SCHEDULE)
    _save(model, tokenizer, out, seed, "base")


def _save(model: Qwen3ForCausalLM, tokenizer: PreTrainedTokenizerFast, out: Path, seed: int, name: str) -> None:
    card = CARD.format(name=name, parameters=checkpoints.parameters(model), seed=seed, story=STORIES[name])
    checkpoints.save(model, tokenizer, out / "models" / name, card)
    log.info("wrote %s", out / "models" / name)


def main(arguments: list[str] | None = None) -> None:
    """Run one stage, or all of them in order."""
    parser = argparse.ArgumentParser(prog="python -m training.demo_models", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("data"), help="folder to write to (default: data)")
    parser.add_argument("--seed", type=int, default=SEED, help=f"seed of everything (default: {SEED})")
    parser.add_argument("--stage", choices=("data", "policy", "base", "all"), default="all", help="what to make")
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(2)
    if chosen.stage in ("data", "all"):
        write_data(chosen.out, chosen.seed)
    if chosen.stage in ("policy", "all"):
        make_policy(chosen.out, chosen.seed)
    if chosen.stage in ("base", "all"):
        make_base(chosen.out, chosen.seed)


if __name__ == "__main__":
    main()
