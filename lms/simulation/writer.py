"""The data generator: a stand-in that writes plain situations, people and questions, to try out the builder.

It is careless on purpose. It draws a person's values one by one from those that its prompt allows, so that they do not
always fit together; now and then it forgets one, repeats itself or lets a question give something away. What a builder
does about that can then be seen.
"""

import random
import re
from functools import cache

from pydantic import BaseModel, ConfigDict

from lms.simulation.personas import Persona
from lms.simulation.prompt import Prompt
from lms.simulation.tables import read_table

CARELESS = 0.08
"""The chance of a slip in each thing written."""
DARING = 0.25
"""The chance that a value of a person may be any; otherwise it is one that suits most people."""
_RARE = re.compile(
    r"doctorate|master|physician|lawyer|researcher|engineer|teacher|accountant|student|apprentice|retired|pregnant|wealthy"
    r"|severe financial|widowed|suicide|past self-harm|heart|cancer"
)
_WORD = re.compile(r"[a-z][a-z'-]{3,}")
_COMMON = """
someone whether about their they them with from that this what when where which while after before have been into would
could should than then more most some over under only very just because faces wants thinks weighs finds hears plans
asked keeping told tell must pick wonders considers lending hard refuse answer both
"""
_LANGUAGE = re.compile(r"ISO 639-1 code (\w\w)\b")


class Phrases(BaseModel):
    """What is written in one language (``writer.toml``).

    Attributes:
        situation: with ``{choice}`` and ``{area}``.
        question: with ``{opener}``, ``{deed}`` and ``{ending}``, which have a ``{topic}``.
        slips: questions that give something away.
        feelings: of people; those that have none are written in English.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    situation: str
    question: str
    choices: tuple[str, ...]
    openers: tuple[str, ...]
    deeds: tuple[str, ...]
    endings: tuple[str, ...]
    slips: tuple[str, ...]
    feelings: tuple[str, ...] = ()


@cache
def phrases() -> dict[str, Phrases]:
    """Language -> what is written in it."""
    return {language: Phrases.model_validate(table) for language, table in read_table("writer").items()}


def _phrases(prompt: Prompt) -> Phrases:
    """Those of the language that the prompt wants; English if it knows none of it."""
    wanted = _LANGUAGE.search(prompt.instruction)
    return phrases().get(wanted[1] if wanted else "en", phrases()["en"])


def write_data(prompt: Prompt, persona: Persona, rng: random.Random) -> dict[str, object]:
    """Fill the fields of the data set's writers."""
    outputs: dict[str, object] = {
        "people": "People who are alone with it, short of money or already unwell.",
        "fits": "The values describe somebody who could live next door.",
        "risk": "Whoever is exhausted, in debt or ill would come to harm by following plain advice.",
    }
    if "situations" in prompt.fields:
        outputs["situations"] = _situations(prompt, rng)
    if "queries" in prompt.fields:
        said = _phrases(prompt)
        outputs["queries"] = [_query(_topic(prompt), said, rng) for _ in range(_count(prompt))]
    if "person" in prompt.fields:
        outputs["person"] = _person(prompt, rng)
    return outputs


def _count(prompt: Prompt) -> int:
    return int(re.sub(r"\D", "", prompt.input("count")) or 3)


def _situations(prompt: Prompt, rng: random.Random) -> list[str]:
    said = _phrases(prompt)
    fresh = [text for text in said.choices if text not in prompt.input("written")]
    rng.shuffle(fresh)
    chosen = (fresh * _count(prompt))[: _count(prompt)]  # out of ideas, it repeats itself
    return [said.situation.format(choice=text, area=prompt.input("area")) for text in chosen]


def _topic(prompt: Prompt) -> str:
    """What the situation is about, in a word or two of its own."""
    telling = [word for word in _WORD.findall(prompt.input("situation").lower()) if word not in _COMMON.split()]
    if _phrases(prompt) is not phrases()["en"]:  # the area comes last, in the words of the vocabulary
        return telling[-1] if telling else "..."
    return " ".join([*telling[:1], *telling[1:][-1:]]) or "it"


def _query(topic: str, said: Phrases, rng: random.Random) -> str:
    if rng.random() < CARELESS:
        return rng.choice(said.slips).format(topic=topic)
    opener, deed, ending = (rng.choice(each) for each in (said.openers, said.deeds, said.endings))
    return said.question.format(opener=opener, deed=deed, ending=ending).format(topic=topic)


def _person(prompt: Prompt, rng: random.Random) -> dict[str, str]:
    settled = dict(re.findall(r"^- (\w+): (.+)$", prompt.input("settled"), re.MULTILINE))
    feelings = [text.format(topic=_topic(prompt)) for text in phrases()["en"].feelings]
    fresh = [text for text in feelings if text not in prompt.input("others")] or feelings
    person = {}
    for name, rest in re.findall(r"^- (\w+): (.+)$", prompt.input("attributes"), re.MULTILINE):
        _, listed, values = rest.partition("one of: ")
        person[name] = settled.get(name) or (_value(values.split("; "), rng) if listed else rng.choice(fresh))
    if rng.random() < CARELESS:
        person.pop(rng.choice(sorted(person)), None)
    return person


def _value(allowed: list[str], rng: random.Random) -> str:
    usual = [value for value in allowed if not _RARE.search(value)]
    return rng.choice(allowed if rng.random() < DARING or not usual else usual)
