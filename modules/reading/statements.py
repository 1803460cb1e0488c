"""What an answer says, clause by clause, once doubt, evasion and refusal are left out."""

import re
from dataclasses import dataclass
from functools import cached_property

import regex

from modules.reading.matching import find
from modules.reading.vocabulary import vocabulary
from signatures.words import Word, fold_letters, split_words

CLAUSE = regex.compile(
    r"(?<=[\p{Terminal_Punctuation}\u2026\n])(?!\d)|(?=\s(?:but|though|although|aber|mais|pero)\s)|(?=但)|\s\p{Pd}\s",
    regex.IGNORECASE,
)
EDGES = regex.compile(r"^[\s\p{Po}\p{Pi}\p{Pf}]+|[\s\p{Po}\p{Pi}\p{Pf}]+$")


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
        return bool(vocabulary().patterns["doubt"].search(trimmed(fold_letters(self.text))))

    def denies(self, until: int | None = None) -> bool:
        """Whether a word of denial is among its words up to ``until``, of all if that is None."""
        known = vocabulary().words
        return any(word.text in known["no"] or word.text in known["denials"] for word in self.words[:until])

    @property
    def tells(self) -> bool:
        """Whether a word of content is in it."""
        return bool(vocabulary().content(self.words))

    def about_somebody_else(self, until: int) -> bool:
        """Whether somebody else is its subject: named before the word at ``until``, with no "I" in between."""
        known = vocabulary()
        ends = [span[1] for other in known.others if (span := find(other, self.words[:until], gap=0))]
        return bool(ends) and not any(
            word.text in known.words["first_person"] for word in self.words[max(ends) : until]
        )


@dataclass(frozen=True)
class Found:
    """Words of an answer: the clause of the first one, its place there, and the place behind the last one."""

    clause: Clause
    place: int
    end: int


class Statements:
    """The clauses of an answer that tell something, and ``words``, those of their words that do.

    Args:
        refuses: matches what is a refusal.
    """

    def __init__(self, answer: str, refuses: re.Pattern[str]) -> None:
        parts = (part.strip() for part in CLAUSE.split(answer))
        spoken = [Clause(part) for part in parts if part]
        self.clauses = tuple(
            clause
            for clause in spoken
            if clause.tells and not clause.doubts and not refuses.search(clause.text.replace("\u2019", "'"))
        )
        empty = vocabulary().words["empty"]
        self._at = [
            Found(clause, place, place + 1)
            for clause in self.clauses
            for place, word in enumerate(clause.words)
            if word.text not in empty
        ]
        self.words = tuple(found.clause.words[found.place] for found in self._at)

    def find(self, quote: str) -> Found | None:
        """Where the words of ``quote`` that tell something are, in their order; None if one is missing."""
        span = find(vocabulary().content(split_words(quote)), self.words)
        if span is None:
            return None
        first, last = self._at[span[0]], self._at[span[1] - 1]
        return Found(first.clause, first.place, last.end if last.clause is first.clause else len(first.clause.words))

    def hold(self, text: str) -> bool:
        """Whether every word of ``text`` that tells something was said, in whatever order."""
        return all(find([word], self.words) for word in vocabulary().content(split_words(text)))


def trimmed(text: str) -> str:
    """``text`` without stops and quotation marks around it, on one line."""
    return str(EDGES.sub("", " ".join(text.split())))
