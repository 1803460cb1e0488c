"""Answers that need no model: doubt and refusal, which tell nothing, and short plain answers to what was asked."""

from dataclasses import dataclass, field

import regex

from modules.reading.grounds import answer_to, carries_yes_or_no, is_yes_or_no, names_age, question_in
from modules.reading.statements import Clause, Statements, trimmed
from modules.reading.vocabulary import vocabulary
from signatures.words import WORD, fold_letters

MOST_WORDS = 6
"""Words of a plain answer, its value alone; a longer one may tell more than was asked."""
PLAIN = regex.compile(r"[\p{L}\p{M}\p{N}\p{Pd}\s.,!'\u2019+/&()]*")
LENGTH = 80


@dataclass(frozen=True)
class Plain:
    """What was read without a model.

    Attributes:
        facts: at most one, about what was asked.
    """

    facts: dict[str, str] = field(default_factory=dict)


def read_plain(said: Statements, asked: str | None, question: str) -> Plain | None:
    """What the answer tells, if that is plain; None if a model has to read it.

    Args:
        asked: the attribute that ``question`` was about; None if nothing was asked.
    """
    if not said.clauses:
        return Plain()
    if asked is None or len(said.clauses) > 1 or not _is_short(said.clauses[0]):
        return None
    [clause] = said.clauses
    if is_yes_or_no(clause.words):
        return _yes_or_no(clause, asked, question)
    if clause.about_somebody_else(len(clause.words)) and asked != "marital_status":
        return None
    return Plain({asked: without_opener(clause.text)}) if _tells_only(asked, clause) else None


def _is_short(clause: Clause) -> bool:
    value = Clause(without_opener(clause.text))
    return (
        len(clause.text) <= LENGTH
        and sum(word.worth for word in value.words) <= MOST_WORDS * WORD
        and bool(PLAIN.fullmatch(trimmed(clause.text)))
    )


def _tells_only(asked: str, clause: Clause) -> bool:
    """Whether a value of ``asked`` is in the clause, and none of another attribute beside it."""
    known, words = vocabulary(), clause.words
    own = known.covered(known.subjects[asked].values, words)
    if asked == "age":
        folded = fold_letters(clause.text)
        if not names_age(folded):
            return False
        own |= {i for i, word in enumerate(words) if word.text.isdigit()}
    rest = [word for i, word in enumerate(words) if i not in own]
    others = (subject.values for name, subject in known.subjects.items() if name != asked)
    return bool(own or asked == "age") and not any(known.covered(values, rest) for values in others)


def _yes_or_no(clause: Clause, asked: str, question: str) -> Plain | None:
    """Yes or no as a fact, if the question was one to be answered by it."""
    stated = answer_to(question, clause.text)
    put = fold_letters(question_in(question))
    if not carries_yes_or_no(asked, question) or not vocabulary().patterns["yes_or_no"].search(put):
        return Plain({asked: stated}) if "(" not in stated and asked in _MAY_BE_NONE else None
    return Plain({asked: stated})


_MAY_BE_NONE = frozenset({"health_status", "mental_health_status", "self_harm_history"})
"""Attributes of which "none" is a value."""


def without_opener(text: str) -> str:
    """``text`` without the "Well, I'm a" before a value; all of it if nothing would be left."""
    value = trimmed(text)
    for _ in range(3):
        found = vocabulary().patterns["openers"].match(value)
        value = trimmed(value[found.end() :]) if found and found.end() < len(value) else value
    return value
