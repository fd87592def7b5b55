"""Logic problems of the demo: orders, queues, odd ones out, sequences, weekdays and liars; answers are short texts."""

import itertools
import random

from training.demo.bilingual import NAMES, Bilingual, Problem, both, either, near_misses

CATEGORIES: tuple[tuple[Bilingual, tuple[Bilingual, ...]], ...] = tuple(
    (Bilingual(*kind), tuple(Bilingual(*word) for word in words))
    for kind, words in (
        (("animal", "动物"), (("cat", "猫"), ("dog", "狗"), ("horse", "马"), ("sheep", "羊"), ("tiger", "老虎"))),
        (
            ("fruit", "水果"),
            (("apple", "苹果"), ("pear", "梨"), ("grape", "葡萄"), ("peach", "桃子"), ("banana", "香蕉")),
        ),
        (
            ("colour", "颜色"),
            (("red", "红色"), ("blue", "蓝色"), ("green", "绿色"), ("black", "黑色"), ("white", "白色")),
        ),
        (
            ("vehicle", "车船"),
            (("car", "汽车"), ("bus", "公交车"), ("train", "火车"), ("boat", "小船"), ("bike", "自行车")),
        ),
        (("tool", "工具"), (("hammer", "锤子"), ("saw", "锯子"), ("knife", "刀"), ("spade", "铲子"), ("axe", "斧头"))),
    )
)
DAYS = tuple(
    Bilingual(en, "星期" + zh)
    for en, zh in zip(
        ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"), "一二三四五六日", strict=True
    )
)
PLACES = (("first", "第一"), ("second", "第二"), ("third", "第三"), ("fourth", "第四"), ("fifth", "第五"))
COLOURS = CATEGORIES[2][1]


def _joined(words: list[Bilingual]) -> Bilingual:
    return Bilingual(", ".join(w.en for w in words), "、".join(w.zh for w in words))


def _as_list(words: list[Bilingual]) -> Bilingual:
    return Bilingual(str([w.en for w in words]), str([w.zh for w in words]))


def _printed(words: list[Bilingual], index: int) -> Bilingual:
    listed = _as_list(words)
    return Bilingual(f"line = {listed.en}\nprint(line[{index}])", f"line = {listed.zh}\nprint(line[{index}])")


def tallest(rng: random.Random) -> Problem:
    """Who is tallest or shortest, from pairwise comparisons in any order."""
    order = rng.sample(range(len(NAMES)), rng.choice((3, 3, 3, 4)))
    people = [NAMES[i] for i in order]
    top = rng.random() < 0.5
    pairs = list(itertools.pairwise(people))
    rng.shuffle(pairs)
    told = Bilingual(
        " ".join(f"{a.en} is taller than {b.en}." for a, b in pairs),
        "".join(f"{a.zh}比{b.zh}高。" for a, b in pairs),
    )
    asked = Bilingual("Who is the tallest?", "谁最高？") if top else Bilingual("Who is the shortest?", "谁最矮？")
    line = _joined(people)
    best = people[0 if top else -1]
    steps = (
        either(
            rng,
            (f"From the tallest to the shortest: {line.en}.", f"从高到矮排列：{line.zh}。"),
            (f"Put them in order of height: {line.en}.", f"按身高排序：{line.zh}。"),
        ),
        either(
            rng,
            (f"The {'first' if top else 'last'} one is {best.en}.", f"{'第一个' if top else '最后一个'}是{best.zh}。"),
            (
                f"So we need the {'first' if top else 'last'}: {best.en}.",
                f"所以要找{'第一个' if top else '最后一个'}：{best.zh}。",
            ),
        ),
    )
    return Problem(
        domain="logic",
        task="tallest",
        verifier="exact",
        slots=("top" if top else "bottom", *order),
        question=Bilingual(f"{told.en} {asked.en}", told.zh + asked.zh),
        steps=steps,
        answer=best,
        wrong=tuple(p for p in people if p != best),
        snippet=_printed(people, 0 if top else -1),
    )


