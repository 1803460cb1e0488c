"""Words of any script: one spelling for what looks alike, and characters where a script does not part its words."""

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import regex

WORD = 8
"""What a word of a spaced script is worth; a character of another is worth less, by how many make up a word."""
_UNSPACED = r"[\p{scx=Han}\p{scx=Bopomofo}\p{scx=Hiragana}\p{scx=Katakana}\p{Hangul}\p{Line_Break=SA}]&&[\p{L}\p{N}]"
_LETTER = rf"[\w--[{_UNSPACED}]]"
_WORTH = {"word": WORD, "han": 5, "hangul": 4, "thai": 2, "other": 3}
"""By script; Korean parts its words, but not in one way only. ``other`` is kana, Khmer, Burmese and their kin."""
_WORDS = regex.compile(
    rf"(?P<word>{_LETTER}+(?:'{_LETTER}+)*)|(?P<han>\p{{Han}})\p{{M}}*|(?P<hangul>\p{{Hangul}})\p{{M}}*"
    rf"|(?P<thai>[\p{{Thai}}\p{{Lao}}&&[\p{{L}}]]\p{{M}}*)|(?P<other>[{_UNSPACED}]\p{{M}}*)",
    regex.V1,
)
_ADDED = regex.compile(r"[\p{M}--\p{ccc=0}]|\p{Cf}|\p{Default_Ignorable_Code_Point}|\u0640", regex.V1)
"""Accents, points of vowels, what does not show, and the stroke that lengthens Arabic words."""
INVISIBLE = r"\p{Cf}|\p{Default_Ignorable_Code_Point}"
_INVISIBLE = regex.compile(INVISIBLE)
_PARTED = regex.compile(rf"(?<=[{_UNSPACED}]\p{{M}}*) (?=[{_UNSPACED}])", regex.V1)
_NOT_INSIDE = rf"(?!(?<={_LETTER})(?={_LETTER}))"
_CACHE_SIZE = 4096


class Word(NamedTuple):
    """A word, or a character of a script without spaces.

    Attributes:
        text: folded.
        worth: how much it says; ``WORD`` for a whole word.
    """

    text: str
    worth: int


def without_invisible(text: str) -> str:
    """``text`` without characters that do not show: zero-width ones, joiners, fillers, marks of direction."""
    return text if text.isascii() else _INVISIBLE.sub("", text)


def fold_letters(text: str) -> str:
    """``text`` without case, width, accents, optional vowel points and invisible characters; apostrophes straight."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text.replace("\u2019", "'")).casefold()
    return unicodedata.normalize("NFC", _ADDED.sub("", unicodedata.normalize("NFKD", plain)))


@lru_cache(_CACHE_SIZE)
def split_words(text: str) -> tuple[Word, ...]:
    """The words of ``text``, folded, those with apostrophes whole; in scripts without spaces its characters."""
    return tuple(Word(found.group(), _WORTH[found.lastgroup]) for found in _WORDS.finditer(fold_letters(text)))


def join_words(words: Sequence[str]) -> str:
    """Words with blanks between them where their script has blanks."""
    return str(_PARTED.sub("", " ".join(words)))


def whole(phrase: str) -> "regex.Pattern[str]":
    """Matches ``phrase`` in any case, but not within a word; scripts without spaces have no such bounds."""
    return regex.compile(_NOT_INSIDE + regex.escape(phrase) + _NOT_INSIDE, regex.V1 | regex.IGNORECASE)


@lru_cache(None)
def ranges_of(characters: str) -> str:
    """A class of characters for engines that know no properties.

    Args:
        characters: a class as ``regex`` takes it.

    Returns:
        The same class as ranges, in brackets.
    """
    runs = regex.compile(f"(?:{characters})+", regex.V1).finditer(_every())
    return "[" + "".join(_range(found[0][0], found[0][-1]) for found in runs) + "]"


@lru_cache(1)
def _every() -> str:
    """All characters of the planes that have any, half a surrogate pair and private ones aside."""
    return "".join(map(chr, (*range(0xD800), *range(0xE000, 0x40000), *range(0xE0000, 0xE1000))))


def _range(first: str, last: str) -> str:
    ends = [f"\\{end}" if end in "[]^-\\/|(){}&~" else end for end in (first, last)]
    return ends[0] if first == last else "-".join(ends)


def folding_rules() -> list[Any]:
    """``fold_letters`` as rules for other runtimes (``docs/portable.md``); case is folded by lower case and "ss"."""
    return [
        ["map", {"\u2019": "'"}],
        ["normalize", "NFKD"],
        ["lower"],
        ["map", {"\u00df": "ss", "\u03c2": "\u03c3"}],
        ["normalize", "NFKD"],
        ["replace", ranges_of(_ADDED.pattern), ""],
        ["normalize", "NFC"],
    ]


def word_pattern() -> str:
    """A regular expression of what ``split_words`` takes for one word, without classes that need a library."""
    letter, unspaced = _letter_patterns()
    return rf"{letter}+(?:'{letter}+)*|{unspaced}"


def token_pattern() -> str:
    """The same of words of two letters or more, parted at apostrophes, and of characters of scripts without blanks."""
    letter, unspaced = _letter_patterns()
    return rf"{letter}{{2,}}|{unspaced}"


def _letter_patterns() -> tuple[str, str]:
    unspaced = ranges_of(f"[{_UNSPACED}]")
    return rf"(?:(?!{unspaced})\w)", unspaced
