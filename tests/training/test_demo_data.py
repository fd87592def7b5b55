"""Promises about the demo's data: no held-out problem is in any training corpus, references are right, and the
checkpoints' tokenizer keeps the think block."""

import json
import math
import re
from collections import Counter
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoTokenizer

from training.demo.bilingual import Key
from training.demo.corpus import (
    GENERAL_SAMPLES,
    base_corpus,
    general_rows,
    held_out,
    policy_corpus,
    prompt_rows,
    train_prompts,
)
from training.demo.logic_problems import CATEGORIES, DAYS
from training.demo_models import (
    BASE_DIRECT_RATE,
    BASE_EXCHANGES,
    BASE_WRONG_RATE,
    POLICY_EXCHANGES,
    SEED,
)

DATA = Path(__file__).parents[2] / "data"
MODELS = ("base", "policy")


@cache
def _rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


@cache
def _held_out_keys() -> frozenset[Key]:
    return frozenset(held_out(SEED))


def test_shipped_files_are_what_the_seed_makes() -> None:
    assert _rows("prompts.jsonl") == prompt_rows(SEED)
    assert _rows("general.jsonl") == general_rows(SEED)


def test_prompts_cover_domains_languages_and_splits() -> None:
    rows = _rows("prompts.jsonl")
    splits = Counter(row["split"] for row in rows)
    assert splits["train"] >= 2_000
    assert splits["held_out"] >= 400
    for split in ("train", "held_out"):
        cells = Counter((row["domain"], row["target_language"]) for row in rows if row["split"] == split)
        assert set(cells) == {(d, lang) for d in ("math", "code", "stem", "logic") for lang in ("en", "zh")}
        assert min(cells.values()) >= 15
    verifiers = {(row["domain"], row["verifier"]) for row in rows}
    assert verifiers == {("math", "math"), ("stem", "choice"), ("logic", "exact"), ("code", "code")}
    questions = [row["question"] for row in rows]
    assert len(set(questions)) == len(questions)


def test_question_is_in_its_target_language() -> None:
    for row in _rows("prompts.jsonl"):
        assert bool(re.search("[\u4e00-\u9fff]", row["question"])) == (row["target_language"] == "zh"), row


def test_general_samples_cover_tasks_and_leave_simple_queries_without_thought() -> None:
    rows = _rows("general.jsonl")
    assert len(rows) == GENERAL_SAMPLES >= 800
    cells = Counter((row["task"], row["language"]) for row in rows)
    tasks = ("writing", "factual_qa", "self_cognition", "translation")
    assert set(cells) == {(task, language) for task in tasks for language in ("en", "zh")}
    greetings = 0
    for row in rows:
        user, assistant = row["messages"]
        assert (user["role"], assistant["role"]) == ("user", "assistant")
        thinks = assistant["content"].startswith("<think>\n")
        if row["task"] in ("writing", "translation"):
            assert thinks
        if row["task"] == "self_cognition":
            assert not thinks
        greetings += user["content"].rstrip("!！").lower() in ("hello", "你好")
    assert greetings >= 4


def _assert_disjoint(policy_size: int, base_size: int) -> None:
    refused = _held_out_keys()
    questions = {row["question"] for row in _rows("prompts.jsonl") if row["split"] == "held_out"}
    assert len(refused) == len(questions)
    for exchange in (
        *policy_corpus(SEED, refused, policy_size),
        *base_corpus(SEED, refused, base_size, BASE_DIRECT_RATE, BASE_WRONG_RATE),
    ):
        assert exchange.key not in refused
        assert exchange.question not in questions


def test_no_held_out_problem_in_the_start_of_the_corpora() -> None:
    _assert_disjoint(6_000, 2_000)


@pytest.mark.long
def test_no_held_out_problem_in_the_whole_corpora() -> None:
    _assert_disjoint(POLICY_EXCHANGES, BASE_EXCHANGES)


