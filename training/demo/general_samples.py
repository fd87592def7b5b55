"""General samples of the demo: writing, factual questions, self-cognition and translation, in two languages.

Writing and translation carry a short chain of thought; greetings and questions about the assistant carry none, as
a simple query needs none; factual answers come with and without.
"""

import random
from dataclasses import dataclass

from training.demo.bilingual import Language


@dataclass(frozen=True)
class GeneralSample:
    """One user turn and one assistant turn; `thought` is empty where the answer needs no thinking."""

    question: str
    thought: str
    answer: str
    task: str
    language: Language

    @property
    def response(self) -> str:
        """The assistant turn: think block, where there is one, then the answer."""
        return f"<think>\n{self.thought}\n</think>\n\n{self.answer}" if self.thought else self.answer


GREETINGS = {
    "en": ("hello", "Hello!", "hi", "Hi there", "good morning", "Good evening!", "hey", "thank you", "bye"),
    "zh": ("你好", "你好！", "您好", "早上好", "晚上好！", "嗨", "在吗", "谢谢你", "再见"),
}
GREETING_REPLIES = {
    "en": (
        "Hello! How can I help you?",
        "Hi! What can I do for you today?",
        "Hello! Ask me anything.",
        "Hi! I am glad to help you.",
        "Hello! I am here to help.",
    ),
    "zh": (
        "你好！有什么可以帮你的吗？",
        "你好！今天想聊点什么？",
        "你好！请问有什么问题？",
        "你好！很高兴帮助你。",
        "你好！我在这里，请说。",
    ),
}
SELF_QUESTIONS = {
    "en": (
        "Who are you?",
        "What is your name?",
        "Tell me about yourself.",
        "Who made you?",
        "Are you a person?",
        "What can you do?",
        "What are you?",
        "How big are you?",
    ),
    "zh": (
        "你是谁？",
        "你叫什么名字？",
        "介绍一下你自己。",
        "谁做了你？",
        "你是人吗？",
        "你会做什么？",
        "你是什么？",
        "你有多大？",
    ),
}
SELF_OPENINGS = {
    "en": ("I am the Winnow demo model", "My name is Winnow demo model", "You are talking to the Winnow demo model"),
    "zh": ("我是Winnow演示模型", "我叫Winnow演示模型", "和你说话的是Winnow演示模型"),
}
SELF_DETAILS = {
    "en": (
        ", a very small language model.",
        ". I am not a person.",
        ". I solve small problems step by step.",
        ", made to show how Winnow works.",
        ". I have about four million parameters.",
    ),
    "zh": (
        "，一个很小的语言模型。",
        "。我不是人。",
        "。我一步一步解小题。",
        "，用来演示Winnow怎样工作。",
        "。我有大约四百万个参数。",
    ),
}
CAPITALS = (
    ("France", "Paris", "法国", "巴黎"),
    ("China", "Beijing", "中国", "北京"),
    ("Japan", "Tokyo", "日本", "东京"),
    ("Italy", "Rome", "意大利", "罗马"),
    ("Spain", "Madrid", "西班牙", "马德里"),
    ("Germany", "Berlin", "德国", "柏林"),
    ("Russia", "Moscow", "俄罗斯", "莫斯科"),
    ("Egypt", "Cairo", "埃及", "开罗"),
    ("Greece", "Athens", "希腊", "雅典"),
    ("Cuba", "Havana", "古巴", "哈瓦那"),
)
LEGS = (
    ("cat", "four", "猫", "四"),
    ("horse", "four", "马", "四"),
    ("bird", "two", "鸟", "两"),
    ("spider", "eight", "蜘蛛", "八"),
    ("ant", "six", "蚂蚁", "六"),
    ("fish", "no", "鱼", "零"),
)
OPPOSITES = (
    ("hot", "cold", "热", "冷"),
    ("big", "small", "大", "小"),
    ("day", "night", "白天", "黑夜"),
    ("fast", "slow", "快", "慢"),
    ("early", "late", "早", "晚"),
    ("open", "closed", "开", "关"),
)
SUBJECTS = (
    ("I", "我"),
    ("You", "你"),
    ("We", "我们"),
    ("They", "他们"),
    ("The children", "孩子们"),
    ("My friends", "我的朋友"),
)
VERBS = (("like", "喜欢"), ("see", "看见"), ("need", "需要"), ("buy", "买"), ("want", "想要"))
QUALITIES = (("red", "红色的"), ("new", "新的"), ("small", "小小的"), ("good", "好的"))
THINGS = (
    ("apples", "苹果"),
    ("books", "书"),
    ("boxes", "盒子"),
    ("flowers", "花"),
    ("bikes", "自行车"),
    ("hats", "帽子"),
)
SEASONS = (("spring", "春天"), ("summer", "夏天"), ("autumn", "秋天"), ("winter", "冬天"))
SCENES = (
    ("the sea", "大海"),
    ("the moon", "月亮"),
    ("an old tree", "老树"),
    ("a river", "小河"),
    ("my home", "我的家"),
    ("a train", "火车"),
)
FORMS = (("a line", "一句话"), ("a short poem", "一首小诗"), ("a note", "一段话"))
MOODS = (
    ("the wind is soft and the light is warm", "风很轻，光很暖"),
    ("all is quiet and the day is long", "四周很静，日子很长"),
    ("old friends come home again", "老朋友又回到家"),
    ("the birds sing and the leaves move", "鸟儿在唱，树叶在动"),
)


