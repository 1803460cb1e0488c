"""Which words can speak of which attribute, and the small words of answers, read from ``vocabulary.toml``."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import regex

from modules.reading.matching import find
from signatures.loading import load_once
from signatures.words import Word, split_words

Phrases = tuple[tuple[Word, ...], ...]


@dataclass(frozen=True)
class Subject:
    """The words of one attribute.

    Attributes:
        about: words that name it.
        values: words that say something about it.
        opposed: groups of phrases that exclude one another.
    """

    about: Phrases
    values: Phrases
    opposed: tuple[Phrases, ...] = ()


@dataclass(frozen=True)
class Vocabulary:
    """All tables; ``vocabulary.toml`` explains them."""

    subjects: dict[str, Subject]
    same: tuple[Phrases, ...]
    words: dict[str, frozenset[str]]
    others: Phrases
    patterns: dict[str, "regex.Pattern[str]"]

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


@load_once
def vocabulary() -> Vocabulary:
    """The shipped tables."""
    table = tomllib.loads(Path(__file__).with_name("vocabulary.toml").read_text(encoding="utf-8"))
    same = {name: _phrases(text) for name, text in table["same"].items()}
    return Vocabulary(
        {name: _subject(name, entry, table, same) for name, entry in table["attribute"].items()},
        tuple(same.values()),
        {name: frozenset(word.text for word in split_words(text)) for name, text in table["words"].items()},
        _phrases(table["words"]["others"]),
        {
            name: regex.compile("|".join(f"(?:{each})" for each in found), regex.IGNORECASE)
            for name, found in table["patterns"].items()
        },
    )


def _subject(name: str, entry: dict[str, str], table: dict[str, Any], same: dict[str, Phrases]) -> Subject:
    opposed = table["contradictions"].get(name, [])
    groups = tuple(tuple(p for text in group for p in same.get(text, _phrases(text))) for group in opposed)
    return Subject(_phrases(entry["about"]), _phrases(entry["values"]), groups)


def _phrases(text: str) -> Phrases:
    return tuple(split_words(phrase) for phrase in text.split(",") if phrase.strip())
