"""Continuous batching changes nothing but the speed: each sample is what the model alone would have said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from curation.records import Message
from curation.sampling.engines import Completion, Engine, SamplingParameters, SamplingRequest, open_engine
from tests.tiny_model import build_tiny_model

QUESTIONS = [
    "1+1?",
    "Name a colour and say why.",
    "你好，世界",
    "x" * 90,
    "Why?",
    "How far is the moon?",
    "?",
]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def ask(text: str) -> tuple[Message, ...]:
    return (Message("user", text),)


def requests(questions: list[str], n: int, seed: int = 0) -> Iterator[SamplingRequest]:
    for index, question in enumerate(questions):
        for sample in range(n):
            yield SamplingRequest((index, sample), ask(question), seed + 1000 * index + sample)


def complete(engine: Engine, questions: list[str], n: int = 1, seed: int = 0) -> dict[tuple[int, int], Completion]:
    found = list(engine.generate(requests(questions, n, seed)))
    by_key = {completion.key: completion for completion in found}
    assert len(by_key) == len(found) == len(questions) * n
    return by_key


def expected_texts(folder: Path, questions: list[str], max_new_tokens: int) -> list[str]:
    model: Any = AutoModelForCausalLM.from_pretrained(folder)
    tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    texts = []
    for question in questions:
        encoded = tokenizer.apply_chat_template(
            [{"role": "user", "content": question}], add_generation_prompt=True, return_tensors="pt", return_dict=True
        )
        output = model.generate(**encoded, do_sample=False, max_new_tokens=max_new_tokens)
        texts.append(tokenizer.decode(output[0, encoded["input_ids"].shape[1] :], skip_special_tokens=True))
    return texts


@pytest.mark.parametrize("batch_size", [1, 3, 16])
@pytest.mark.parametrize("architecture", ["qwen3", "llama"])
def test_greedy_equals_generate(architecture: str, batch_size: int, tiny_model: Path, tiny_llama: Path) -> None:
    folder = tiny_model if architecture == "qwen3" else tiny_llama
    engine = open_engine("transformers", folder, parameters=SamplingParameters(0.0, 1.0, 30, batch_size, "cpu"))
    found = complete(engine, QUESTIONS, n=2)
    expected = expected_texts(folder, QUESTIONS, 30)
    for (index, _), completion in found.items():
        assert completion.text == expected[index]
        assert completion.reasoning_tokens + completion.answer_tokens <= 30


def test_a_sliding_window_is_honoured(tmp_path: Path) -> None:
    folder = build_tiny_model(
        tmp_path / "sliding",
        sliding_window=16,
        use_sliding_window=True,
        layer_types=["sliding_attention", "full_attention"],
    )
    engine = open_engine("transformers", folder, parameters=SamplingParameters(0.0, 1.0, 30, 4, "cpu"))
    found = complete(engine, QUESTIONS)
    assert [found[i, 0].text for i in range(len(QUESTIONS))] == expected_texts(folder, QUESTIONS, 30)


def test_samples_do_not_depend_on_their_neighbours(tiny_model: Path) -> None:
    alone = open_engine("transformers", tiny_model, parameters=SamplingParameters(0.9, 0.95, 40, 1, "cpu"))
    together = open_engine("transformers", tiny_model, parameters=SamplingParameters(0.9, 0.95, 40, 8, "cpu"))
    assert complete(alone, QUESTIONS, n=3) == complete(together, QUESTIONS, n=3)
    other = complete(together, QUESTIONS, n=3, seed=77)
    assert {c.text for c in other.values()} != {c.text for c in complete(together, QUESTIONS, n=3).values()}


def test_sequences_stop_at_the_end_mark_and_at_the_limit(tiny_model: Path) -> None:
    engine = open_engine("transformers", tiny_model, parameters=SamplingParameters(2.0, 1.0, 200, 32, "cpu"))
    found = complete(engine, QUESTIONS, n=10)
    reasons = {c.finish_reason for c in found.values()}
    assert reasons == {"stop", "length"}
    for completion in found.values():
        total = completion.reasoning_tokens + completion.answer_tokens
        assert total < 200 if completion.finish_reason == "stop" else total == 200
        assert "<|im_end|>" not in completion.text


def test_a_prompt_longer_than_the_context_is_cut_off_and_stops_nothing(tmp_path: Path) -> None:
    folder = build_tiny_model(tmp_path / "short", max_position_embeddings=64)
    engine = open_engine("transformers", folder, parameters=SamplingParameters(1.0, 1.0, 100, 2, "cpu"))
    found = complete(engine, ["y" * 200, "Why?", "z" * 300], n=2)
    assert found[0, 1].text == found[2, 0].text == ""
    assert found[0, 0].finish_reason == "length"
    assert 0 < found[1, 0].reasoning_tokens + found[1, 0].answer_tokens <= 64


def test_cancel_ends_generation_early(tiny_model: Path) -> None:
    engine = open_engine("transformers", tiny_model, parameters=SamplingParameters(1.0, 1.0, 64, 2, "cpu"))
    finished = 0
    for _ in engine.generate(requests(QUESTIONS, 100)):
        finished += 1
        engine.cancel()
    assert finished < 10


def test_an_adapter_is_merged_and_brings_its_tokenizer(tiny_model: Path, tmp_path: Path) -> None:
    from peft import LoraConfig, get_peft_model

    base: Any = AutoModelForCausalLM.from_pretrained(tiny_model)
    torch.manual_seed(3)
    wrapped = get_peft_model(base, LoraConfig(r=4, target_modules=["q_proj", "down_proj"], init_lora_weights=False))
    wrapped.save_pretrained(tmp_path / "adapter")
    tokenizer: Any = AutoTokenizer.from_pretrained(tiny_model)
    tokenizer.chat_template = tokenizer.chat_template.replace("assistant", "helper")
    tokenizer.save_pretrained(tmp_path / "adapter")
    merged = tmp_path / "merged"
    wrapped.merge_and_unload().save_pretrained(merged)
    tokenizer.save_pretrained(merged)
    parameters = SamplingParameters(0.0, 1.0, 20, 4, "cpu")
    engine = open_engine("transformers", tiny_model, tmp_path / "adapter", parameters)
    found = complete(engine, QUESTIONS)
    assert [found[i, 0].text for i in range(len(QUESTIONS))] == expected_texts(merged, QUESTIONS, 20)
    assert engine.model_revision.startswith("tiny-qwen3+adapter@")