def _greeting(rng: random.Random, language: Language) -> GeneralSample:
    question, answer = rng.choice(GREETINGS[language]), rng.choice(GREETING_REPLIES[language])
    return GeneralSample(question, "", answer, "self_cognition", language)


def _self(rng: random.Random, language: Language) -> GeneralSample:
    answer = rng.choice(SELF_OPENINGS[language]) + rng.choice(SELF_DETAILS[language])
    return GeneralSample(rng.choice(SELF_QUESTIONS[language]), "", answer, "self_cognition", language)


def _fact(rng: random.Random, language: Language) -> GeneralSample:
    kind = rng.randrange(3)
    if kind == 0:
        country, city, guo, shi = rng.choice(CAPITALS)
        asked = rng.choice(
            (
                (f"What is the capital of {country}?", f"{guo}的首都是哪里？"),
                (f"Name the capital of {country}.", f"说出{guo}的首都。"),
                (f"Which city is the capital of {country}?", f"哪座城市是{guo}的首都？"),
            )
        )
        told = (f"The capital of {country} is {city}.", f"{guo}的首都是{shi}。")
        thought = (f"The question is about {country} and its capital.", f"这个问题问的是{guo}的首都。")
    elif kind == 1:
        animal, legs, dongwu, tui = rng.choice(LEGS)
        asked = rng.choice(
            (
                (f"How many legs has a {animal}?", f"{dongwu}有几条腿？"),
                (f"Tell me how many legs a {animal} has.", f"告诉我{dongwu}有几条腿。"),
            )
        )
        told = (f"A {animal} has {legs} legs.", f"{dongwu}有{tui}条腿。")
        thought = (f"I recall what a {animal} looks like.", f"想一想{dongwu}的样子。")
    else:
        word, opposite, ci, fanyi = rng.choice(OPPOSITES)
        asked = rng.choice(
            (
                (f"What is the opposite of {word}?", f"“{ci}”的反义词是什么？"),
                (f"Give me a word that means the opposite of {word}.", f"说一个与“{ci}”意思相反的词。"),
            )
        )
        told = (f"The opposite of {word} is {opposite}.", f"“{ci}”的反义词是“{fanyi}”。")
        thought = (f"I look for the other end of {word}.", f"找出与“{ci}”相反的词。")
    at = 0 if language == "en" else 1
    return GeneralSample(asked[at], thought[at] if rng.random() < 0.5 else "", told[at], "factual_qa", language)


def _translation(rng: random.Random, language: Language) -> GeneralSample:
    parts = [rng.choice(words) for words in (SUBJECTS, VERBS, QUALITIES, THINGS)]
    english = " ".join(part[0] for part in parts) + "."
    chinese = "".join(part[1] for part in parts) + "。"
    if language == "en":
        asked = rng.choice(("Translate into Chinese: ", "How do you say this in Chinese? "))
        thought = "I keep the order: who, does what, to which thing."
        return GeneralSample(asked + english, thought, chinese, "translation", language)
    asked = rng.choice(("翻译成英文：", "这句话用英文怎么说？"))
    thought = "先看谁，再看做什么，最后看是什么东西。"
    return GeneralSample(asked + chinese, thought, english, "translation", language)


def _writing(rng: random.Random, language: Language) -> GeneralSample:
    at = 0 if language == "en" else 1
    form, season, scene, mood = (rng.choice(c)[at] for c in (FORMS, SEASONS, SCENES, MOODS))
    if language == "en":
        return GeneralSample(
            rng.choice((f"Write {form} about {scene} in {season}.", f"I would like {form} on {scene} in {season}.")),
            f"It should be about {scene}.\n\nThe season is {season}, so I keep it calm.",
            f"It is {season}. I look at {scene}, {mood}.",
            "writing",
            language,
        )
    return GeneralSample(
        rng.choice((f"写{form}，写{season}的{scene}。", f"请用{form}写写{season}里的{scene}。")),
        f"主题是{scene}。\n\n季节是{season}，语气要平静。",
        f"{season}到了。我看着{scene}，{mood}。",
        "writing",
        language,
    )


TASKS = ((_writing, 0.32), (_translation, 0.32), (_fact, 0.22), (_self, 0.09), (_greeting, 0.05))


def general_sample(rng: random.Random) -> GeneralSample:
    """Draw one general sample."""
    make = rng.choices([task for task, _ in TASKS], [weight for _, weight in TASKS])[0]
    return make(rng, rng.choice(("en", "zh")))


def distinct_samples(rng: random.Random, count: int) -> list[GeneralSample]:
    """Draw samples until `count` different ones are there."""
    samples: dict[GeneralSample, None] = {}
    while len(samples) < count:
        samples[general_sample(rng)] = None
    return list(samples)
