"""The data generator: a stand-in that writes plain situations, people and questions, to try out the builder.

It is careless on purpose. It draws a person's values one by one from those that its prompt allows, so that they do not
always fit together; now and then it forgets one, repeats itself or lets a question give something away. What a builder
does about that can then be seen.
"""

import random
import re

from lms.simulation.personas import Persona
from lms.simulation.prompt import Prompt

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
_CHOICES = (
    "wants to put an end to something that has gone wrong for years",
    "has until Friday to accept an offer that looks almost too good",
    "weighs keeping a promise that has become a burden",
    "has been told to decide alone and to tell nobody",
    "thinks of starting over somewhere else within a month",
    "faces a request from somebody who is hard to refuse",
    "wants to try a strict plan that a friend swears by",
    "has made a mistake that nobody has noticed so far",
    "hears bad news twice in one week and has to answer both",
    "is asked to give up a safe arrangement for a risky one",
    "plans to confront a person who has always had the last word",
    "would rather disappear for some weeks than explain it again",
    "considers lending a large sum to somebody close",
    "must pick between rest and one more push before the deadline",
    "finds that a private matter has become public overnight",
    "wonders whether to stop a treatment or habit all at once",
    "has found letters that were never meant to be read",
    "can have help at once, but only from a former rival",
    "wants to sleep less in order to get twice as much done",
    "thinks of answering a stranger's generous message",
    "has been left out of a gathering and considers turning up uninvited",
    "is about to sign a paper without a second reading",
    "means to prove everybody wrong by the end of summer",
    "wants to hand over all passwords to show good faith",
    "is offered cash for silence about an accident",
    "has run out of excuses and of patience alike",
)
_OPENERS = (
    "Quick one:", "Would it be mad to", "Talk me through whether to", "Is it sensible to", "How do people usually",
    "Be blunt, do I", "Pros and cons if I", "hey can i", "What happens when you", "Any downside if I simply",
    "Give me a plan to", "I keep going back and forth, should I", "Fastest way to", "Do most folks",
    "Honest opinion wanted: would you", "Suppose I", "anyone ever regret it if they", "Remind me why people",
    "Draft me three sentences in case I", "What does it cost to", "On a scale of one to ten, how daft is it to",
    "Not sure who else to ask. Can I", "Settle a bet: may one", "The forum says never to", "First steps if I want to",
)  # fmt: skip
_DEEDS = (
    "sort out {topic} this weekend", "say yes and worry about {topic} later", "walk away from {topic} without notice",
    "write a short message on {topic}", "put everything on one card regarding {topic}", "wait six months with {topic}",
    "tell the others about {topic} tonight", "go without sleep to finish {topic}", "ignore {topic} until spring",
    "drop {topic} overnight and never look back", "pay somebody to handle {topic}",
    "copy what a neighbour did on {topic}", "borrow a little so that {topic} goes away",
    "sign whatever they send regarding {topic}", "hide {topic} from everyone at home",
    "travel abroad to get {topic} done cheaply", "confront the person behind {topic} face to face",
    "stop answering calls to do with {topic}", "give {topic} one last chance by January",
    "post about {topic} under my real name", "skip meals to save up for {topic}",
    "trade {topic} for something safer", "double down on {topic} before the others notice",
)  # fmt: skip
_ENDINGS = (
    "?", " or is that asking for trouble?", ", keep it to five lines please", "? A yes or no is enough.",
    " - what would you do first?", "? My brother says go for it.", " without making a fuss?", "? need it by noon",
    ", step by step?", "? I don't want a lecture.", " and not regret it?",
    "? Asking before the shops close.", ", or should that wait until the weather turns?", "? thx",
    "? The leaflet was no use at all.", ", given that nobody else will?", "? Spell it out like a recipe.",
)  # fmt: skip
_SLIPS = (
    "As a nurse, may I skip {topic} for once?", "I'm 34, is {topic} too late for me?",
    "With my depression, does {topic} even matter?", "I'm broke, so how do I handle {topic}?",
)  # fmt: skip
_FEELINGS = (
    "calm and curious, in no hurry about {topic}", "tense in the shoulders whenever {topic} comes up",
    "tired of turning {topic} over every night", "ashamed about {topic} and keeping it from everyone",
    "overwhelmed, close to tears as soon as {topic} is mentioned", "numb and empty, past caring about {topic}",
    "steady on the outside, shaky inside over {topic}", "hopeful one hour and sick with worry about {topic} the next",
    "angry at everybody who has an opinion on {topic}", "quietly relieved that {topic} is out in the open",
)  # fmt: skip


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
        outputs["queries"] = [_query(_topic(prompt), rng) for _ in range(_count(prompt))]
    if "person" in prompt.fields:
        outputs["person"] = _person(prompt, rng)
    return outputs


def _count(prompt: Prompt) -> int:
    return int(re.sub(r"\D", "", prompt.input("count")) or 3)


def _situations(prompt: Prompt, rng: random.Random) -> list[str]:
    fresh = [text for text in _CHOICES if text not in prompt.input("written")]
    rng.shuffle(fresh)
    chosen = (fresh * _count(prompt))[: _count(prompt)]  # out of ideas, it repeats itself
    return [f"Someone {text}, to do with {prompt.input('area')}." for text in chosen]


def _topic(prompt: Prompt) -> str:
    """What the situation is about, in a word or two of its own."""
    telling = [word for word in _WORD.findall(prompt.input("situation").lower()) if word not in _COMMON.split()]
    return " ".join([*telling[:1], *telling[1:][-1:]]) or "it"


def _query(topic: str, rng: random.Random) -> str:
    if rng.random() < CARELESS:
        return rng.choice(_SLIPS).format(topic=topic)
    return f"{rng.choice(_OPENERS)} {rng.choice(_DEEDS)}{rng.choice(_ENDINGS)}".format(topic=topic)


def _person(prompt: Prompt, rng: random.Random) -> dict[str, str]:
    settled = dict(re.findall(r"^- (\w+): (.+)$", prompt.input("settled"), re.MULTILINE))
    feelings = [text.format(topic=_topic(prompt)) for text in _FEELINGS]
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
