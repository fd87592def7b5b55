"""Math problems of the demo: one or two steps of small-number arithmetic, each worked out in writing."""

import math
import random

from training.demo.bilingual import NAMES, Bilingual, Problem, both, either, near_misses, product


def _problem(
    rng: random.Random,
    task: str,
    slots: tuple[int, ...],
    question: Bilingual,
    steps: tuple[Bilingual, ...],
    value: int,
    expression: str,
) -> Problem:
    return Problem(
        domain="math",
        task=task,
        verifier="math",
        slots=slots,
        question=question,
        steps=steps,
        answer=both(value),
        wrong=tuple(both(slip) for slip in near_misses(rng, value)),
        snippet=both(f"print({expression})"),
    )


def gain_and_loss(rng: random.Random) -> Problem:
    """a + b - c apples."""
    a, b = rng.randint(10, 79), rng.randint(10, 79)
    c = rng.randint(5, min(60, a + b - 5))
    who = rng.choice(NAMES)
    question = either(
        rng,
        (
            f"{who.en} has {a} apples, buys {b} more and gives away {c}. How many apples are left?",
            f"{who.zh}有{a}个苹果，又买了{b}个，送出{c}个。还剩多少个苹果？",
        ),
        (
            f"A bus has {a} people. {b} get on and then {c} get off. How many people are on the bus?",
            f"公交车上有{a}人，上来{b}人，又下去{c}人。现在车上有多少人？",
        ),
    )
    steps = (
        either(
            rng,
            (f"First add the new ones: {a}+{b}={a + b}.", f"先加上新的：{a}+{b}={a + b}。"),
            (f"We start with {a} and add {b}: {a}+{b}={a + b}.", f"开始是{a}，再加{b}：{a}+{b}={a + b}。"),
        ),
        either(
            rng,
            (f"Then take away {c}: {a + b}-{c}={a + b - c}.", f"然后减去{c}：{a + b}-{c}={a + b - c}。"),
            (
                f"After that {c} are gone: {a + b}-{c}={a + b - c}.",
                f"之后少了{c}：{a + b}-{c}={a + b - c}。",
            ),
        ),
    )
    return _problem(rng, "gain_and_loss", (a, b, c), question, steps, a + b - c, f"{a}+{b}-{c}")


def boxes(rng: random.Random) -> Problem:
    """a boxes of b, and c loose ones."""
    a, b, c = rng.randint(2, 9), rng.randint(2, 9), rng.randint(3, 60)
    question = either(
        rng,
        (
            f"There are {a} boxes with {b} balls each, and {c} loose balls. How many balls are there?",
            f"有{a}个盒子，每盒{b}个球，另外还有{c}个球。一共有多少个球？",
        ),
        (f"What is {a} times {b}, plus {c}?", f"{a}乘以{b}再加{c}等于多少？"),
    )
    steps = (
        either(
            rng,
            (f"First multiply: {a}*{b}={a * b}.", f"先算乘法：{a}*{b}={a * b}。"),
            (f"The product comes first: {a}*{b}={a * b}.", f"第一步是求积：{a}*{b}={a * b}。"),
        ),
        either(
            rng,
            (f"Now add the other {c}: {a * b}+{c}={a * b + c}.", f"再加上{c}：{a * b}+{c}={a * b + c}。"),
            (f"Then add the rest: {a * b}+{c}={a * b + c}.", f"然后加上剩下的：{a * b}+{c}={a * b + c}。"),
        ),
    )
    return _problem(rng, "boxes", (a, b, c), question, steps, a * b + c, f"{a}*{b}+{c}")


def shopping_change(rng: random.Random) -> Problem:
    """Change from a note after n items at price p."""
    n, p = rng.randint(2, 9), rng.randint(3, 24)
    paid = rng.choice([note for note in (50, 100, 200, 300) if note > n * p][:2])
    who = rng.choice(NAMES)
    question = either(
        rng,
        (
            f"{who.en} buys {n} books at {p} dollars each and pays {paid} dollars. How much is the change?",
            f"{who.zh}买了{n}本书，每本{p}元，付了{paid}元。应找回多少元？",
        ),
        (
            f"A pen costs {p} dollars. {who.en} pays {paid} dollars for {n} pens. How much comes back?",
            f"一支笔{p}元，{who.zh}买{n}支，付了{paid}元。找回多少元？",
        ),
    )
    cost = product(p, n)
    steps = (
        either(
            rng,
            (f"The cost of all of them: {cost}.", f"总价是：{cost}。"),
            (f"First find the total cost: {cost}.", f"先求总价：{cost}。"),
        ),
        either(
            rng,
            (f"The change is then {paid}-{n * p}={paid - n * p}.", f"找回的钱：{paid}-{n * p}={paid - n * p}。"),
            (
                f"Take the cost from the money paid: {paid}-{n * p}={paid - n * p}.",
                f"用付的钱减去总价：{paid}-{n * p}={paid - n * p}。",
            ),
        ),
    )
    return _problem(rng, "shopping_change", (n, p, paid), question, steps, paid - n * p, f"{paid}-{n}*{p}")


