"""Which attributes something in a text points to. Made for speed: most is decided by looking words up."""

import re
from collections.abc import Collection
from functools import cache

from benchmark.scenarios.reddit.tables import Looks, compiled, found, looks
from signatures import ATTRIBUTE_NAMES

WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
MOST_WORDS = 200_000
"""Words that are remembered with what they point to, so that a long stream does not fill the memory."""


class Cues:
    """Looks for attributes in text of lower case.

    Args:
        wanted: words, stems and patterns by attribute.
    """

    def __init__(self, wanted: Looks) -> None:
        tables = [wanted.cues[name] for name in ATTRIBUTE_NAMES]
        self._words = [frozenset(table.words.split()) for table in tables]
        self._stems = [tuple(table.stems.split()) for table in tables]
        self._patterns = [compiled(table.patterns) for table in tables]
        self._known: dict[str, int] = {}

    def count(self, text: str, said: Collection[str], enough: int) -> int:
        """Attributes that ``text`` points to; counting stops at ``enough``.

        Args:
            said: the words of ``text``, see ``WORD``.
        """
        seen, known = 0, self._known
        for word in set(said):
            mask = known.get(word)
            seen |= self._mask(word) if mask is None else mask
        count = seen.bit_count()
        for place, patterns in enumerate(self._patterns):
            if count >= enough:
                break
            count += not seen >> place & 1 and found(patterns, text)
        return count

    def points_to(self, attribute: str, text: str) -> bool:
        """Whether something in ``text`` points to ``attribute``."""
        place = ATTRIBUTE_NAMES.index(attribute)
        if any(self._mask(word) >> place & 1 for word in WORD.findall(text)):
            return True
        return found(self._patterns[place], text)

    def _mask(self, word: str) -> int:
        """The attributes that ``word`` points to, one bit each; remembered."""
        mask = self._known.get(word)
        if mask is not None:
            return mask
        hits = (
            word in words or bool(stems and word.startswith(stems))
            for words, stems in zip(self._words, self._stems, strict=True)
        )
        mask = sum(hit << place for place, hit in enumerate(hits))
        if len(self._known) < MOST_WORDS:
            self._known[word] = mask
        return mask


@cache
def shipped_cues() -> Cues:
    """Those of the table that ships."""
    return Cues(looks())
