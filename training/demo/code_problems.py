"""Code problems of the demo: one-line Python functions; the reference is a list of asserts, one a line."""

import random
from collections.abc import Callable

from training.demo.bilingual import Bilingual, Problem, both, either

WORDS = ("ok", "end", "go", "up", "no", "hi")
FUNCTION_NAMES = ("solve", "make", "work", "calc")


def _problem(
    rng: random.Random,
    task: str,
    slots: tuple[int | str, ...],
    argument: str,
    question: tuple[str, str],
    steps: tuple[Bilingual, ...],
    body: Callable[..., str],
    constants: tuple[int | str, ...],
    calls: list[tuple[str, str]],
) -> Problem:
    name = rng.choice(FUNCTION_NAMES)
    en, zh = question

    def program(*values: int | str) -> str:
        return f"```python\ndef {name}({argument}):\n    return {body(*values)}\n```"

    first = constants[0]
    slips = (first + 1, first + 2, first + 10) if isinstance(first, int) else ()
    return Problem(
        domain="code",
        task=task,
        verifier="code",
        slots=slots,
        question=Bilingual(
            f"Write a Python function {name}({argument}) that {en}.",
            f"写一个Python函数{name}({argument})，{zh}。",
        ),
        steps=steps,
        answer=both(program(*constants)),
        wrong=tuple(both(program(slip, *constants[1:])) for slip in slips),
        snippet=both(f"def {name}({argument}):\n    return {body(*constants)}"),
        reference=both("\n".join(f"assert {name}({given}) == {expected}" for given, expected in calls)),
    )


def scale_and_shift(rng: random.Random) -> Problem:
    """x times a plus b."""
    a, b = rng.randint(2, 12), rng.randint(1, 40)
    steps = (
        either(
            rng,
            (f"We multiply x by {a} first.", f"先把x乘以{a}。"),
            (f"The value is {a} times x.", f"先求x的{a}倍。"),
        ),
        Bilingual(f"Then we add {b} and return it.", f"然后加{b}并返回。"),
    )
    calls = [(str(x), str(a * x + b)) for x in rng.sample(range(-5, 20), 3)]
    question = (f"returns x times {a} plus {b}", f"返回x乘以{a}再加{b}")
    return _problem(rng, "scale_and_shift", (a, b), "x", question, steps, lambda a, b: f"x * {a} + {b}", (a, b), calls)


def sum_above(rng: random.Random) -> Problem:
    """Sum of the numbers above a bound."""
    k = rng.randint(2, 90)
    steps = (
        either(
            rng,
            (f"Keep only the numbers above {k}.", f"只保留大于{k}的数。"),
            (f"We go over the list and test against {k}.", f"遍历列表，与{k}比较。"),
        ),
        Bilingual("Then add them up with sum.", "然后求和。"),
    )
    lists = [[rng.randint(0, 2 * k) for _ in range(4)] for _ in range(3)]
    calls = [(str(given), str(sum(n for n in given if n > k))) for given in lists]
    question = (f"returns the sum of the numbers in items greater than {k}", f"返回items中大于{k}的数之和")
    return _problem(
        rng,
        "sum_above",
        (k,),
        "items",
        question,
        steps,
        lambda k: f"sum(n for n in items if n > {k})",
        (k,),
        calls,
    )


def count_multiples(rng: random.Random) -> Problem:
    """How many numbers a divisor divides."""
    k = rng.randint(2, 60)
    steps = (
        either(
            rng,
            (f"A multiple of {k} leaves no remainder.", f"{k}的倍数没有余数。"),
            (f"We test each number with the remainder by {k}.", f"用除以{k}的余数检查每个数。"),
        ),
        Bilingual("Count one for each of them.", "每找到一个就加一。"),
    )
    lists = [[k * rng.randint(1, 5) + rng.choice((0, 0, 1)) for _ in range(4)] for _ in range(3)]
    calls = [(str(given), str(sum(1 for n in given if n % k == 0))) for given in lists]
    question = (f"counts the multiples of {k} in items", f"统计items中{k}的倍数的个数")
    return _problem(
        rng,
        "count_multiples",
        (k,),
        "items",
        question,
        steps,
        lambda k: f"sum(1 for n in items if n % {k} == 0)",
        (k,),
        calls,
    )


def repeat_text(rng: random.Random) -> Problem:
    """A text repeated, with an ending."""
    k, word = rng.randint(2, 30), rng.choice(WORDS)
    steps = (
        either(
            rng,
            (f"Repeat the text {k} times with a star.", f"用乘号把文本重复{k}次。"),
            (f"The text must appear {k} times.", f"文本要出现{k}次。"),
        ),
        Bilingual("Then put the ending after it.", "然后在后面加上结尾。"),
    )
    calls = [(repr(given), repr(given * k + word)) for given in ("a", "xy")]
    question = (f"repeats text {k} times and ends with '{word}'", f"把text重复{k}次并以'{word}'结尾")
    return _problem(
        rng,
        "repeat_text",
        (k, word),
        "text",
        question,
        steps,
        lambda k, w: f"text * {k} + '{w}'",
        (k, word),
        calls,
    )


FAMILIES = (scale_and_shift, sum_above, count_multiples, repeat_text)
