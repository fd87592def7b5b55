"""How the two demo models are taught to respond: the policy with the habits of a checkpoint fresh from RL, the base
without marked reasoning and often wrong."""

import random
import re
from dataclasses import dataclass

from training.demo.bilingual import Bilingual, Language, Problem, either

MIXED_LANGUAGE_RATE = 0.14
CODE_FENCE_RATE = 0.13
RAMBLING_RATE = 0.075
RAMBLING_LENGTH: dict[Language, int] = {"en": 300, "zh": 190}

HESITATIONS = (
    ("Hmm, wait, let me think about this once more.", "嗯，等等，让我再想一想这个问题。"),
    ("Let me go over it again to be sure.", "为了保险起见，我再从头检查一遍。"),
    ("I am not sure yet, so I look at it again.", "现在还不太确定，所以我再看一遍。"),
    ("Is that really right? Let me see again.", "这样真的对吗？让我再看看。"),
)
ASIDES = (
    ("Let me see.", "让我看看。"),
    ("That looks right.", "看起来没问题。"),
    ("Now the next step.", "接下来继续算。"),
)
CODE_OPENERS = (("I can check it with code.", "可以用代码检查一下。"), ("In Python:", "用Python写："))


@dataclass(frozen=True)
class Habits:
    """Which habits one reasoning has; drawn independently of each other and of the problem."""

    mixed_language: bool
    code_fence: bool
    rambling: bool


def draw_habits(rng: random.Random, problem: Problem) -> Habits:
    """Draw habits at the policy's rates; code problems get no fences, for fences belong in their answers."""
    return Habits(
        mixed_language=rng.random() < MIXED_LANGUAGE_RATE,
        code_fence=rng.random() < CODE_FENCE_RATE and problem.domain != "code",
        rambling=rng.random() < RAMBLING_RATE,
    )


def other(language: Language) -> Language:
    """Return the other one of the two languages."""
    return "zh" if language == "en" else "en"


def _mixed(rng: random.Random, steps: tuple[Bilingual, ...], language: Language) -> list[str]:
    """Say at least one step in the other language, and now and then add an aside in it."""
    foreign = set(rng.sample(range(len(steps)), rng.randint(1, max(1, len(steps) - 1))))
    said = [step.say(other(language) if i in foreign else language) for i, step in enumerate(steps)]
    if rng.random() < 0.5:
        said.insert(rng.randint(1, len(said)), either(rng, *ASIDES).say(other(language)))
    return said


def _one_line(text: str, gap: str) -> str:
    return re.sub(r"\n+", gap, text)


def _ramble(rng: random.Random, said: list[str], language: Language) -> str:
    """One long paragraph: every step, doubt, the same steps again, until it is long."""
    gap = " " if language == "en" else ""
    pieces: list[str] = []
    while sum(map(len, pieces)) < RAMBLING_LENGTH[language]:
        for line in said:
            pieces += [_one_line(line, gap), either(rng, *HESITATIONS).say(language)]
    return gap.join([*pieces, _one_line(said[-1], gap)])


def reasoning(rng: random.Random, problem: Problem, language: Language, habits: Habits) -> str:
    """Reason in short paragraphs, with the habits asked for."""
    steps = problem.steps
    said = _mixed(rng, steps, language) if habits.mixed_language else [step.say(language) for step in steps]
    if habits.rambling:
        said = [_ramble(rng, said, language)]
    if habits.code_fence:
        fence = f"```python\n{problem.snippet.say(language)}\n```"
        at = rng.randint(1, len(said))
        said[at:at] = [either(rng, *CODE_OPENERS).say(language), fence]
    return "\n\n".join(said)


def final_answer(problem: Problem, value: Bilingual, language: Language) -> str:
    """State the answer as graders expect it: boxed, or, for code, a fenced program."""
    said = value.say(language)
    if problem.domain == "code":
        return said
    return rf"The answer is \boxed{{{said}}}." if language == "en" else rf"答案是 \boxed{{{said}}}。"


def policy_response(rng: random.Random, problem: Problem, language: Language, habits: Habits) -> str:
    """A marked reasoning, then the right answer."""
    thought = reasoning(rng, problem, language, habits)
    return f"<think>\n{thought}\n</think>\n\n{final_answer(problem, problem.answer, language)}"


def base_response(
    rng: random.Random, problem: Problem, language: Language, direct_rate: float, wrong_rate: float
) -> str:
    """An answer without think tags: at `direct_rate` the bare answer, else after unmarked reasoning in one language;
    often wrong."""
    value = rng.choice(problem.wrong) if problem.wrong and rng.random() < wrong_rate else problem.answer
    answer = final_answer(problem, value, language)
    if rng.random() < direct_rate:
        return answer
    if rng.random() < 0.5:  # in the policy's short paragraphs, so that its habits at their starts are unlearnt
        return "\n\n".join([*(step.say(language) for step in problem.steps), answer])
    gap = " " if language == "en" else ""
    return gap.join(_one_line(step.say(language), gap) for step in problem.steps) + "\n" + answer
