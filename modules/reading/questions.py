"""Whether a question that a model phrased is about its attribute, and is put to the person.

It has to be in the language of the person's own words. Words and patterns are in ``vocabulary.toml``, in English,
German, French, Spanish and Chinese. A question in another language is checked for what needs no vocabulary: that it is
not the query over again, and that it asks no three things. A person whose language has no texts here may be asked in
English, which is what plain questions are in for them, or in their own.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Literal

import regex

from modules.languages.detection import ENGLISH, LIKELY, OTHER, language_of
from modules.reading.statements import trimmed
from modules.reading.vocabulary import Phrases, has_words, vocabulary
from signatures import Vocabulary, current_vocabulary
from signatures.words import WORD, Word, fold_letters, split_words

Fault = Literal[
    "blank", "other language", "no question", "repeats the query", "several questions", "somebody else", "off target"
]
"""Why a question is not put: nothing was said; it is in a language that the person did not use; it asks nothing; it is
the person's own question; it asks several things; it is about somebody else; it is about something else."""

WITH_WORDS = frozenset({"en", "de", "fr", "es", "zh"})
"""Languages with words here."""
MOST_COMMON, MOST_COMMON_OF_ALL = 0.6, 0.75
"""Shares of a question's words that may be the query's: of those that do not name the attribute, and of all."""
MOST_ANYWHERE = 2
"""Question marks in a language without words here; one may only ask for leave."""
FEWEST_COMMON = 3 * WORD
"""Worth of common words from which a question can repeat the query."""
SHORT = 3
"""Words up to which a further question ("Or not?") is none of its own."""
FROM_THEIRS = 5
"""Words behind "your" among which the subject must be named."""
_CACHE_SIZE = 1024
_SENTENCE = regex.compile(r"(?<=\p{Sentence_Terminal})\s*")
_QUESTION = regex.compile(r"[?\uff1f\u061f]\s*$")
_ELISION = regex.compile(r"\b(?:[cdjlmnst]|qu)'(?=\w{2})")
"""Articles and the like before a vowel, in French."""


def fault_of(question: str, attribute: str, query: str, written: str | None = None) -> Fault | None:
    """Why ``question`` should not be put; None if it is about ``attribute``, one question, and put to the person.

    Args:
        query: what the person asked.
        written: the language that the person writes (``modules.languages.detection``); by default that of the query.
    """
    if not question.strip():
        return "blank"
    own = language_of(query) if written is None else written
    language = language_of(question, LIKELY) or own
    if own and language != own and not (own == OTHER and language == ENGLISH):
        return "other language"
    if question in current_vocabulary().by_name[attribute].questions.values():
        return None  # whoever wrote the vocabulary put it so
    if _repeats(question, attribute, query):
        return "repeats the query"
    if language not in WITH_WORDS or not has_words(attribute, language):
        return "several questions" if len(_questions_in(question)) > MOST_ANYWHERE else None
    return _fault_in_words(question, attribute)


def _fault_in_words(question: str, attribute: str) -> Fault | None:
    """What is wrong with a question in a language with words."""
    asking = _questions_in(question) or [part for part in _sentences_of(question) if _matches("asks_to_tell", part)]
    if not asking:
        return "no question"
    asking = [sentence for sentence in asking if not _is_aside(sentence)] or asking[-1:]
    if len(asking) > 1:
        return "several questions"
    return _fault_in(_without_leave(asking[0]), attribute, fold_letters(question))


def _sentences_of(text: str) -> list[str]:
    return [part.strip() for part in _SENTENCE.split(text) if part.strip()]


def _questions_in(text: str) -> list[str]:
    return [sentence for sentence in _sentences_of(text) if _QUESTION.search(sentence)]


def _fault_in(asked: str, attribute: str, whole: str) -> Fault | None:
    """What is wrong with one folded question in a language with words.

    Args:
        whole: all that is said, folded.
    """
    parts = vocabulary().patterns["second_question"].split(asked)
    about = [part for part in parts if _names(attribute, part)]
    if not about:
        return "off target"
    if len(about) < len(parts) and any(_names_another(attribute, part) for part in parts if part not in about):
        return "several questions"
    if _matches("somebody_else", asked) or not _is_put_to_them(asked, attribute, whole):
        return "somebody else"
    if _matches("presumes" if attribute == "self_harm_history" else "elsewhere", asked):
        return "off target"
    return None


