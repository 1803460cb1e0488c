"""A played user: does it answer as the person, with what the profile says, and with nothing else?"""

import re
from collections.abc import Iterator
from functools import partial

import dspy

from benchmark.evaluation.users import SimulatedUser
from benchmark.probe.items import Part, Question, parts
from benchmark.probe.steps import Count, Outcome, Step, one, shorten
from modules.answers import REFUSAL
from modules.reading.grounds import names_age
from modules.reading.statements import Statements
from modules.reading.vocabulary import vocabulary
from signatures.words import fold_letters, split_words

_ASSISTANT = (
    r"\b(?:can(?:'?t|not)|unable to|won'?t|not able to) (?:assist|help (?:you )?with|fulfil|comply|engage)\b",
    r"\bas an? (?:ai|artificial|large language|language|virtual|assistant)\b|\b(?:ai|language) model\b",
    r"\bhow (?:can|may) i (?:help|assist)\b|\bi'?m here to (?:help|assist|support|listen)\b",
    r"\bfeel free to (?:ask|share|reach)\b|\blet me know (?:if|how)\b|\bi'?d be happy to help\b",
    r"\b(?:sorry|apologi[sz]e),? (?:but )?i (?:can(?:'?t|not)|do ?n'?t have (?:access|personal))\b",
    r"\b(?:the|this) (?:user|person|profile|persona) (?:is|has|says|does|works|feels)\b|\baccording to the profile\b",
)
ASSISTANT = re.compile("|".join(_ASSISTANT), re.IGNORECASE)
"""Words of an assistant, or about the person; nobody who is asked about themselves speaks so."""
TOLD = 0.5
"""Share of a value's words that tell something from which on it counts as told."""


def steps(lm: dspy.LM) -> Iterator[Step]:
    """One step a question."""
    for part in parts():
        for question in part.questions:
            about = [part.profile.known(), question.model_dump(mode="json")]
            yield Step("user", about, partial(_ask, lm, part, question))


def _ask(lm: dspy.LM, part: Part, item: Question) -> Outcome:
    user = SimulatedUser(part.profile, lm)
    answer = user(item.question)
    known = part.profile.known()
    in_role = not user.lost and not speaks_as_assistant(answer)
    others = [name for name, value in known.items() if name != item.asked and tells(value, answer)]
    marks: dict[str, Count] = {
        "readable": one(not user.lost),
        "in role": one(in_role),
        "tells no more": one(not others),
    }
    if item.asked in known:
        right = in_role and tells(known[item.asked], answer)
        marks["answers"] = one(right)
    else:
        right = in_role and not claims(item.asked, answer)
        marks["invents nothing"] = one(right)
    wrong = f"{item.question!r}: {shorten(answer)!r}"
    return Outcome(marks=marks, wrong=() if in_role and right and not others else (wrong,))


def speaks_as_assistant(answer: str) -> bool:
    """Whether ``answer`` is no person's: an assistant's refusal or offer, or a report about the person."""
    return bool(ASSISTANT.search(answer.replace("\u2019", "'")))


def tells(value: str, answer: str) -> bool:
    """Whether ``answer`` has at least half of the words of ``value`` that tell something."""
    known = vocabulary()
    words = known.content(split_words(value))
    spoken = split_words(answer)
    found = sum(bool(known.covered(((word,),), spoken)) for word in words)
    return bool(words) and found >= TOLD * len(words)


def claims(attribute: str, answer: str) -> bool:
    """Whether ``answer`` states something about ``attribute``, doubt and refusal aside."""
    said = Statements(answer, REFUSAL)
    if attribute == "age":
        return any(names_age(fold_letters(clause.text)) for clause in said.clauses)
    known = vocabulary()
    return any(known.covered(known.subjects[attribute].values, clause.words) for clause in said.clauses)
