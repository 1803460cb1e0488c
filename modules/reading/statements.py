"""What an answer says, clause by clause, once doubt, evasion and refusal are left out."""

import re
from dataclasses import dataclass
from functools import cached_property

import regex

from modules.reading.matching import find
from modules.reading.vocabulary import vocabulary
from signatures.words import Word, fold_letters, split_words

_CLAUSE = regex.compile(
    r"(?<=[.!?;\n。！？；，、…])|(?<=,)(?!\d)|(?=\s(?:but|though|although|aber|mais|pero)\s)|(?=但)|\s[–—-]\s", regex.IGNORECASE
)
_EDGES = " \t\r\n.,;:!…。，、；！\"“”„'’"


@dataclass(frozen=True)
class Clause:
    """A part of an answer between two stops."""

    text: str

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """Its words, folded."""
        return split_words(self.text)

    @cached_property
    def doubts(self) -> bool:
        """Whether it is doubt or evasion, which tell nothing."""
        return bool(vocabulary().patterns["doubt"].search(fold_letters(self.text).strip(_EDGES)))

    @cached_property
    def denies(self) -> bool:
        """Whether a word of denial is in it."""
        known = vocabulary().words
        return any(word.text in known["no"] or word.text in known["denials"] for word in self.words)

    @property
    def tells(self) -> bool:
        """Whether a word of content is in it."""
        return bool(vocabulary().content(self.words))

    def about_somebody_else(self, until: int) -> bool:
        """Whether somebody else is its subject: named before the word at ``until``, with no "I" in between."""
        known = vocabulary()
        ends = [span[1] for other in known.others if (span := find(other, self.words[:until], gap=0))]
        return bool(ends) and not any(word.text in known.words["first_person"] for word in self.words[max(ends) : until])


@dataclass(frozen=True)
class Found:
    """Where words of an answer were found: the first word's clause, and its place there."""

    clause: Clause
    place: int


class Statements:
    """The clauses of an answer that tell something.

    Args:
        refuses: matches what is a refusal.
    """

    def __init__(self, answer: str, refuses: re.Pattern[str]) -> None:
        parts = (part.strip() for part in _CLAUSE.split(answer))
        spoken = [Clause(part) for part in parts if part]
        self.clauses = tuple(
            clause
            for clause in spoken
            if clause.tells and not clause.doubts and not refuses.search(clause.text.replace("\u2019", "'"))
        )
        self._at = [(clause, place) for clause in self.clauses for place in range(len(clause.words))]
        self.words = tuple(word for clause in self.clauses for word in clause.words)

    def find(self, quote: str) -> Found | None:
        """Where the words of ``quote`` that tell something are, in their order; None if one is missing."""
        span = find(vocabulary().content(split_words(quote)), self.words)
        return Found(*self._at[span[0]]) if span else None

    def hold(self, text: str) -> bool:
        """Whether every word of ``text`` that tells something was said, in whatever order."""
        return all(find([word], self.words) for word in vocabulary().content(split_words(text)))


def trimmed(text: str) -> str:
    """``text`` without stops and quotation marks around it, on one line."""
    return " ".join(text.split()).strip(_EDGES)