def test_no_held_out_problem_in_train_prompts_or_general_samples() -> None:
    refused = _held_out_keys()
    assert not refused & {key for key, _ in train_prompts(SEED, refused)}
    questions = {row["question"] for row in _rows("prompts.jsonl") if row["split"] == "held_out"}
    assert not questions & {row["messages"][0]["content"] for row in _rows("general.jsonl")}


def test_held_out_numbers_are_new_to_their_task_in_either_language() -> None:
    """Read from the texts, not the keys: the numbers of a held-out question are in no training question of its task."""
    held = {
        (row["task"], tuple(re.findall(r"\d+", row["question"])))
        for row in _rows("prompts.jsonl")
        if row["split"] == "held_out" and row["task"] in ("gain_and_loss", "linear_equation", "boxes")
    }
    assert held
    for exchange in policy_corpus(SEED, _held_out_keys(), 5_000):
        assert (exchange.key[0], tuple(re.findall(r"\d+", exchange.question))) not in held


def _numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", text)]


def _stem_value(task: str, n: list[int]) -> int:
    if task in ("distance", "force", "voltage"):
        return n[0] * n[1]
    if task == "minutes":
        return n[0] * 60 + n[1]
    return n[0] + 273 if task == "kelvin" else n[0] - n[1]


def _math_value(task: str, question: str, n: list[int]) -> str:
    if task == "gain_and_loss":
        return str(n[0] + n[1] - n[2])
    if task == "boxes":
        return str(n[0] * n[1] + n[2])
    if task == "shopping_change":
        item_first = question.startswith(("A pen", "一支笔"))
        paid = n[1] if item_first and "A pen" in question else n[2]
        return str(paid - math.prod(n) // paid)
    if task == "linear_equation":
        assert (n[2] - n[1]) % n[0] == 0
        return str((n[2] - n[1]) // n[0])
    if task == "fraction_sum":
        assert n[1] == n[3]
        return rf"\frac{{{n[0] + n[2]}}}{{{n[1]}}}"
    if task == "perimeter":
        return str(2 * (n[0] + n[1]))
    share = int(re.findall(r"(\d+)%", question)[0])
    whole = next(number for number in n if number != share or n.count(share) > 1)
    return str(whole * share // 100)


def _tallest(question: str) -> str:
    pairs = re.findall(r"(\w+) is taller than (\w+)\.", question) or re.findall(r"(小.)比(小.)高。", question)
    taller, shorter = {a for a, _ in pairs}, {b for _, b in pairs}
    only = taller - shorter if re.search("tallest|最高", question) else shorter - taller
    assert len(only) == 1
    return only.pop()


def _odd(question: str) -> str:
    listed = re.split(r"[:：]\s*", question)[-1].rstrip("?？.。")
    words = re.split(r", |、", listed)
    kind = {w: k.en for k, members in CATEGORIES for member in members for w in (member.en, member.zh)}
    counts = Counter(kind[word] for word in words)
    return next(word for word in words if counts[kind[word]] == 1)


def _queue(question: str) -> str:
    places = {"second": 1, "third": 2, "fourth": 3, "fifth": 4, "第二": 1, "第三": 2, "第四": 3, "第五": 4}
    place = next(at for word, at in places.items() if word in question)
    names = re.findall(r"小.", question) or [
        word for word in re.findall(r"\b[A-Z][a-z]+\b", question) if word not in ("In", "Who")
    ]
    return names[place]


def _weekday(question: str) -> str:
    days = [(day.en, day.zh) for day in DAYS]
    at = 0 if "day" in question else 1
    today = next(i for i, day in enumerate(days) if day[at] in question)
    return days[(today + _numbers(question)[0]) % 7][at]


def _liar(question: str) -> str:
    lies = bool(re.search("always lies|总是说谎", question))
    denies = bool(re.search("is not|不是", question))
    answers = ("yes", "no") if "lies" in question else ("是", "否")
    return answers[0 if lies == denies else 1]


def _logic_value(task: str, question: str) -> str:
    if task == "next_number":
        n = _numbers(question)
        assert len({b - a for a, b in pairwise(n)}) == 1
        return str(2 * n[-1] - n[-2])
    readers = {"tallest": _tallest, "odd_one_out": _odd, "queue": _queue, "weekday": _weekday, "liar": _liar}
    return readers[task](question)


def test_references_follow_from_the_questions() -> None:
    for row in _rows("prompts.jsonl"):
        task, question, reference = row["task"], row["question"], row["reference"]
        if row["domain"] == "math":
            assert reference == _math_value(task, question, _numbers(question)), row
        elif row["domain"] == "stem":
            stated, *options = question.split("\n")
            value = _stem_value(task, _numbers(stated))
            assert [o for o in options if o.endswith(f" {value}")] == [f"{reference}. {value}"], row
        elif row["domain"] == "logic":
            assert reference == _logic_value(task, question), row


CODE_BODIES = {
    "scale_and_shift": ("x", lambda n, q: f"x * {n[0]} + {n[1]}"),
    "sum_above": ("items", lambda n, q: f"sum(v for v in items if v > {n[0]})"),
    "count_multiples": ("items", lambda n, q: f"len([v for v in items if v % {n[0]} == 0])"),
    "repeat_text": ("text", lambda n, q: f"text * {n[0]} + {re.findall('.([a-z]+).(?:结尾|$)', q.rstrip('.。'))[0]!r}"),
}


def test_code_references_hold_for_a_program_written_from_the_question() -> None:
    for row in _rows("prompts.jsonl"):
        if row["domain"] != "code":
            continue
        name = re.findall(r"([a-z]+)\((?:x|items|text)\)", row["question"])[0]
        argument, body = CODE_BODIES[row["task"]]
        program = f"def {name}({argument}):\n    return {body(_numbers(row['question']), row['question'])}\n"
        assert len(row["reference"].splitlines()) >= 2
        exec(program + row["reference"], {})


@pytest.mark.parametrize("name", MODELS)
def test_checkpoint_is_small_and_documented(name: str) -> None:
    folder = DATA / "models" / name
    assert sum(file.stat().st_size for file in folder.iterdir()) < 15_000_000
    config = json.loads((folder / "config.json").read_text())
    assert config["architectures"] == ["Qwen3ForCausalLM"]
    assert config["head_dim"] == 64
    assert "training.demo_models" in (folder / "README.md").read_text(encoding="utf-8")
    generation = json.loads((folder / "generation_config.json").read_text())
    assert generation["do_sample"] is True


@pytest.mark.parametrize("name", MODELS)
def test_tokenizer_keeps_the_think_block(name: str) -> None:
    tokenizer = AutoTokenizer.from_pretrained(DATA / "models" / name)
    reply = "<think>\nFirst add: 12+30=42.\n\n先相加。\n</think>\n\nThe answer is \\boxed{42}."
    turns = [{"role": "user", "content": "12+30?"}, {"role": "assistant", "content": reply}]
    whole = tokenizer.apply_chat_template(turns, tokenize=False)
    prompt = tokenizer.apply_chat_template(turns[:1], tokenize=False, add_generation_prompt=True)
    assert whole == f"{prompt}{reply}<|im_end|>\n"
    ids = tokenizer.encode(f"{reply}<|im_end|>", add_special_tokens=False)
    assert tokenizer.decode(ids, skip_special_tokens=True) == reply
    assert len(tokenizer.encode("<think></think>", add_special_tokens=False)) == 2
    assert ids[-1] == tokenizer.eos_token_id
    assert tokenizer.eos_token == "<|im_end|>"


def test_models_share_one_tokenizer() -> None:
    base, policy = ((DATA / "models" / name / "tokenizer.json").read_bytes() for name in MODELS)
    assert base == policy
