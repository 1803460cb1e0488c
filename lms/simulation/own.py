"""What the stand-ins know of attributes that they have no tables for: what the vocabulary says of them."""

import random
from functools import lru_cache

from lms.simulation import phrases
from signatures import ATTRIBUTES, Attribute, Vocabulary, current_vocabulary
from signatures.words import WORD, fold_letters, split_words

AVERAGE = 0.6
"""What such an attribute is worth knowing; that of the ten is 0.27 to 1.05."""
NAMED = 1.5
"""How much more it matters for a question that speaks of it."""
SHORTEST = 4
"""Letters of the shortest word of a spaced script that tells something."""


def own_attributes() -> tuple[Attribute, ...]:
    """Attributes of the vocabulary that are none of PENGUIN's ten, or described in other words."""
    return _own_attributes(current_vocabulary())


@lru_cache(maxsize=16)
def _own_attributes(vocabulary: Vocabulary) -> tuple[Attribute, ...]:
    return tuple(attribute for attribute in vocabulary.attributes if attribute not in ATTRIBUTES)


def own_subject(question: str) -> str | None:
    """The attribute of one's own that a question is about: by its plain question, else by words that are its own.

    None if it is about none, or as much about one as about another.
    """
    own = own_attributes()
    if not own:
        return None
    plain = fold_letters(question)
    for attribute in own:
        if any(fold_letters(text) in plain for text in (*attribute.questions.values(), attribute.label)):
            return attribute.name
    words = _pieces(question)
    said = {attribute.name: len(words & _traces(attribute.name, current_vocabulary())) for attribute in own}
    best = max(said, key=lambda name: said[name])
    alone = list(said.values()).count(said[best]) == 1
    return best if said[best] and alone else None


def spoken_of(attribute: Attribute, query: str) -> bool:
    """Whether a question speaks of ``attribute``."""
    return bool(_pieces(query) & _traces(attribute.name, current_vocabulary()))


def stated_value(attribute: Attribute, clause: str) -> bool:
    """Whether one of the attribute's listed values is said in so many words."""
    folded = fold_letters(clause)
    return any(fold_letters(value) in folded for value in attribute.values)


def other_values(name: str) -> list[str]:
    """Values that somebody could claim."""
    return list(current_vocabulary().by_name[name].values)


def ask_about(name: str, rng: random.Random) -> str:
    """A question about an attribute, as a model puts it; empty for one that nobody knows."""
    vocabulary = current_vocabulary()
    attribute = vocabulary.by_name.get(name)
    if attribute is None or attribute in ATTRIBUTES:
        known = phrases.QUESTIONS.get(name)
        return rng.choice(known) if known else ""
    plain = attribute.question_in(vocabulary.language, "en")
    return plain or rng.choice(phrases.ASK_OWN).format(label=attribute.label)


def take_up(name: str, value: str, rng: random.Random) -> str:
    """A sentence of an answer that takes a known fact up."""
    if known := phrases.USE.get(name):
        return rng.choice(known).format(v=value)
    attribute = current_vocabulary().by_name.get(name)
    return rng.choice(phrases.USE_OWN).format(v=value, label=attribute.label if attribute else name.replace("_", " "))


@lru_cache(maxsize=256)
def _traces(name: str, vocabulary: Vocabulary) -> frozenset[str]:
    return frozenset(word for word in vocabulary.distinctive[name] if _tells(word))


def _pieces(text: str) -> set[str]:
    return {word.text for word in split_words(text) if word.worth < WORD or _tells(word.text)}


def _tells(word: str) -> bool:
    return len(word) >= SHORTEST or not word.isascii()