def _names(attribute: str, text: str) -> bool:
    return bool(_named(attribute, split_words(text)))


def _names_another(attribute: str, text: str) -> bool:
    return any(_names(name, text) for name in vocabulary().subjects if name != attribute)


def _named(attribute: str, words: tuple[Word, ...]) -> frozenset[int]:
    """Where ``attribute`` is named: not within another's longer name, as "health" is in "mental health"."""
    return _find_name(attribute, words, current_vocabulary())


@lru_cache(_CACHE_SIZE)
def _find_name(attribute: str, words: tuple[Word, ...], _: Vocabulary) -> frozenset[int]:
    known = vocabulary()
    subject = known.subjects[attribute]
    named = known.covered(subject.asks.near(words), words)
    for name, other in known.subjects.items():
        if named and name != attribute:
            named -= known.covered(tuple(phrase for phrase in other.asks.near(words) if len(phrase) > 1), words)
    if not named and len(offered := _offered(subject.by_value.near(words), words)) > 1:
        return frozenset().union(*offered)
    return frozenset(named)


def _offered(values: Phrases, words: Sequence[Word]) -> set[frozenset[int]]:
    """The different places where values stand, one within another counted once."""
    places = {frozenset(covered) for phrase in values if (covered := vocabulary().covered((phrase,), words))}
    return {place for place in places if not any(place < other for other in places)}


def _is_put_to_them(asked: str, attribute: str, whole: str) -> bool:
    """Whether the person is spoken to, and what is asked is theirs, if it is anybody's."""
    if _matches("addressed", asked) or " " not in asked:  # one word, or Chinese, where "you" goes without saying
        return True
    for found in vocabulary().patterns["theirs"].finditer(asked):
        behind = split_words(asked[found.end() :])[:FROM_THEIRS]
        if _named(attribute, behind):
            return True
    return not vocabulary().patterns["theirs"].search(asked) and _matches("addressed", whole)


def _is_aside(sentence: str) -> bool:
    """Whether a question only asks for leave, or is a few words behind another."""
    asked = _without_leave(sentence)
    if len(split_words(asked)) <= SHORT:
        return True
    return _matches("asks_leave", sentence) and not any(_names(name, asked) for name in vocabulary().subjects)


def _without_leave(sentence: str) -> str:
    return trimmed(_ELISION.sub("", vocabulary().patterns["leave"].sub(" ", fold_letters(sentence))))


def _matches(pattern: str, text: str) -> bool:
    return bool(vocabulary().patterns[pattern].search(fold_letters(text)))


def _repeats(question: str, attribute: str, query: str) -> bool:
    """Whether the words of ``question`` are the query's for the most part."""
    words = split_words(question)
    named = _named(attribute, words)
    asked, theirs = _pieces(words), _pieces(split_words(query))
    rest = _pieces([word for i, word in enumerate(words) if i not in named])
    return _share(asked, theirs) >= MOST_COMMON_OF_ALL or (not named and _share(rest, theirs) >= MOST_COMMON)


def _pieces(words: Sequence[Word]) -> dict[str, int]:
    """Words that tell something, by stem, and pairs of characters of scripts without spaces, with their worth."""
    content = vocabulary().content(words)
    whole = {word.text[:5]: word.worth for word in content if word.worth == WORD}
    pairs = {one.text + other.text: one.worth for one, other in pairwise(words) if max(one.worth, other.worth) < WORD}
    return {**whole, **pairs}


def _share(asked: dict[str, int], theirs: dict[str, int]) -> float:
    """How much of ``asked`` is in ``theirs``, by worth; 0 if that is too little to tell."""
    common = sum(worth for piece, worth in asked.items() if piece in theirs)
    return common / sum(asked.values()) if common >= FEWEST_COMMON else 0.0
