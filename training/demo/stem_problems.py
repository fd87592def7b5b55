"""Multiple-choice science problems of the demo: work out the value first, then compare it with each option."""

import random

from training.demo.bilingual import Bilingual, Problem, both, either, near_misses, product

LETTERS = "ABCD"


def _choice(
    rng: random.Random,
    task: str,
    slots: tuple[int, ...],
    question: Bilingual,
    steps: tuple[Bilingual, ...],
    value: int,
    expression: str,
) -> Problem:
    options = [value, *near_misses(rng, value)]
    rng.shuffle(options)
    right = options.index(value)
    listed = "".join(f"\n{letter}. {option}" for letter, option in zip(LETTERS, options, strict=True))
    compared = tuple(zip(LETTERS, options, strict=True))[: right + 1]
    lines = Bilingual(
        "\n".join(f"{letter} is {option}, {'yes' if option == value else 'no'}." for letter, option in compared),
        "\n".join(f"{letter}是{option}，{'对' if option == value else '不对'}。" for letter, option in compared),
    )
    return Problem(
        domain="stem",
        task=task,
        verifier="choice",
        slots=slots,
        question=Bilingual(question.en + listed, question.zh + listed),
        steps=(*steps, lines),
        answer=both(LETTERS[right]),
        wrong=tuple(both(letter) for letter in LETTERS if letter != LETTERS[right]),
        snippet=both(f"print({expression})"),
    )


def distance(rng: random.Random) -> Problem:
    """Distance from speed and time."""
    v, t = rng.randint(3, 45), rng.randint(2, 9)
    question = either(
        rng,
        (f"A car moves at {v} m/s for {t} s. How many metres does it go?", f"汽车以{v}米每秒行驶{t}秒，走了多少米？"),
        (
            f"A train runs at {v} km/h for {t} hours. How many km is that?",
            f"火车以{v}千米每时行驶{t}小时，走了多少千米？",
        ),
    )
    steps = (
        either(
            rng,
            (f"Distance is speed times time: {product(v, t)}.", f"路程等于速度乘时间：{product(v, t)}。"),
            (f"Multiply the speed by the time: {product(v, t)}.", f"用速度乘以时间：{product(v, t)}。"),
        ),
    )
    return _choice(rng, "distance", (v, t), question, steps, v * t, f"{v}*{t}")


def force(rng: random.Random) -> Problem:
    """Newton's second law."""
    m, a = rng.randint(3, 45), rng.randint(2, 9)
    question = either(
        rng,
        (
            f"A body of {m} kg speeds up at {a} m/s². What force acts on it, in newtons?",
            f"物体质量{m}千克，加速度{a}米每二次方秒，受力是多少牛？",
        ),
        (f"Mass {m} kg, acceleration {a} m/s². Find the force.", f"质量{m}千克，加速度{a}米每二次方秒，求力的大小。"),
    )
    steps = (
        either(
            rng,
            (f"Force is mass times acceleration: {product(m, a)}.", f"力等于质量乘加速度：{product(m, a)}。"),
            (f"Multiply the mass by the acceleration: {product(m, a)}.", f"用质量乘以加速度：{product(m, a)}。"),
        ),
    )
    return _choice(rng, "force", (m, a), question, steps, m * a, f"{m}*{a}")


def voltage(rng: random.Random) -> Problem:
    """Ohm's law."""
    r, i = rng.randint(3, 45), rng.randint(2, 9)
    question = either(
        rng,
        (
            f"A current of {i} A flows through {r} ohms. What is the voltage?",
            f"{i}安的电流通过{r}欧的电阻，电压是多少伏？",
        ),
        (f"Resistance {r} ohms, current {i} A. Find the voltage.", f"电阻{r}欧，电流{i}安，求电压。"),
    )
    steps = (
        either(
            rng,
            (f"Voltage is resistance times current: {product(r, i)}.", f"电压等于电阻乘电流：{product(r, i)}。"),
            (f"By the law of Ohm we multiply: {product(r, i)}.", f"根据欧姆定律相乘：{product(r, i)}。"),
        ),
    )
    return _choice(rng, "voltage", (r, i), question, steps, r * i, f"{r}*{i}")


def minutes(rng: random.Random) -> Problem:
    """Hours and minutes in minutes."""
    h, m = rng.randint(2, 8), rng.randint(3, 58)
    question = either(
        rng,
        (f"How many minutes are {h} hours and {m} minutes?", f"{h}小时{m}分钟一共是多少分钟？"),
        (f"A test takes {h} hours and {m} minutes. How many minutes?", f"实验用了{h}小时{m}分钟，是多少分钟？"),
    )
    steps = (
        either(
            rng,
            (f"An hour has 60 minutes: {h}*60={h * 60}.", f"一小时有60分钟：{h}*60={h * 60}。"),
            (f"First change the hours: {h}*60={h * 60}.", f"先换算小时：{h}*60={h * 60}。"),
        ),
        either(
            rng,
            (f"Add the minutes: {h * 60}+{m}={h * 60 + m}.", f"加上分钟：{h * 60}+{m}={h * 60 + m}。"),
            (f"Then add {m} to it: {h * 60}+{m}={h * 60 + m}.", f"然后再加{m}：{h * 60}+{m}={h * 60 + m}。"),
        ),
    )
    return _choice(rng, "minutes", (h, m), question, steps, h * 60 + m, f"{h}*60+{m}")


def kelvin(rng: random.Random) -> Problem:
    """Celsius to kelvin."""
    c = rng.randint(2, 126)
    question = either(
        rng,
        (f"Water is at {c} °C. What is that in kelvin?", f"水温是{c}摄氏度，合多少开尔文？"),
        (f"Change {c} °C to kelvin.", f"把{c}摄氏度换算成开尔文。"),
    )
    steps = (
        either(
            rng,
            (f"Add 273 to the temperature: {c}+273={c + 273}.", f"温度加上273：{c}+273={c + 273}。"),
            (f"Kelvin is Celsius plus 273: {c}+273={c + 273}.", f"开尔文等于摄氏度加273：{c}+273={c + 273}。"),
        ),
    )
    return _choice(rng, "kelvin", (c,), question, steps, c + 273, f"{c}+273")


def neutrons(rng: random.Random) -> Problem:
    """Neutrons from mass number and protons."""
    z = rng.randint(5, 45)
    mass = 2 * z + rng.randint(0, min(z, 20))
    question = either(
        rng,
        (
            f"An atom has mass number {mass} and {z} protons. How many neutrons has it?",
            f"某原子质量数是{mass}，有{z}个质子，中子有多少个？",
        ),
        (f"Mass number {mass}, atomic number {z}. Find the neutrons.", f"质量数{mass}，原子序数{z}，求中子数。"),
    )
    steps = (
        either(
            rng,
            (
                f"Take the protons from the mass number: {mass}-{z}={mass - z}.",
                f"质量数减去质子数：{mass}-{z}={mass - z}。",
            ),
            (f"Neutrons are what is left: {mass}-{z}={mass - z}.", f"剩下的就是中子：{mass}-{z}={mass - z}。"),
        ),
    )
    return _choice(rng, "neutrons", (mass, z), question, steps, mass - z, f"{mass}-{z}")


FAMILIES = (distance, force, voltage, minutes, kelvin, neutrons)
