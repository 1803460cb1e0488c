"""Which words can speak of which attribute, and the small words of answers, read from ``vocabulary.toml``."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import regex

from modules.reading.matching import find
from signatures import ATTRIBUTES, Attribute, current_vocabulary
from signatures import vocabulary as vocabularies
from signatures.loading import load_once
from signatures.words import Word, split_words

Phrases = tuple[tuple[Word, ...], ...]


@dataclass(frozen=True)
class PhraseIndex:
    """Phrases by how their first words begin, so that few have to be looked for in a text."""

    by_start: dict[str, Phrases]

    @classmethod
    def of(cls, phrases: Phrases) -> "PhraseIndex":
        """An index of ``phrases``."""
        found: dict[str, list[tuple[Word, ...]]] = {}
        for phrase in phrases:
            found.setdefault(_start(phrase[0]), []).append(phrase)
        return cls({start: tuple(those) for start, those in found.items()})

    def near(self, text: Sequence[Word]) -> Phrases:
        """The phrases that may be in ``text``."""
        starts = {_start(word) for word in text}
        return tuple(phrase for start in sorted(starts) for phrase in self.by_start.get(start, ()))


def _start(word: Word) -> str:
    return word.text.partition("'")[0][:2]  # forms of one word begin alike, see ``matching.is_same``


@dataclass(frozen=True)
class Subject:
    """The words of one attribute.

    Attributes:
        about: words that name it.
        values: words that say something about it.
        asks: words by which a question is about it.
        opposed: groups of phrases that exclude one another.
    """

    about: Phrases
    values: Phrases
    asks: "PhraseIndex"
    opposed: tuple[Phrases, ...] = ()

    @cached_property
    def by_value(self) -> PhraseIndex:
        """Its values, indexed."""
        return PhraseIndex.of(self.values)


@dataclass(frozen=True)
class Vocabulary:
    """All tables; ``vocabulary.toml`` explains them."""

    subjects: dict[str, Subject]
    same: tuple[Phrases, ...]
    words: dict[str, frozenset[str]]
    others: Phrases
    states: Phrases
    patterns: dict[str, "regex.Pattern[str]"]
    languages: dict[str, frozenset[str]]

    def covered(self, phrases: Phrases, text: Sequence[Word]) -> set[int]:
        """The places in ``text`` that one of ``phrases`` takes, first occurrences only."""
        return {i for phrase in phrases if (span := find(phrase, text, gap=0)) for i in range(*span)}

    def content(self, words: Sequence[Word]) -> list[Word]:
        """The words that tell something."""
        return [word for word in words if word.text not in self.words["empty"]]

    def speaks_of(self, attribute: str, text: Sequence[Word]) -> bool:
        """Whether a word of ``attribute`` occurs."""
        subject = self.subjects[attribute]
        return any(find(phrase, text, gap=0) for phrase in (*subject.values, *subject.about))

    def alike(self, one: Sequence[Word], other: Sequence[Word]) -> bool:
        """Whether both hold a phrase of one group that says the same."""
        return any(self.covered(group, one) and self.covered(group, other) for group in self.same)


def vocabulary() -> Vocabulary:
    """The tables for the attributes that this process works with."""
    return _tables(current_vocabulary())


@load_once
def _tables(wanted: vocabularies.Vocabulary) -> Vocabulary:
    shipped = shipped_tables()
    if wanted.is_default:
        return shipped
    own = {attribute.name: _own_subject(attribute, wanted, shipped) for attribute in wanted.attributes}
    return replace(shipped, subjects=own)


@load_once
def shipped_tables() -> Vocabulary:
    """The tables of PENGUIN's ten attributes."""
    table = tomllib.loads(Path(__file__).with_name("vocabulary.toml").read_text(encoding="utf-8"))
    same = {name: phrases_in(text) for name, text in table["same"].items()}
    return Vocabulary(
        {name: _subject(name, entry, table, same) for name, entry in table["attribute"].items()},
        tuple(same.values()),
        _word_sets(table["words"]),
        phrases_in(table["words"]["others"]),
        phrases_in(table["words"]["states"]),
        {
            name: regex.compile("|".join(f"(?:{each})" for each in found), regex.IGNORECASE)
            for name, found in table["patterns"].items()
        },
        _word_sets(table["languages"]),
    )


def _word_sets(table: dict[str, str]) -> dict[str, frozenset[str]]:
    return {name: frozenset(word.text for word in split_words(text)) for name, text in table.items()}


def _subject(name: str, entry: dict[str, str], table: dict[str, Any], same: dict[str, Phrases]) -> Subject:
    opposed = table["contradictions"].get(name, [])
    groups = tuple(tuple(p for text in group for p in same.get(text, phrases_in(text))) for group in opposed)
    return Subject(
        phrases_in(entry["about"]), phrases_in(entry["values"]), PhraseIndex.of(phrases_in(entry["asks"])), groups
    )


def _own_subject(attribute: Attribute, wanted: vocabularies.Vocabulary, shipped: Vocabulary) -> Subject:
    """The words of an attribute: its label, its words, and those of its questions that are its own.

    A word by which another attribute is spoken of, too, tells nothing. One that has the name of one of the ten has the
    words of that, too.
    """
    if attribute in ATTRIBUTES:
        return shipped.subjects[attribute.name]
    named = tuple(split_words(text) for text in (attribute.label, *attribute.words))
    alone = [(word,) for phrase in named for word in phrase if word.text in wanted.distinctive[attribute.name]]
    asked = [word for text in attribute.questions.values() for word in shipped.content(split_words(text))]
    telling = [(word,) for word in asked if word.text in wanted.distinctive[attribute.name]]
    about = tuple(dict.fromkeys((*named, *(each for each in alone if shipped.content(each)))))
    values = tuple(words for value in attribute.values if shipped.content(words := split_words(value)))
    asks = tuple(dict.fromkeys((*about, *telling)))
    if like := shipped.subjects.get(attribute.name):
        asks = (*asks, *(phrase for phrases in like.asks.by_start.values() for phrase in phrases))
        about, values = (*about, *like.about), (*values, *like.values)
    return Subject(about, values, PhraseIndex.of(asks))


def has_words(attribute: str, language: str) -> bool:
    """Whether there are words of ``attribute`` in ``language``, one of those of the shipped tables."""
    wanted = current_vocabulary()
    if attribute in shipped_tables().subjects:
        return True
    return language == wanted.language or language in wanted.by_name[attribute].questions


def phrases_in(text: str) -> Phrases:
    """The phrases of a list parted by commas, folded."""
    return tuple(split_words(phrase) for phrase in text.split(",") if phrase.strip())