def odd_one_out(rng: random.Random) -> Problem:
    """Three or four words of a kind and one of another."""
    kind, other = rng.sample(range(len(CATEGORIES)), 2)
    members = rng.sample(range(5), rng.choice((3, 3, 4)))
    odd = rng.randrange(5)
    words = [(CATEGORIES[kind][1][i], CATEGORIES[kind][0]) for i in members]
    stranger = CATEGORIES[other][1][odd]
    words.insert(rng.randint(0, len(words)), (stranger, CATEGORIES[other][0]))
    listed = _joined([word for word, _ in words])
    question = either(
        rng,
        (f"Which word does not belong: {listed.en}?", f"哪个词与其他词不同类：{listed.zh}？"),
        (f"Find the odd one out: {listed.en}.", f"找出不同类的词：{listed.zh}。"),
    )
    steps = (
        Bilingual(
            "\n\n".join(f"The {word.en} is a kind of {k.en}." for word, k in words),
            "\n\n".join(f"{word.zh}属于{k.zh}。" for word, k in words),
        ),
        either(
            rng,
            (f"Only the {stranger.en} is different.", f"只有{stranger.zh}不一样。"),
            (f"So the {stranger.en} does not fit.", f"所以{stranger.zh}不属于这一类。"),
        ),
    )
    return Problem(
        domain="logic",
        task="odd_one_out",
        verifier="exact",
        slots=(kind, other, odd, *sorted(members)),
        question=question,
        steps=steps,
        answer=stranger,
        wrong=tuple(word for word, _ in words if word != stranger),
        snippet=_printed([word for word, _ in words], [word for word, _ in words].index(stranger)),
    )


def next_number(rng: random.Random) -> Problem:
    """The next term of an arithmetic sequence."""
    start, gap = rng.randint(1, 50), rng.randint(2, 12)
    terms = [start + gap * i for i in range(4)]
    value = start + gap * 4
    shown = ", ".join(map(str, terms))
    question = either(
        rng,
        (f"What number comes next: {shown}?", f"下一个数是多少：{shown}？"),
        (f"Continue the pattern with one number: {shown}.", f"按规律再写一个数：{shown}。"),
    )
    steps = (
        either(
            rng,
            (
                f"The gap between numbers is {terms[1]}-{terms[0]}={gap}.",
                f"相邻两数的差是{terms[1]}-{terms[0]}={gap}。",
            ),
            (f"Each number grows by {terms[1]}-{terms[0]}={gap}.", f"每个数增加{terms[1]}-{terms[0]}={gap}。"),
        ),
        either(
            rng,
            (f"Add it to the last one: {terms[3]}+{gap}={value}.", f"加到最后一个数上：{terms[3]}+{gap}={value}。"),
            (f"So the next is {terms[3]}+{gap}={value}.", f"所以下一个是{terms[3]}+{gap}={value}。"),
        ),
    )
    return Problem(
        domain="logic",
        task="next_number",
        verifier="exact",
        slots=(start, gap),
        question=question,
        steps=steps,
        answer=both(value),
        wrong=tuple(both(slip) for slip in near_misses(rng, value)),
        snippet=both(f"print({terms[3]}+{gap})"),
    )


def queue(rng: random.Random) -> Problem:
    """Who stands at a place in a line."""
    order = rng.sample(range(len(NAMES)), rng.choice((4, 5)))
    people = [NAMES[i] for i in order]
    place = rng.randrange(1, len(people))
    line = _joined(people)
    en, zh = PLACES[place]
    question = either(
        rng,
        (
            f"{line.en} stand in a line, front to back. Who is {en}?",
            f"{line.zh}从前到后排队。{zh}个是谁？",
        ),
        (f"In a race they finish in this order: {line.en}. Who is {en}?", f"比赛名次依次是：{line.zh}。{zh}名是谁？"),
    )
    counted = Bilingual(
        ", ".join(f"{i + 1} {p.en}" for i, p in enumerate(people[: place + 1])),
        "，".join(f"{i + 1}{p.zh}" for i, p in enumerate(people[: place + 1])),
    )
    steps = (
        either(
            rng,
            (f"Count from the front: {counted.en}.", f"从前面数：{counted.zh}。"),
            (f"Let me count them: {counted.en}.", f"一个一个数：{counted.zh}。"),
        ),
        either(
            rng,
            (f"The count stops at {people[place].en}.", f"数到的是{people[place].zh}。"),
            (f"So the {en} one is {people[place].en}.", f"所以{zh}个是{people[place].zh}。"),
        ),
    )
    return Problem(
        domain="logic",
        task="queue",
        verifier="exact",
        slots=(place, *order),
        question=question,
        steps=steps,
        answer=people[place],
        wrong=tuple(p for p in people if p != people[place]),
        snippet=_printed(people, place),
    )


