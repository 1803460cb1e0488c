"""What code can check of a profile that a model read: that each value rests on words of the post."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from benchmark.scenarios.reddit.cues import shipped_cues
from benchmark.scenarios.reddit.prefilter import fold
from benchmark.scenarios.reddit.tables import words
from benchmark.scenarios.reddit.wording import find_shared_words, leaks, spoken
from signatures import ATTRIBUTE_NAMES, StatedFact, parse_attribute

LONGEST_VALUE, LONGEST_QUOTE = 12, 40
"""Words."""
ADULT = 18
BANDS = ((18, 24), (25, 34), (35, 44), (45, 54), (55, 64))
"""Ages in years, as in the authored set; beyond them, "65 years or older"."""

_SAYS_NOTHING = re.compile(
    r"(?:(?:unknown|unclear|unspecified|undisclosed|n/?a|null|-*)"
    r"|not (?:stated|mentioned|specified|given|known|sure|provided|revealed|said)"
    r"|none (?:stated|mentioned|given)|no (?:information|mention)\b.*)\W*",
    re.IGNORECASE,
)
_DENIES = re.compile(r"(?:none|no|never|not|without|nothing|nil)\b", re.IGNORECASE)
_DENIAL = re.compile(
    r"\b(?:no|not|never|none|nothing|without|free|healthy|fine|good|well|\w+n't|\w+nt)\b", re.IGNORECASE
)
_YOUNG = re.compile(r"\b(?:minor|underage|teen(?:age(?:r|d)?)?|(?:middle|high) schooler)\b", re.IGNORECASE)
_TENS = {"twent": 20, "thirt": 30, "fort": 40, "fift": 50, "sixt": 60, "sevent": 70, "eight": 80, "ninet": 90}
_ONES = ("", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_PART = {"early": 2, "mid": 5, "late": 8}
"""Years into a decade."""
_DIGITS = re.compile(r"(?<!\d)\d{1,2}(?![\d]|'?s\b)")
_WRITTEN = re.compile(rf"\b({'|'.join(_TENS)})y(?:[ -]({'|'.join(_ONES[1:])}))?\b", re.IGNORECASE)
_DECADE = re.compile(rf"\b(early|mid|late)[ -]+(?:({'|'.join(_TENS)})ies|([2-9])0'?s)\b", re.IGNORECASE)


class Minor(Exception):
    """The writer of a post is under 18."""


@dataclass(frozen=True)
class Support:
    """What of a model's reading rests on the post.

    Attributes:
        facts: attribute -> value, in the canonical order.
        refused: reason -> how many values were not taken for it.
    """

    facts: dict[str, str]
    refused: Counter[str] = field(default_factory=Counter)


def find_support(stated: Sequence[StatedFact], post: str) -> Support:
    """The values that the words of the post support, the first of each attribute; the others are counted with reasons.

    Raises:
        Minor: if a supported age is under 18.
    """
    told, refused = " ".join(spoken(post)), Counter[str]()
    facts: dict[str, str] = {}
    for fact in stated:
        attribute = parse_attribute(fact.attribute, ATTRIBUTE_NAMES)
        value = " ".join(fact.value.split()).rstrip(".")
        if attribute is None:
            refused["no such attribute"] += 1
        elif attribute in facts:
            refused["stated twice"] += 1
        elif problem := next(_problems(attribute, value, fact.quote, post, told), ""):
            refused[problem] += 1
        else:
            facts[attribute] = _band(value, fact.quote) if attribute == "age" else value
    return Support({name: facts[name] for name in ATTRIBUTE_NAMES if name in facts}, refused)


def _problems(attribute: str, value: str, quote: str, post: str, told: str) -> Iterator[str]:
    """Why a value cannot be taken, worst first; ``told`` is the post's words."""
    if _SAYS_NOTHING.fullmatch(value):
        yield "says nothing"
    if len(spoken(value)) > LONGEST_VALUE or find_shared_words(value, post):
        yield "value is copied from the post"
    if leaks(value, post):
        yield "value may hold personal data"
    if not _find_quote(quote, told):
        yield "quote is not in the post"
    if _DENIES.match(value) and not _DENIAL.search(quote):
        yield "denial without words for it"
    if attribute == "age":
        if not _band(value, quote):
            yield "age does not fit its quote"
        return
    if not {word for word in spoken(value) if word.isdigit()} <= set(spoken(quote)):
        yield "number is not in the quote"
    if not shipped_cues().points_to(attribute, fold(quote)) and not _stems(value) & _stems(quote):
        yield "quote is about something else"


def _find_quote(quote: str, told: str) -> bool:
    """Whether every piece of ``quote`` (pieces parted by dots for what was left out) is in the post, word for word."""
    pieces = [" ".join(piece) for part in re.split(r"\.{2,}|\u2026|\[\.*\]", quote) if (piece := spoken(part))]
    length = sum(len(piece.split()) for piece in pieces)
    return 0 < length <= LONGEST_QUOTE and all(f" {piece} " in f" {told} " for piece in pieces)


def _stems(text: str) -> set[str]:
    plain = words().set_of("function")
    return {word[:5] for word in spoken(text) if word not in plain and len(word) > 2}


def _ages(text: str) -> list[int]:
    """Ages in years, in figures or words; a decade counts only if it is said which part of it."""
    return [
        *(int(digits) for digits in _DIGITS.findall(text)),
        *(_TENS[ten.lower()] + _ONES.index(one.lower()) for ten, one in _WRITTEN.findall(text)),
        *(
            _PART[part.lower()] + (_TENS[ten.lower()] if ten else 10 * int(digit))
            for part, ten, digit in _DECADE.findall(text)
        ),
    ]


def _band(value: str, quote: str) -> str:
    """The age band that value and quote agree on; empty if they don't.

    A value that names no age ("middle-aged", "in their thirties") stays as it is if the quote has its words.

    Raises:
        Minor: for an age under 18.
    """
    said, claimed = _ages(quote), _ages(value)
    if not said and _YOUNG.search(quote):
        raise Minor
    if not claimed or not said:
        return value if not claimed and _stems(value) & _stems(quote) else ""
    low, high = min(claimed), max(claimed)
    age = next((age for age in said if low <= age <= high), None)
    if age is None:
        return ""
    if age < ADULT:
        raise Minor
    return next((f"{first}-{last} years" for first, last in BANDS if first <= age <= last), "65 years or older")
