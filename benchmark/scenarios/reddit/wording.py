"""What code can check of a new wording: that it repeats no run of words, carries no name over, tells no profile."""

import re
from collections.abc import Sequence

from benchmark.scenarios.reddit.scrub import personal_data
from benchmark.scenarios.reddit.tables import words
from signatures import Profile

GRAM = 6
"""Words in a row that a scenario must not share with the post it comes from."""
SHORTEST = 4
"""Words of a question at least; shorter than ``GRAM``, it must not stand in the post as a whole."""
_WORD = re.compile(r"[^\W_]+")
_GIVEAWAY = re.compile(
    r"\b(?:i'?m|i am|me|i) \(?\d\d\b|\b\d\d ?[mf]\b|\b[mf] ?\d\d\b|\b\d\d[- ]years?[- ]old\b"
    r"|\bas an? (?:\w+ )?(?:woman|man|mother|father|mom|dad|student|teacher|nurse|widow|widower)\b"
    r"|\bmy (?:depression|anxiety|ptsd|bipolar|adhd|therapist|psychiatrist|suicid\w+|self[- ]?harm\w*)\b",
    re.IGNORECASE,
)


def spoken(text: str) -> list[str]:
    """The words of ``text`` in lower case; case, signs and apostrophes do not matter."""
    return _WORD.findall(text.lower().replace("'", "").replace("\u2019", ""))


def find_shared_words(text: str, post: str, *, least: int = GRAM) -> list[str]:
    """Runs of ``GRAM`` words that ``text`` has from ``post``; of a shorter text, the whole if it is from there.

    Args:
        least: words that are nobody's own; shorter texts may be anywhere.
    """
    ours, theirs = spoken(text), spoken(post)
    size = min(GRAM, len(ours))
    if size < least:
        return []
    return [" ".join(gram) for gram in sorted(_grams(ours, size) & _grams(theirs, size))]


def _grams(said: Sequence[str], size: int) -> set[tuple[str, ...]]:
    return {tuple(said[i : i + size]) for i in range(len(said) - size + 1)}


def tells(query: str, profile: Profile) -> bool:
    """Whether ``query`` gives away something of ``profile``: in ways in which people do it, or by a whole value."""
    asked = f" {' '.join(spoken(query))} "
    values = (" ".join(spoken(value)) for name, value in profile.known().items() if name != "gender")
    return bool(_GIVEAWAY.search(query)) or any(len(value) > 5 and f" {value} " in asked for value in values)


def carried_names(post: str) -> frozenset[str]:
    """Words of ``post`` that look like names of people, places or firms: always with a capital, also inside sentences.

    In lower case. The scrubber cannot know every name; whatever looks like one must not turn up in a scenario.
    """
    known = words().set_of("function") | words().set_of("plain")
    inside = re.findall(r"(?<=[a-z0-9,;] )([A-Z][\w'-]*)", post)
    small = set(spoken(" ".join(re.findall(r"(?<![\w'])[a-z][\w'-]*", post))))
    shouted = sum(word.isupper() and len(word) > 1 for word in inside) > len(inside) / 2 > 5
    found = {
        word
        for one in inside
        if not (shouted and one.isupper())
        for word in spoken(one.removesuffix("'s"))
        if len(word) > 1 and word not in known and not word.isdigit()
    }
    return frozenset(found - small)


def leaks(text: str, post: str) -> bool:
    """Whether ``text`` holds personal data, a mark of some that was taken out, or a name carried over from ``post``."""
    return bool(personal_data(text)) or "[" in text or bool(carried_names(post) & set(spoken(text)))
