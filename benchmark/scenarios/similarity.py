"""Comparing short texts: the same apart from case and punctuation, or nearly the same."""

from collections.abc import Iterable
from functools import cache

import regex

GRAM = 3
ALIKE, ALIKE_ACROSS = 0.5, 0.6
"""Likeness from which on two texts of one situation, and of two, are near-copies; ``docs/data-sources.md`` says why."""


def fold(text: str) -> str:
    """``text`` in lower case, everything but letters and digits as single underscores."""
    return str(regex.sub(r"[\W_]+", "_", text.lower())).strip("_")  # of regex, whose letters have their vowel signs


def tidy(text: object) -> str:
    """Text on one line, without the quotes that models like to put around it."""
    line = " ".join(str(text).split())
    inner = line[1:-1]
    quoted = len(line) > 1 and (line[0], line[-1]) in (('"', '"'), ("“", "”"), ("'", "'"))
    return inner.strip() if quoted and line[0] not in inner and line[-1] not in inner else line


@cache
def _grams(text: str) -> frozenset[str]:
    padded = f"_{fold(text)}_"
    return frozenset(padded[i : i + GRAM] for i in range(max(1, len(padded) - GRAM + 1)))


def likeness(one: str, other: str) -> float:
    """How alike two texts are, in [0, 1]: the share of their letter triples that they have in common (Jaccard).

    What is surely below ``ALIKE`` may come out as 0.
    """
    a, b = _grams(one), _grams(other)
    if min(len(a), len(b)) < ALIKE * max(len(a), len(b)):
        return 0.0
    shared = len(a & b)
    return shared / (len(a) + len(b) - shared)


def near_copy(text: str, others: Iterable[str], limit: float = ALIKE) -> str | None:
    """The first of ``others`` that ``text`` is a near-copy of, None if it is none; ``limit`` is at least ``ALIKE``."""
    return next((other for other in others if likeness(text, other) >= limit), None)