def weekday(rng: random.Random) -> Problem:
    """The day of the week some days ahead."""
    today, ahead = rng.randrange(7), rng.randint(2, 8)
    passed = [DAYS[(today + i) % 7] for i in range(1, ahead + 1)]
    question = either(
        rng,
        (
            f"Today is {DAYS[today].en}. What day is it in {ahead} days?",
            f"今天是{DAYS[today].zh}，{ahead}天后是星期几？",
        ),
        (f"What day comes {ahead} days after {DAYS[today].en}?", f"{DAYS[today].zh}之后{ahead}天是星期几？"),
    )
    counted = Bilingual(
        ", ".join(f"{i} {d.en}" for i, d in enumerate(passed, 1)),
        "，".join(f"{i}{d.zh}" for i, d in enumerate(passed, 1)),
    )
    steps = (
        either(
            rng,
            (f"Count the days: {counted.en}.", f"数一数：{counted.zh}。"),
            (f"Go forward day by day: {counted.en}.", f"一天一天往后数：{counted.zh}。"),
        ),
        Bilingual(f"So it will be {passed[-1].en}.", f"所以是{passed[-1].zh}。"),
    )
    return Problem(
        domain="logic",
        task="weekday",
        verifier="exact",
        slots=(today, ahead),
        question=question,
        steps=steps,
        answer=passed[-1],
        wrong=tuple(d for d in DAYS if d != passed[-1]),
        snippet=both(f"print(({today}+{ahead}) % 7)"),
    )


def liar(rng: random.Random) -> Problem:
    """Is the box that colour, when a liar or an honest person says so?"""
    who, colour = rng.randrange(len(NAMES)), rng.randrange(5)
    lies, denies = rng.random() < 0.5, rng.random() < 0.5
    name, shade = NAMES[who], COLOURS[colour]
    is_so = lies == denies
    told = Bilingual(
        f"{name.en} {'always lies' if lies else 'never lies'}. {name.en} says the box is {'not ' if denies else ''}"
        f"{shade.en}. Is the box {shade.en}?",
        f"{name.zh}{'总是说谎' if lies else '从不说谎'}。{name.zh}说盒子{'不是' if denies else '是'}{shade.zh}的。"
        f"盒子是{shade.zh}的吗？",
    )
    steps = (
        either(
            rng,
            (
                f"The words of {name.en} are {'false' if lies else 'true'}.",
                f"{name.zh}的话是{'假' if lies else '真'}的。",
            ),
            (
                f"What {name.en} says is {'not true' if lies else 'true'}.",
                f"{name.zh}说的{'不是真的' if lies else '是真的'}。",
            ),
        ),
        Bilingual(
            f"So the box is {'' if is_so else 'not '}{shade.en}.", f"所以盒子{'是' if is_so else '不是'}{shade.zh}的。"
        ),
    )
    yes, no = Bilingual("yes", "是"), Bilingual("no", "否")
    return Problem(
        domain="logic",
        task="liar",
        verifier="exact",
        slots=(who, colour, int(lies), int(denies)),
        question=told,
        steps=steps,
        answer=yes if is_so else no,
        wrong=(no if is_so else yes,),
        snippet=both(f"print({not lies} == {not denies})"),
    )


FAMILIES = (tallest, odd_one_out, next_number, queue, weekday, liar)
