"""What is wrong with a written question, situation or feeling, in words that its writer can be told; no model here."""

import re
import tomllib
from collections.abc import Iterable
from functools import cache, cached_property
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from benchmark.scenarios.profiles import graph
from benchmark.scenarios.similarity import ALIKE, likeness, near_copy
from modules.crisis.guard import plainly_acute
from modules.languages.detection import LANGUAGES, language_of
from signatures import Vocabulary, current_vocabulary
from signatures.words import WORD, split_words, whole

RULES = Path(__file__).parents[2] / "data" / "generated.toml"
LENGTHS = {"question": (3, 100), "situation": (6, 45), "feeling": (3, 25)}
"""Words, least and most."""
SHORTEST_VALUE = 4
"""Characters of a value that is no everyday word such as "no"."""
_FREE = frozenset({"none", "man", "woman", "single", "calm", "strained", "distressed", "despairing"})
"""Values that are everyday words; ``tell`` covers what they would give away."""


class Tell(BaseModel):
    """A pattern that gives an attribute away."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    attribute: str
    pattern: str


class Never(BaseModel):
    """A pattern that nothing written may match."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    why: str
    pattern: str


class Rules(BaseModel):
    """``data/generated.toml``."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    schema_: int = Field(alias="schema")
    reveals: str
    tell: list[Tell]
    never: list[Never]

    @cached_property
    def tells(self) -> list[tuple[str, re.Pattern[str]]]:
        """(attribute, pattern), values of the graph after a first-person lead-in among them."""
        named = [
            (name, rf"{self.reveals} (?:{'|'.join(map(re.escape, values))})\b")
            for name, node in graph().attribute.items()
            if (values := [value for value in node.base if value not in _FREE])
        ]
        return [(n, re.compile(p, re.IGNORECASE)) for n, p in [*((t.attribute, t.pattern) for t in self.tell), *named]]

    @cached_property
    def nevers(self) -> list[tuple[str, re.Pattern[str]]]:
        """(why, pattern)."""
        return [(rule.why, re.compile(rule.pattern, re.IGNORECASE)) for rule in self.never]


@cache
def rules() -> Rules:
    """The rules as shipped."""
    return Rules.model_validate(tomllib.loads(RULES.read_text(encoding="utf-8")))


Problem = tuple[str, str]
"""What kind of fault it is, for statistics, and a sentence on this one, for the writer."""


def _faults(text: str, kind: str) -> Problem | None:
    """What is wrong with any text: its length, its form, what it speaks of."""
    least, most = LENGTHS[kind]
    words = _count_words(text)
    if not least <= words <= most:
        return "length", f"it has {words} words, and {least} to {most} are wanted"
    for why, pattern in rules().nevers:
        if pattern.search(_straight(text)):
            return why, why
    if plainly_acute(text):
        return "acute danger", "it tells that somebody is in acute danger"
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return "not text", "it holds letters that cannot be written down"
    return None


def _count_words(text: str) -> int:
    """Words between blanks; of scripts without blanks as many as their characters are worth."""
    unspaced = sum(word.worth for word in split_words(text) if word.worth < WORD)
    return len(text.split()) if not unspaced else max(len(text.split()), unspaced // WORD)


def _straight(text: str) -> str:
    return text.replace("\u2019", "'").replace("\u2018", "'")


def situation_problem(text: str, written: Iterable[str]) -> Problem | None:
    """What is wrong with a situation; None if nothing is."""
    if problem := _faults(text, "situation"):
        return problem
    other = near_copy(text, written)
    return ("near-copy", f"it is too much like {other!r}") if other else None


def query_problem(text: str, situation: str, written: Iterable[str]) -> Problem | None:
    """What is wrong with a question; None if nothing is.

    Args:
        situation: which the question must not repeat.
        written: accepted questions, to none of which it may be too much alike.
    """
    if problem := _faults(text, "question"):
        return problem
    vocabulary = current_vocabulary()
    for attribute, pattern in rules().tells:
        if attribute in vocabulary.by_name and (found := pattern.search(_straight(text))):
            label = attribute.replace("_", " ")
            return f"gives away the {label}", f"{found.group().strip()!r} gives away the {label}"
    if told := _own_value(text, vocabulary):
        return f"gives away the {told[0]}", f"{told[1]!r} gives away the {told[0]}"
    if likeness(text, situation) >= ALIKE:
        return "repeats the situation", "it repeats the situation"
    other = near_copy(text, written)
    return ("near-copy", f"it is too much like {other!r}") if other else None


def _own_value(text: str, vocabulary: Vocabulary) -> tuple[str, str] | None:
    """Label and value of an attribute of one's own that a question names word for word; None if it names none."""
    if vocabulary.is_default:
        return None
    values = ((a.label, value) for a in vocabulary.attributes for value in a.values if len(value) >= SHORTEST_VALUE)
    return next(((label, value) for label, value in values if whole(value).search(text)), None)


def feeling_problem(text: str, written: Iterable[str]) -> Problem | None:
    """What is wrong with an emotional state; None if nothing is."""
    if problem := _faults(text, "feeling"):
        return problem
    other = near_copy(text, written)
    return ("near-copy", f"it is too much like {other!r}, of another person") if other else None


def language_problem(text: str, language: str) -> Problem | None:
    """The fault of a text that is in another language than the one asked for; None where its words do not tell.

    Args:
        language: ISO 639-1 code.
    """
    found = language_of(text)
    if found == language or found not in LANGUAGES:
        return None
    return "another language", f"it is in the language {found}; write {language}"
