"""The demo's prompts and training corpora, all from one seed, with the held-out problems reserved first.

Every problem has a key (task and numbers or words, see `Problem.key`), the same in both languages. The held-out keys
are drawn before anything else; whatever is drawn for training afterwards is thrown away where its key is held out.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

from training.demo import code_problems, logic_problems, math_problems, stem_problems
from training.demo.bilingual import Key, Language, Problem
from training.demo.general_samples import GeneralSample, distinct_samples, general_sample
from training.demo.responses import base_response, draw_habits, policy_response

HELD_OUT_PROMPTS = 400
TRAIN_PROMPTS = 2_200
GENERAL_SAMPLES = 900
GENERAL_SHARE = 0.07

Family = Callable[[random.Random], Problem]
DOMAIN_WEIGHTS: tuple[tuple[tuple[Family, ...], float], ...] = (
    (math_problems.FAMILIES, 0.40),
    (stem_problems.FAMILIES, 0.24),
    (logic_problems.FAMILIES, 0.24),
    (code_problems.FAMILIES, 0.12),
)


@dataclass(frozen=True)
class DemoPrompt:
    """A row of `prompts.jsonl`, in the field names that the prompt import reads."""

    question: str
    domain: str
    task: str
    reference: str
    verifier: str
    target_language: Language
    split: str


@dataclass(frozen=True)
class Exchange:
    """One training example: what the user says and how the model is to respond."""

    question: str
    response: str
    key: Key
    language: Language


def draw_problem(rng: random.Random) -> Problem:
    """Draw a domain by its weight, then a task of it, then a problem."""
    families = rng.choices([f for f, _ in DOMAIN_WEIGHTS], [w for _, w in DOMAIN_WEIGHTS])[0]
    return rng.choice(families)(rng)


def _prompt(problem: Problem, language: Language, split: str) -> DemoPrompt:
    reference = problem.reference or problem.answer
    return DemoPrompt(
        question=problem.question.say(language),
        domain=problem.domain,
        task=problem.task,
        reference=reference.say(language),
        verifier=problem.verifier,
        target_language=language,
        split=split,
    )


def held_out(seed: int) -> dict[Key, DemoPrompt]:
    """The held-out prompts by key: one language each, no key twice."""
    rng = random.Random(f"{seed} held out")
    prompts: dict[Key, DemoPrompt] = {}
    while len(prompts) < HELD_OUT_PROMPTS:
        problem = draw_problem(rng)
        language: Language = rng.choice(("en", "zh"))
        if problem.key not in prompts:
            prompts[problem.key] = _prompt(problem, language, "held_out")
    return prompts


def training_problems(seed: str, refused: frozenset[Key]) -> Iterator[tuple[Problem, Language, random.Random]]:
    """Draw problems without end, leaving out those with a refused key."""
    rng = random.Random(seed)
    while True:
        problem = draw_problem(rng)
        language: Language = rng.choice(("en", "zh"))
        if problem.key not in refused:
            yield problem, language, rng


def train_prompts(seed: int, refused: frozenset[Key]) -> dict[tuple[Key, Language], DemoPrompt]:
    """The train prompts by key and language, no such pair twice."""
    prompts: dict[tuple[Key, Language], DemoPrompt] = {}
    for problem, language, _ in training_problems(f"{seed} train", refused):
        prompts.setdefault((problem.key, language), _prompt(problem, language, "train"))
        if len(prompts) == TRAIN_PROMPTS:
            break
    return prompts


def general_samples(seed: int) -> list[GeneralSample]:
    """The samples of `general.jsonl`, all different."""
    return distinct_samples(random.Random(f"{seed} general"), GENERAL_SAMPLES)


def policy_corpus(seed: int, refused: frozenset[Key], size: int) -> Iterator[Exchange]:
    """What the policy is trained on: right answers, marked reasoning with its habits, and some general samples."""
    problems = training_problems(f"{seed} policy", refused)
    for _ in range(size):
        problem, language, rng = next(problems)
        if rng.random() < GENERAL_SHARE:
            yield _general(rng, marked=True)
            continue
        response = policy_response(rng, problem, language, draw_habits(rng, problem))
        yield Exchange(problem.question.say(language), response, problem.key, language)


def base_corpus(
    seed: int, refused: frozenset[Key], size: int, direct_rate: float, wrong_rate: float
) -> Iterator[Exchange]:
    """What the policy's weights are moved by to make the base: direct, often wrong answers, unmarked reasoning."""
    problems = training_problems(f"{seed} base", refused)
    for _ in range(size):
        problem, language, rng = next(problems)
        if rng.random() < GENERAL_SHARE:
            yield _general(rng, marked=False)
            continue
        response = base_response(rng, problem, language, direct_rate, wrong_rate)
        yield Exchange(problem.question.say(language), response, problem.key, language)


def _general(rng: random.Random, marked: bool) -> Exchange:
    sample = general_sample(rng)
    response = sample.response if marked else sample.answer
    return Exchange(sample.question, response, ("general", sample.question), sample.language)


def prompt_rows(seed: int) -> list[dict[str, str]]:
    """The rows of `prompts.jsonl`: train prompts, then held-out ones."""
    reserved = held_out(seed)
    rows = [*train_prompts(seed, frozenset(reserved)).values(), *reserved.values()]
    return [asdict(row) for row in rows]


def general_rows(seed: int) -> list[dict[str, object]]:
    """The rows of `general.jsonl`: chat messages with task and language."""
    return [
        {
            "messages": [
                {"role": "user", "content": sample.question},
                {"role": "assistant", "content": sample.response},
            ],
            "task": sample.task,
            "language": sample.language,
        }
        for sample in general_samples(seed)
    ]