def linear_equation(rng: random.Random) -> Problem:
    """a x + b = c with a whole solution."""
    a, x, b = rng.randint(2, 9), rng.randint(2, 12), rng.randint(1, 40)
    c = a * x + b
    question = either(
        rng,
        (f"Solve {a}x+{b}={c} for x.", f"解方程{a}x+{b}={c}，求x。"),
        (f"Find x if {a}x+{b}={c}.", f"已知{a}x+{b}={c}，x是多少？"),
    )
    steps = (
        either(
            rng,
            (f"Subtract {b} from both sides: {c}-{b}={a * x}.", f"两边减去{b}：{c}-{b}={a * x}。"),
            (f"Move {b} to the right side: {c}-{b}={a * x}.", f"把{b}移到右边：{c}-{b}={a * x}。"),
        ),
        either(
            rng,
            (f"Divide both sides by {a}: x={a * x}/{a}={x}.", f"两边除以{a}：x={a * x}/{a}={x}。"),
            (f"So {a}x={a * x}, which gives x={x}.", f"所以{a}x={a * x}，得到x={x}。"),
        ),
    )
    return _problem(rng, "linear_equation", (a, b, c), question, steps, x, f"({c}-{b})//{a}")


def fraction_sum(rng: random.Random) -> Problem:
    """a/n + b/n, a sum in lowest terms."""
    while True:
        n = rng.randint(5, 29)
        a, b = rng.randint(1, n - 2), rng.randint(1, n - 2)
        if a + b < n and math.gcd(a + b, n) == 1:
            break
    question = either(
        rng,
        (f"What is {a}/{n}+{b}/{n} as a fraction?", f"{a}/{n}+{b}/{n}等于几分之几？"),
        (f"Add the fractions {a}/{n} and {b}/{n}.", f"求分数{a}/{n}与{b}/{n}的和。"),
    )
    steps = (
        either(
            rng,
            (f"Both fractions have the denominator {n}.", f"两个分数的分母都是{n}。"),
            (f"The denominator stays {n}.", f"分母{n}不变。"),
        ),
        either(
            rng,
            (f"Add the top numbers: {a}+{b}={a + b}.", f"把分子相加：{a}+{b}={a + b}。"),
            (f"Only the numerators are added: {a}+{b}={a + b}.", f"只把分子加起来：{a}+{b}={a + b}。"),
        ),
    )
    slips = near_misses(rng, a + b)
    return Problem(
        domain="math",
        task="fraction_sum",
        verifier="math",
        slots=(min(a, b), max(a, b), n),
        question=question,
        steps=steps,
        answer=both(rf"\frac{{{a + b}}}{{{n}}}"),
        wrong=tuple(both(rf"\frac{{{slip}}}{{{n}}}") for slip in slips),
        snippet=both(f"print({a}+{b}, {n})"),
    )


def perimeter(rng: random.Random) -> Problem:
    """Perimeter of a rectangle."""
    a, b = rng.randint(4, 60), rng.randint(2, 39)
    question = either(
        rng,
        (
            f"A rectangle is {a} cm long and {b} cm wide. What is its perimeter in cm?",
            f"长方形长{a}厘米，宽{b}厘米。周长是多少厘米？",
        ),
        (f"Find the perimeter of a {a} by {b} rectangle.", f"求长{a}、宽{b}的长方形的周长。"),
    )
    half = a + b
    steps = (
        either(
            rng,
            (f"Length plus width: {a}+{b}={half}.", f"长加宽：{a}+{b}={half}。"),
            (f"First add the two sides: {a}+{b}={half}.", f"先把两条边相加：{a}+{b}={half}。"),
        ),
        either(
            rng,
            (f"Double it: {half}+{half}={2 * half}.", f"再乘以二：{half}+{half}={2 * half}。"),
            (
                f"The perimeter is twice that: {half}+{half}={2 * half}.",
                f"周长是它的两倍：{half}+{half}={2 * half}。",
            ),
        ),
    )
    slots = (max(a, b), min(a, b))
    return _problem(rng, "perimeter", slots, question, steps, 2 * half, f"2*({a}+{b})")


def percentage(rng: random.Random) -> Problem:
    """A multiple of ten per cent of a multiple of ten."""
    k, tenth = rng.randint(2, 9), rng.randint(3, 48)
    whole, share = 10 * tenth, 10 * k
    question = either(
        rng,
        (f"What is {share}% of {whole}?", f"{whole}的{share}%是多少？"),
        (
            f"A school has {whole} students and {share}% are girls. How many girls are there?",
            f"学校有{whole}名学生，其中{share}%是女生。女生有多少人？",
        ),
    )
    steps = (
        either(
            rng,
            (f"First find 10% of it: {whole}/10={tenth}.", f"先求10%：{whole}/10={tenth}。"),
            (f"One tenth of {whole} is {tenth}.", f"{whole}的十分之一是{tenth}。"),
        ),
        either(
            rng,
            (f"We need {k} times that: {product(tenth, k)}.", f"需要它的{k}倍：{product(tenth, k)}。"),
            (f"Now multiply by {k}: {product(tenth, k)}.", f"再乘以{k}：{product(tenth, k)}。"),
        ),
    )
    return _problem(rng, "percentage", (share, whole), question, steps, k * tenth, f"{whole}*{share}//100")


FAMILIES = (gain_and_loss, boxes, shopping_change, linear_equation, fraction_sum, perimeter, percentage)
