"""Finding words in a text whatever their case, width, accents or ending; in scripts without spaces, characters."""

from collections.abc import Sequence

from signatures.words import WORD, Word

GAP = 2
"""Words of the text that may stand between two words of a phrase."""
_SHORT, _STEM, _ENDING = 3, 4, 3
"""Words this short are compared whole; others may differ in their endings after so many letters, by so many."""


def is_same(one: str, other: str) -> bool:
    """Whether two folded words are forms of one: equal, or alike but for their endings."""
    if one == other:
        return True
    if one[:1] != other[:1]:  # most words; the rest takes long
        return False
    short, long = sorted((one.partition("'")[0], other.partition("'")[0]), key=len)
    if short == long and len(short) > _SHORT - 1:  # a genitive
        return True
    if len(short) <= _SHORT:
        return len(short) == _SHORT and long == short + "s"
    if any(letter.isdigit() for letter in one + other):
        return False
    common = next((i for i, letter in enumerate(short) if letter != long[i]), len(short))
    return common >= _STEM and len(long) - common <= _ENDING


def find(phrase: Sequence[Word], text: Sequence[Word], gap: int = GAP) -> tuple[int, int] | None:
    """Where ``phrase`` is in ``text``, in its order, from the first to behind the last word; None if it is not.

    Args:
        gap: how many words may stand between two; between characters of scripts without spaces none may.
    """
    if not phrase:
        return None
    initial = phrase[0].text[:1]
    for start in range(len(text) - len(phrase) + 1):
        if text[start].text[:1] == initial and (end := _follow(phrase, text, start, gap)) is not None:
            return start, end
    return None


def _follow(phrase: Sequence[Word], text: Sequence[Word], start: int, gap: int) -> int | None:
    """Behind the last word of ``phrase`` if it begins at ``start``."""
    if not is_same(phrase[0].text, text[start].text):
        return None
    at = start + 1
    for word in phrase[1:]:
        reach = at + 1 + (gap if word.worth == WORD else 0)
        at = next((i + 1 for i in range(at, min(reach, len(text))) if is_same(word.text, text[i].text)), 0)
        if not at:
            return None
    return at
