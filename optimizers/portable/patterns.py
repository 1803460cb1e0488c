"""Patterns and word lists of the checks as regular expressions that any engine takes."""

import re
from collections.abc import Iterable, Sequence

from modules.reading.vocabulary import Phrases, vocabulary
from signatures.words import WORD, Word, ranges_of, split_words

NEVER = "(?!)"
"""Matches nothing."""
_SHORT, _STEM, _ENDING = 3, 4, 3
"""As in ``modules.reading.matching``."""


def without_properties(pattern: str) -> str:
    """``pattern`` with ranges in place of properties such as ``\\p{Po}``."""

    def spelt(found: re.Match[str]) -> str:
        if found[0].startswith("["):
            return re.sub(r"\\p\{\w+\}", lambda inner: ranges_of(inner[0])[1:-1], found[0])
        return ranges_of(found[0])

    return re.sub(r"\[(?:\\.|[^\]\\])*\]|\\p\{\w+\}", spelt, pattern)


def any_of(phrases: Phrases) -> str:
    """Matches where ``Vocabulary.covered`` finds one of ``phrases``: in any form, its words side by side."""
    return "|".join(sorted({_phrase(phrase) for phrase in phrases}, key=lambda one: (-len(one), one))) or NEVER


def any_word(words: Iterable[str]) -> str:
    """Matches one of some whole words, as they stand."""
    found = [word for text in sorted(words, key=lambda one: (-len(one), one)) for word in split_words(text)]
    return "|".join(_bounded(word, re.escape(word.text)) for word in found)


def only(words: Iterable[str]) -> str:
    """Matches a text that holds nothing but some words."""
    return rf"^\W*(?:(?:{any_word(words)})\W*)*$"


def _phrase(phrase: Sequence[Word]) -> str:
    return r"\W*".join(_bounded(word, _forms(word)) for word in phrase)


def _bounded(word: Word, pattern: str) -> str:
    """Characters of scripts that do not part words have no bounds."""
    return pattern if word.worth < WORD else rf"(?<![\w'])(?:{pattern})(?:'\w+)?(?!\w)"


def _forms(word: Word) -> str:
    """The words that ``modules.reading.matching.is_same`` takes for ``word``."""
    text = word.text.partition("'")[0] if len(word.text) > _SHORT else word.text
    if word.worth < WORD or len(text) < _SHORT or any(letter.isdigit() for letter in text):
        return re.escape(word.text)
    if len(text) == _SHORT:
        return f"{re.escape(text)}s?"
    kept = max(_STEM, len(text) - _ENDING)
    ending = ""
    for letter in reversed(text[kept:]):
        ending = f"(?:{re.escape(letter)}{ending})?"
    forms = rf"{re.escape(text[:kept])}{ending}\w{{0,{_ENDING}}}"
    return f"{forms}|{re.escape(text[:-1])}" if len(text) == _STEM and text.endswith("s") else forms


def vocabulary_pattern(name: str) -> str:
    """One of the patterns of ``vocabulary.toml``."""
    return str(vocabulary().patterns[name].pattern)
