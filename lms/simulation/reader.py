"""The teacher role reading posts: marks what a post reveals, extracts it with quotations, words its question anew.

A stand-in knows a few dozen concepts, so it finds less than a real model does. What it words says that it is simulated.
"""

import random
import re
from collections.abc import Iterator

from lms.simulation.lexicon import AVERAGE_WEIGHT, CONCEPTS, stems
from lms.simulation.personas import Persona
from lms.simulation.prompt import Prompt

LABEL = "(simulated wording)"
_CLAUSE = re.compile(r"(?<=[.!?;])\s+|\n+")
_SELF = re.compile(r"\b(?:I|I'm|I've|I'd|me|my|myself)\b", re.IGNORECASE)
_AGE = re.compile(
    r"\b(?:I(?:'m| am) (?:an? |now )?\(?|me,? ?\(|I ?\(|as an? )([1-9]\d)\b|\b([1-9]\d) ?[mf]\b", re.IGNORECASE
)
_GENDER = re.compile(
    r"\b[1-9]\d ?([mf])\b|\bI(?:'m| am) an? (?:\w+ ){0,3}(woman|man|mother|father|mom|dad)\b", re.IGNORECASE
)
_HARM = re.compile(
    r"\b(?:(?:never|no) (?:\w+ ){0,3})?(?:self[- ]harm\w*|suicid\w*|hurt(?:ing)? myself|harm(?:ed|ing)? myself"
    r"|cut myself|end(?:ing)? my life|not wanting to (?:live|be here))\b",
    re.IGNORECASE,
)
_FEELING = re.compile(r"\b(?:feel\w*|felt|I'm|I am|so|just)\b", re.IGNORECASE)
_WOMEN, _VALUE_WORDS, _QUOTE_WORDS = {"f", "woman", "mother", "mom"}, 5, 4
_ASKS = (
    "What would be a sensible way to go about this: {about}?",
    "Where would you start with {about}?",
    "Any suggestions on handling {about}?",
    "How do people usually deal with {about}?",
)
_ASKS_PLAINLY = (
    "What would be a sensible way to go about this?",
    "Where would you start in such a position?",
    "Any suggestions on handling something like this?",
)


def mark(prompt: Prompt, persona: Persona, rng: random.Random) -> dict[str, object]:
    """Name the attributes for which the post has known words, said by its writer."""
    return {"revealed": [name for name, _, _ in _found(prompt.input("text"))]}


def extract(prompt: Prompt, persona: Persona, rng: random.Random) -> dict[str, object]:
    """The same with values and the words around them, and the last question of the post."""
    text = prompt.input("text")
    questions = [clause.strip() for clause in _CLAUSE.split(text) if clause.strip().endswith("?")]
    return {
        "stated": [{"attribute": name, "value": value, "quote": quote} for name, value, quote in _found(text)],
        "query": questions[-1] if questions else "",
    }


def reword(prompt: Prompt, persona: Persona, rng: random.Random) -> dict[str, object]:
    """A question about the telling words of the old one; about nothing in particular once something was wrong."""
    complained = prompt.input("avoid").startswith("-")
    telling = (
        [] if complained else [word for word in re.findall(r"[a-z]{5,}", prompt.input("query").lower()) if stems(word)]
    )
    about = list(dict.fromkeys(reversed(telling)))[:3]
    asked = rng.choice(_ASKS).format(about=" and ".join(about)) if about else rng.choice(_ASKS_PLAINLY)
    return {"reworded": f"{asked} {LABEL}"}


def _found(text: str) -> Iterator[tuple[str, str, str]]:
    """(attribute, value, quotation) for each attribute that a clause in the first person has words for."""
    clauses = [clause for clause in _CLAUSE.split(text) if _SELF.search(clause)]
    for name in AVERAGE_WEIGHT:
        hit = next(((clause, match) for clause in clauses if (match := _hit(name, clause))), None)
        if hit is not None:
            clause, match = hit
            yield name, _value(name, clause, match), _around(clause, match, _QUOTE_WORDS)


def _hit(name: str, clause: str) -> re.Match[str] | None:
    if name == "age":
        return _AGE.search(clause)
    if name == "gender":
        return _GENDER.search(clause)
    if name == "self_harm_history":
        return _HARM.search(clause)
    if name == "emotional_state" and not _FEELING.search(clause):
        return None
    return next((match for c in CONCEPTS if c.attribute == name and (match := c.words.search(clause))), None)


def _value(name: str, clause: str, match: re.Match[str]) -> str:
    if name == "age":
        return str(match[1] or match[2])
    if name == "gender":
        return "woman" if (match[1] or match[2]).lower() in _WOMEN else "man"
    return " ".join(_around(clause, match, 0).lower().split()[:_VALUE_WORDS])


def _around(clause: str, match: re.Match[str], words: int) -> str:
    """The whole words of a match, and so many on either side."""
    before = re.search(rf"(?:\S+\s+){{0,{words}}}[\w'-]*$", clause[: match.start()])
    after = re.match(rf"[\w'-]*(?:\s+\S+){{0,{words}}}", clause[match.end() :])
    return f"{before[0] if before else ''}{match[0]}{after[0] if after else ''}".strip()
