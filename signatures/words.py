"""Words of any script: one spelling for what looks alike, and characters where a script does not part its words."""

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

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
_INVISIBLE = regex.compile(r"\p{Cf}|\p{Default_Ignorable_Code_Point}")
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
