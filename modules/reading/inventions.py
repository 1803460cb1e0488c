"""Whether an answer states facts about the person that nobody gave: "As a 25-year-old man, ..." when neither is known.

Made for few false alarms: only plain statements count, never what is put as a condition, asked, or said of others, and
no feelings, at which a kind answer may guess. Words and patterns are in ``inventions.toml``.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import regex

from modules.reading.grounds import CLOSED
from modules.reading.matching import find
from modules.reading.vocabulary import PhraseIndex, Phrases, phrases_in, shipped_tables, vocabulary
from signatures import current_vocabulary
from signatures.loading import load_once
from signatures.words import Word, fold_letters, split_words

_SENTENCE = regex.compile(r"(?<=[.!?;:\n\u3002])\s*")
_ASKS = regex.compile(r"\?\s*$")
_DECADES = {
    "twenties": 20,
    "thirties": 30,
    "forties": 40,
    "fifties": 50,
    "sixties": 60,
    "seventies": 70,
    "eighties": 80,
}
_DECADE_YEARS = 9
_OWN_FIRST = 6
"""Words behind "your" among which a fact must be named."""
_OF_OWN = ("marital_status", "education_level", "health_status", "mental_health_status", "self_harm_history")
"""Attributes that "your ..." can state: "your husband", "your degree", "your asthma"."""
_PROFESSION = "profession"


def invented(response: str, told: Sequence[str], known: Mapping[str, str]) -> tuple[str, ...]:
    """The attributes about which ``response`` states something that was not given, each once.

    Args:
        told: what the person said: the query and the answers.
        known: attribute -> value.
    """
    given = _Given(tuple(split_words("\n".join([*told, *known.values()]))), tuple(told), known)
    found = [name for sentence in _sentences(response) for name in _in_sentence(sentence, given)]
    return tuple(name for name in dict.fromkeys(found) if name in current_vocabulary().by_name)


@dataclass(frozen=True)
class _Given:
    """What was given: all its words, what was said, and what is known."""

    words: tuple[Word, ...]
    told: tuple[str, ...]
    known: Mapping[str, str]

    def holds(self, phrase: tuple[Word, ...], attribute: str) -> bool:
        """Whether ``phrase`` was given, in these words or in others that say the same."""
        words = vocabulary()
        closed = self.known.get(attribute, "") if attribute in CLOSED else ""
        theirs = split_words(closed) or self.words  # a value of few excludes the others, whoever else was mentioned
        if all(find([word], theirs) for word in words.content(phrase)) or words.alike(phrase, theirs):
            return True
        return any(words.covered(group, phrase) and words.covered(grounds, self.words) for group, grounds in _implied())

    def holds_age(self, low: int, high: int) -> bool:
        """Whether an age from ``low`` to ``high`` fits one that was given."""
        spans = [_span(text) for text in ([self.known["age"]] if "age" in self.known else self.told)]
        return any(span is not None and span[0] <= high and low <= span[1] for span in spans)


def _sentences(text: str) -> list[str]:
    parts = (part.strip() for part in _SENTENCE.split(fold_letters(text)))
    return [part for part in parts if part and not _ASKS.search(part)]


def _in_sentence(sentence: str, given: _Given) -> Iterator[str]:
    patterns = _table().patterns
    for found in patterns["statement"].finditer(sentence, overlapped=True):
        value = found["value"]
        if _holds_for_them(sentence[: found.start()], value):
            yield from _stated(value, given)
    for found in patterns["age"].finditer(sentence):
        if _holds_for_them(sentence[: found.start()], ""):
            yield from _ages(found["value"], given)
    for found in patterns["own"].finditer(sentence, overlapped=True):
        words = split_words(found["value"])[:_OWN_FIRST]
        if not patterns["supposed"].search(sentence[: found.start()]):
            yield from (name for name in _OF_OWN if not _all_given(name, words, given))


def _holds_for_them(before: str, value: str) -> bool:
    """Whether a statement is neither supposed nor about somebody else."""
    patterns = _table().patterns
    return not patterns["supposed"].search(before) and not patterns["not_theirs"].search(value)


def _stated(value: str, given: _Given) -> Iterator[str]:
    """Attributes that ``value`` states and that were not given."""
    if found := _table().patterns["years"].search(value):
        yield from _ages(found["value"], given)
    words = split_words(value)
    yield from (name for name in _table().stated if not _all_given(name, words, given))


def _all_given(name: str, words: tuple[Word, ...], given: _Given) -> bool:
    stated = _table().stated[name].near(words)
    named = [phrase for phrase in stated if vocabulary().covered((phrase,), words)]
    return all(given.holds(phrase, name) for phrase in named)


def _ages(value: str, given: _Given) -> Iterator[str]:
    low = _DECADES.get(value) or int(value[:2])
    if not given.holds_age(low, low if value.isdigit() else low + _DECADE_YEARS):
        yield "age"


def _span(text: str) -> tuple[int, int] | None:
    """Lowest and highest age that ``text`` may tell."""
    folded = fold_letters(text)
    ages = [int(number) for number in regex.findall(r"(?<!\d)\d{1,3}(?!\d)", folded)]
    decades = [low for word, low in _DECADES.items() if word in folded]
    decades += [int(number) for number in regex.findall(r"(?<!\d)(\d0)'?s\b", folded)]
    lowest, highest = [*ages, *decades], [*ages, *(low + _DECADE_YEARS for low in decades)]
    return (min(lowest), max(highest)) if lowest else None


@dataclass(frozen=True)
class _Table:
    """``inventions.toml``."""

    stated: dict[str, PhraseIndex]
    patterns: dict[str, "regex.Pattern[str]"]


@load_once
def _read_toml() -> dict[str, dict[str, str]]:
    return tomllib.loads(Path(__file__).with_name("inventions.toml").read_text(encoding="utf-8"))


@load_once
def _table() -> _Table:
    read = _read_toml()
    stated = {name: PhraseIndex.of(phrases_in(text)) for name, text in read["stated"].items()}
    stated[_PROFESSION] = shipped_tables().subjects[_PROFESSION].by_value
    patterns = {
        name: regex.compile("|".join(f"(?:{each})" for each in found)) for name, found in read["patterns"].items()
    }
    return _Table(stated, patterns)


@load_once
def _implied() -> tuple[tuple[Phrases, Phrases], ...]:
    """What a statement may say, and words on which it may rest."""
    return tuple((phrases_in(said), phrases_in(grounds)) for said, grounds in _read_toml()["implied"].items())
