"""How fast responses are measured and verified: `python benchmarks/measures.py [--quick]`.

Times are processor time of one core, so that a busy machine does not change them. The baseline of the measures is the
same share of words, paragraphs, fences and 4-grams with `re` and sets; that of the rules is Math-Verify on each answer.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.report import report
from curation.measures import measure
from curation.responses import reasoning_bounds
from curation.verification import RuleVerifier

SENTENCES = (
    "Let me think about this step by step, since {a} and {b} are both involved.",
    "First we compute {a} * {b} = {c}, then subtract the remainder from it.",
    "So the total is $x + {a} = {c}$, which means that $x = {b}$.",
    "Wait, I should check whether the train that left at {a} o'clock had already arrived.",
    "我们先计算 {a} 乘以 {b}，得到 {c}，然后再检查一遍。",
    "Therefore \\(\\frac{{{a}}}{{{b}}}\\) must be smaller than {c}, and the claim follows.",
)
FENCE = "\n```python\ntotal = {a} * {b}\nprint(total)\n```\n"
NEUTRAL = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|\$[^$\n]*\$|\\\(.*?\\\)|\\[a-z]+|\b\w*\d\w*\b", re.DOTALL)
WORD = re.compile(r"[\u3400-\u9fff]|[A-Za-zÀ-ɏ]{2,}")
TOKEN = re.compile(r"[\u3400-\u9fff]|[^\W_]+")


def responses(count: int, size: int, rng: random.Random) -> list[str]:
    """`count` responses whose reasoning has `size` characters."""
    texts = []
    for _ in range(count):
        parts: list[str] = []
        while sum(map(len, parts)) < size:
            template = FENCE if rng.random() < 0.01 else rng.choice(SENTENCES)
            a, b = rng.randint(2, 999), rng.randint(2, 999)
            parts.append(template.format(a=a, b=b, c=a * b) + rng.choice((" ", " ", " ", "\n\n")))
        texts.append(f"<think>\n{''.join(parts)[:size]}\n</think>\n\nThe answer is \\boxed{{{rng.randint(0, 99)}}}.")
    return texts


def plain_measures(texts: Sequence[str]) -> None:
    """The same quantities for English prompts, one text at a time."""
    for text in texts:
        start, end = reasoning_bounds(text)
        reasoning = text[start:end]
        prose = NEUTRAL.sub(" ", reasoning)
        words = WORD.findall(prose)
        foreign = sum(word > "\u3400" for word in words)
        _ = 1 - foreign / max(len(words), 1)
        _ = max(len(block.strip()) for block in re.split(r"\n\s*\n", reasoning))
        _ = len(re.findall(r"^```", reasoning, re.MULTILINE))
        tokens = TOKEN.findall(reasoning.lower())
        grams = list(zip(tokens, tokens[1:], tokens[2:], tokens[3:], strict=False))
        _ = 1 - len(set(grams)) / max(len(grams), 1)


def seconds(function: Callable[[], object], repeats: int) -> float:
    """The least processor time of several runs."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return min(times)


def main() -> None:
    """Print one metric a line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small size, under a minute")
    count = 500 if parser.parse_args().quick else 5_000
    rng = random.Random(0)
    texts = responses(count, 4_096, rng)
    languages = ["en"] * count
    measure(texts[:10], languages[:10])  # compiles

    ours = seconds(lambda: measure(texts, languages), 5)
    plain = seconds(lambda: plain_measures(texts), 2)
    report("measures_per_second", count / ours, "4 KB candidates/s/core", "-", 20_000, count / ours >= 20_000)
    report("measures_speedup", plain / ours, "times", "re and sets, text by text", 5, plain / ours >= 5)

    answers = [f"So we get {rng.randint(1, 10**6)} in all.\n\nThe answer is \\boxed{{{i}}}." for i in range(count)]
    references = [str(i + i % 2) for i in range(count)]
    with RuleVerifier() as warm:
        warm.check(["math"], ["1"], ["2"])

    def check() -> None:
        with RuleVerifier() as rules:
            rules.check(["math"] * count, references, answers)

    exact = seconds(check, 3)
    report("rules_per_second", count / exact, "distinct answers/s/core", "-", 30_000, count / exact >= 30_000)
    from math_verify import parse, verify

    some = min(count, 200)
    parse("$1$", parsing_timeout=0)

    def by_math_verify() -> None:
        for reference, answer in zip(references[:some], answers[:some], strict=True):
            verify(parse(reference, parsing_timeout=0), parse(answer, parsing_timeout=0), timeout_seconds=0)

    symbolic = seconds(by_math_verify, 1) / some
    speedup = symbolic / (exact / count)
    report("rules_speedup", speedup, "times", "Math-Verify on each answer", 20, speedup >= 20)


if __name__ == "__main__":
    main()
