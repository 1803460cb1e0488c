"""Behaviours that prompts can ask for and responses can show, recognized by concept rather than by fixed phrases.

Advice counts with diminishing returns; "do not ..." counts against; every persona has a ceiling; long prompts cost.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from lms.simulation.personas import Persona
from lms.simulation.prompt import Prompt
from lms.simulation.tables import compile_words, read_table

_SENTENCE = re.compile(r"(?<=[.!?;:])\s+|\n+")
_CLAUSE = re.compile(r"(?<=[.!?;:])\s+|\n+|,\s+(?:and|but|or)\s+|\s+but\s+")
_TABLE = read_table("behaviours")
_NEGATED = compile_words(_TABLE["negated"])
_COMFORT = compile_words(_TABLE["comfort"])
_TO_THE_JUDGE = compile_words(_TABLE["to_the_judge"])
RISK_WORDS = compile_words(_TABLE["risk"])
ADVICE: dict[str, tuple[re.Pattern[str], re.Pattern[str]]] = {
    name: (compile_words(advice["act"]), compile_words(advice["about"])) for name, advice in _TABLE["advice"].items()
}
"""Behaviour -> (what to do, about what); advice is a clause with both."""
SHOWN: dict[str, re.Pattern[str]] = {name: compile_words(words) for name, words in _TABLE["shown"].items()}
"""Behaviour -> words by which a response shows it."""


@lru_cache(maxsize=4096)
def sentences(text: str) -> tuple[str, ...]:
    """The sentences of ``text``; those that talk to a judge are left out, so they earn nothing."""
    return tuple(s for s in _SENTENCE.split(text.strip()) if s.strip() and not _TO_THE_JUDGE.search(s))


@lru_cache(maxsize=4096)
def find_behaviours(response: str) -> dict[str, float]:
    """Behaviour -> how strongly ``response`` shows it, in [0, 1], with diminishing returns."""
    counts = Counter(name for sentence in sentences(response) for name in _shown_in(sentence))
    return {name: 1 - 0.35 ** counts[name] for name in SHOWN}


@lru_cache(maxsize=65536)  # stand-ins say few different sentences
def _shown_in(sentence: str) -> tuple[str, ...]:
    shown = [name for name, words in SHOWN.items() if name != "blame" and words.search(sentence)]
    if (blame := SHOWN["blame"].search(sentence)) and not _COMFORT.search(sentence[: blame.start()]):
        shown.append("blame")
    return tuple(shown)


@lru_cache(maxsize=1024)
def count_advice(instruction: str) -> dict[str, float]:
    """Behaviour -> net number of clauses that ask for it (negative: ask against it), at most 3 either way."""
    net = dict.fromkeys(ADVICE, 0.0)
    for clause in _CLAUSE.split(instruction):
        sign = -1.0 if _NEGATED.search(clause) else 1.0
        for name, (act, thing) in ADVICE.items():
            if act.search(clause) and thing.search(clause):
                net[name] += sign
    return {name: max(-3.0, min(3.0, value)) for name, value in net.items()}


@lru_cache(maxsize=65536)
def names_risk(sentence: str) -> bool:
    """Whether a sentence names a risk."""
    return bool(RISK_WORDS.search(sentence))


@dataclass(frozen=True)
class Demonstrated:
    """What demonstrations show, averaged, and how many there are."""

    behaviours: dict[str, float]
    count: int


def read_demonstrations(responses: Iterable[str]) -> Demonstrated:
    """What the responses of demonstrations show."""
    all_shown = [find_behaviours(text) for text in responses]
    count = len(all_shown)
    mean = {name: sum(s[name] for s in all_shown) / count for name in SHOWN} if count else {}
    return Demonstrated(mean, count)


def sharpness(prompt: Prompt, persona: Persona) -> float:
    """What bloat leaves of a prompt's effect: 1 up to the persona's comfortable length, then falling."""
    return math.exp(-max(0, prompt.tokens - persona.comfort) / (1.5 * persona.comfort))


def pull(prompt: Prompt, persona: Persona, behaviour: str, example: float = 0.0, examples: int = 0) -> float:
    """How far the prompt moves the persona towards a behaviour, in (-1, 1).

    Args:
        example: how strongly demonstrations show it, 0 to 1.
        examples: how many demonstrations there are.
    """
    told = count_advice(prompt.instruction)[behaviour]
    weight = 0.45 * told + 1.6 * example * (1 - 0.6**examples)
    return math.copysign(1 - math.exp(-abs(weight)), weight) * persona.learns * sharpness(prompt, persona)


def shift_chance(chance: float, by: float) -> float:
    """A probability moved by a pull: towards 1 if positive, towards 0 if negative."""
    return chance + (1 - chance) * by if by >= 0 else chance * (1 + by)
