"""The user role: a stand-in person who answers what is asked from the profile in the prompt, and nothing else."""

import random
import re

from lms.simulation.lexicon import parse_context
from lms.simulation.own import other_values, own_subject
from lms.simulation.personas import Persona
from lms.simulation.prompt import Prompt
from lms.simulation.tables import compile_words, read_table
from signatures import current_vocabulary

ENGLISH = "en"
_TABLE = read_table("user")
_SUBJECTS: dict[str, re.Pattern[str]] = {name: compile_words(words) for name, words in _TABLE["subjects"].items()}
_LEADS: list[str] = _TABLE["leads"]
_SAY: dict[str, str] = _TABLE["say"]
_REFUSALS: list[str] = _TABLE["refusals"]
_DELICATE = frozenset(_TABLE["delicate"])
OTHERWISE: dict[str, list[str]] = _TABLE["otherwise"]
"""Attribute -> values that a profile may not have."""
_EVASIONS: list[str] = _TABLE["evasions"]
_PLAIN = frozenset(_TABLE["plain"])


def subject_of(question: str) -> str | None:
    """The attribute that a question is about, most delicate reading first; None if it is about none."""
    if own := own_subject(question):
        return own
    names = current_vocabulary().by_name
    return next((name for name, words in _SUBJECTS.items() if name in names and words.search(question)), None)


def answer(prompt: Prompt, persona: Persona, rng: random.Random) -> dict[str, object]:
    """Say what the profile says about the thing asked, in this persona's manner; say so where it does not say."""
    profile = parse_context(prompt.input("profile"))
    subject = subject_of(prompt.input("question"))
    if subject is None or subject not in profile:
        return {"answer": "I'm not sure, to be honest."}
    if _is_delicate(subject) and rng.random() < persona.declines:
        return {"answer": rng.choice(_REFUSALS)}
    if persona.vague and rng.random() < persona.vague:
        return {"answer": rng.choice(_EVASIONS)}
    value = profile[subject]
    if rng.random() < persona.contradicts:
        others = [other for other in OTHERWISE.get(subject) or other_values(subject) if other != value]
        value = rng.choice(others or [value])
    if rng.random() < persona.terse:
        return {"answer": value}
    lead = rng.choice(_LEADS)
    told = [_sentence(subject, value, lead if current_vocabulary().language == ENGLISH else "")]
    others = [name for name in profile if name not in (subject, "emotional_state")]
    told += [
        _sentence(name, profile[name], "")
        for name in rng.sample(others, min(2, len(others)))
        if rng.random() < persona.volunteers
    ]
    return {"answer": " ".join(told)}


def _is_delicate(attribute: str) -> bool:
    return attribute in _DELICATE or (attribute not in _SUBJECTS and current_vocabulary().by_name[attribute].delicate)


def _sentence(attribute: str, value: str, lead: str) -> str:
    """How a value is said; in a language other than English, and of an attribute of one's own, by itself."""
    english = current_vocabulary().language == ENGLISH
    form = "I'm {v}" if value in _PLAIN else _SAY.get(attribute, "{v}")
    form = form if english else "{v}"
    text = lead + form.format(v=value)
    return text[0].upper() + text[1:] + "."
