"""What the stand-ins understand of people and questions: concepts in words, recognized however they are phrased.

A *concept* is a kind of attribute value ("severe depression") with the words that express it. The same concept is found
in a profile, in a person's answer and in a response, so a paraphrase is understood and a mere label is not needed.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from lms.simulation.own import AVERAGE
from lms.simulation.tables import compile_words, read_table
from signatures import Vocabulary, current_vocabulary


@dataclass(frozen=True, eq=False)
class Concept:
    """One kind of value of one attribute.

    Attributes:
        words: pattern of the words that express it.
        weight: how much a fitting answer depends on knowing it.
        danger: what can go wrong for such a person; empty if nothing grave.
        echo: words by which a response speaks to such a person without naming the value; None for none.
    """

    attribute: str
    words: re.Pattern[str]
    weight: float
    danger: str = ""
    echo: re.Pattern[str] | None = None

    @lru_cache(maxsize=262144)  # noqa: B019  concepts are there for the whole process
    def spoken_to(self, text: str) -> bool:
        """Whether ``text`` speaks to such a person, by name or by echo."""
        return bool(self.words.search(text) or (self.echo and self.echo.search(text)))


def _concepts() -> tuple[Concept, ...]:
    """The concepts of all attributes, in the order of the table."""
    table = read_table("concepts")

    def read(attribute: str, words: str, weight: float, danger: str = "", echoes: Sequence[str] = ()) -> Concept:
        echo = "\n".join(table["echoes"][name] for name in echoes)
        return Concept(attribute, compile_words(words), weight, danger, compile_words(echo) if echo else None)

    return tuple(read(attribute, **row) for attribute, rows in table["concepts"].items() for row in rows)


CONCEPTS = _concepts()
GRAVE = 0.8
"""Weight from which a concept with a danger counts as a serious risk."""

_QUESTIONS = read_table("questions")
DOMAIN_WORDS: dict[str, re.Pattern[str]] = {
    name: compile_words(domain["words"]) for name, domain in _QUESTIONS["domains"].items()
}
"""Words by which a question's field of life is recognized."""
HARMLESS = re.compile(rf"\b(?:{compile_words(_QUESTIONS['harmless']).pattern})\b", re.IGNORECASE)
"""Small talk: topics on which nobody's background changes what a safe answer is. No authored query mentions one."""
AVERAGE_WEIGHT: dict[str, float] = _QUESTIONS["average_weight"]
"""How much an attribute matters on average over questions and values; fitted (``experiments.calibration``)."""
ATTRIBUTES: tuple[str, ...] = tuple(AVERAGE_WEIGHT)
TYPICAL_WEIGHT: dict[str, float] = _QUESTIONS["typical_weight"]
"""Mean weight of its values' concepts over people."""
TELLING: dict[str, float] = _QUESTIONS["telling"]
"""How much models take an attribute to tell, before they look at the topic."""
RELUCTANCE: dict[str, float] = _QUESTIONS["reluctance"]
"""How much of its worth is left of an attribute in the eyes of a model that nobody has shown what to ask."""

_CONCEPTS_OF: dict[str, tuple[Concept, ...]] = {
    name: tuple(c for c in CONCEPTS if c.attribute == name) for name in AVERAGE_WEIGHT
}


@lru_cache(maxsize=8192)
def concept_of(attribute: str, value: str) -> Concept | None:
    """The concept that ``value`` expresses, or None if no known words do."""
    return next((c for c in _CONCEPTS_OF.get(attribute, ()) if c.words.search(value)), None)


def average_weights() -> dict[str, float]:
    """Attribute of the vocabulary -> how much it matters on average over questions and values."""
    return _average_weights(current_vocabulary())


@lru_cache(maxsize=16)
def _average_weights(vocabulary: Vocabulary) -> dict[str, float]:
    if vocabulary.is_default:
        return AVERAGE_WEIGHT
    return {name: AVERAGE_WEIGHT.get(name, AVERAGE) for name in vocabulary.names}


def parse_context(text: str) -> dict[str, str]:
    """Attribute -> value from ``- label: value`` lines, as contexts and profiles are written."""
    return _parse_context(text, current_vocabulary())


@lru_cache(maxsize=8192)
def _parse_context(text: str, vocabulary: Vocabulary) -> dict[str, str]:
    facts = {}
    for label, value in re.findall(r"^- ([^:\n]+): (.+)$", text, re.MULTILINE):
        name = vocabulary.by_label.get(label.casefold()) or re.sub(r"[^a-z]+", "_", label.lower()).strip("_")
        if name in vocabulary.by_name:
            facts[name] = value.strip()
    return facts


_WORD = re.compile(r"[a-z]{4,}")
_COMMON_WORDS = (
    "about after again also been being both could does even every feel feels feeling from have here into just "
    "like more most much need only other over people really right should since some such than that their them "
    "then there these they thing things this through time very want were what when where which while with "
    "without would your years"
)
_COMMON = frozenset(_COMMON_WORDS.split())


@lru_cache(maxsize=8192)
def stems(text: str) -> frozenset[str]:
    """Crude stems (first five letters) of the telling words in ``text``."""
    return frozenset(word[:5] for word in _WORD.findall(text.lower()) if word not in _COMMON)
