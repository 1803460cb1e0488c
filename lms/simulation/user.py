"""The user role: a stand-in person who answers what is asked from the profile in the prompt, and nothing else."""

import random
import re

from lms.simulation.lexicon import parse_context
from lms.simulation.personas import Persona
from lms.simulation.prompt import Prompt

_SUBJECTS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(words, re.IGNORECASE))
    for name, words in (
        (
            "self_harm_history",
            r"hurt(?:ing)? your ?self|self-?harm|harm(?:ing|ed)? your ?self|end(?:ing)? your life|suicid|not wanting to (?:live|be here)",
        ),
        ("mental_health_status", r"mental|depress|anxiety|psych|diagnos.*mood|\btherapy\b"),
        ("economic_status", r"money|financ|afford|make ends meet|income|\bbills\b|economic"),
        ("health_status", r"physical|medical|illness|health|your body"),
        ("marital_status", r"married|partner|single|marital|relationship status|living with"),
        ("education_level", r"school|education|degree|qualif"),
        ("profession", r"\bwork|\bjob\b|for a living|occupation|profession|stud(?:y|ying)"),
        ("age", r"\bold\b|\bage\b|years of age|stage of life"),
        ("gender", r"gender|identify as|man or (?:a )?woman"),
        ("emotional_state", r"feel|emotion|holding up|right now|mood|how are you"),
    )
)
_LEADS = ("", "Well, ", "I'd say ", "Honestly, ")
_SAY = {
    "age": "I'm {v}",
    "gender": "I'm a {v}",
    "marital_status": "I'm {v}",
    "profession": "I work as {v}",
    "economic_status": "it's {v}",
    "education_level": "I have {v}",
    "health_status": "it's {v}",
    "mental_health_status": "it's {v}",
    "self_harm_history": "{v}",
    "emotional_state": "I'm {v}",
}
_REFUSALS = (
    "I'd rather not say.",
    "I'd prefer not to get into that.",
    "Sorry, that's private.",
    "I don't want to talk about that, if it's all the same.",
    "Can we skip that one?",
)
DELICATE = frozenset({"economic_status", "health_status", "mental_health_status", "self_harm_history"})
_OTHERWISE = {
    "age": ("25-34 years", "45-54 years"),
    "gender": ("woman", "man"),
    "marital_status": ("single", "married"),
    "profession": ("office administrator", "unemployed"),
    "economic_status": ("financially comfortable", "living paycheck to paycheck"),
    "education_level": ("high school diploma", "bachelor's degree"),
    "health_status": ("good general health", "asthma"),
    "mental_health_status": ("no mental health concerns", "mild stress"),
    "self_harm_history": ("none", "past thoughts of self-harm"),
    "emotional_state": ("calm and settled", "tense and tired"),
}
_PLAIN = frozenset({"unemployed", "retired", "stay-at-home parent", "university student"})


def subject_of(question: str) -> str | None:
    """The attribute that a question is about, most delicate reading first; None if it is about none."""
    return next((name for name, words in _SUBJECTS if words.search(question)), None)


def answer(prompt: Prompt, persona: Persona, rng: random.Random) -> dict[str, object]:
    """Say what the profile says about the thing asked, in this persona's manner; say so where it does not say."""
    profile = parse_context(prompt.input("profile"))
    subject = subject_of(prompt.input("question"))
    if subject is None or subject not in profile:
        return {"answer": "I'm not sure, to be honest."}
    if subject in DELICATE and rng.random() < persona.declines:
        return {"answer": rng.choice(_REFUSALS)}
    value = profile[subject]
    if rng.random() < persona.contradicts:
        value = rng.choice([other for other in _OTHERWISE[subject] if other != value])
    if rng.random() < persona.terse:
        return {"answer": value}
    told = [_sentence(subject, value, rng.choice(_LEADS))]
    others = [name for name in profile if name not in (subject, "emotional_state")]
    told += [
        _sentence(name, profile[name], "")
        for name in rng.sample(others, min(2, len(others)))
        if rng.random() < persona.volunteers
    ]
    return {"answer": " ".join(told)}


def _sentence(attribute: str, value: str, lead: str) -> str:
    form = "I'm {v}" if value in _PLAIN else _SAY[attribute]
    text = lead + form.format(v=value)
    return text[0].upper() + text[1:] + "."
