"""Takes personal data out of text by rules: names, handles, mails, phones, links, addresses, dates, numbers.

The rules are in ``data/reddit/personal.toml``; they err on the side of taking out too much. They are applied before any
model sees a post, and again to what comes back. What is taken out leaves a mark such as ``[name]``; scrubbing twice
changes nothing more.
"""

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from benchmark.scenarios.reddit.tables import personal, words

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
)
_SPACES = re.compile(r"[^\S\n]+")
_PLAIN = {0x2018: "'", 0x2019: "'", 0x201B: "'", 0x2032: "'", 0x201C: '"', 0x201D: '"', 0x2010: "-", 0x2011: "-",
          0x2012: "-", 0x2013: "-", 0x2014: " - ", 0x2015: " - ", 0x2212: "-", 0x0D: "\n"}  # fmt: skip
"""Typographic signs, as typewriters have them."""


@dataclass(frozen=True)
class Rule:
    """One kind of personal data: what it looks like, and the mark it leaves."""

    kind: str
    pattern: re.Pattern[str]

    def mark(self, match: re.Match[str]) -> str:
        """What stands in for a match: its mark, after what only introduced it."""
        return f"{match.groupdict().get('keep') or ''}[{self.kind}]"


@dataclass(frozen=True)
class Scrubbed:
    """Text without personal data, and how often what was taken out."""

    text: str
    taken: Counter[str] = field(default_factory=Counter)


@cache
def rules() -> tuple[Rule, ...]:
    """All rules, in the order in which they are applied."""
    shipped = personal()
    known = {**_lists(), **shipped.lists}
    return tuple(
        Rule(rule.kind, re.compile(_filled(pattern, known), flags))
        for rule in shipped.rule
        for patterns, flags in ((rule.any_case, re.IGNORECASE), (rule.exact, re.MULTILINE))
        for pattern in patterns
    )


def _lists() -> dict[str, str]:
    """The word lists as expressions."""
    found = words()
    return {
        "given_names": _either(found.set_of("given_names")),
        "capital_names": _either({word.capitalize() for word in found.set_of("capital_names")}),
        "kin": _either(found.set_of("kin")),
        "common": _either(found.set_of("plain") | found.set_of("function")),
    }


def _either(choices: Iterable[str]) -> str:
    """An expression for any of ``choices``, as a tree of their letters: many times quicker than one after the other."""
    tree: dict[str, Any] = {}
    for word in choices:
        branch = tree
        for letter in word:
            branch = branch.setdefault(letter, {})
        branch[""] = {}
    return _branches(tree)


def _branches(tree: dict[str, Any]) -> str:
    ends = "" in tree
    arms = [re.escape(letter) + _branches(rest) for letter, rest in sorted(tree.items()) if letter]
    if not arms:
        return ""
    return f"(?:{'|'.join(arms)}){'?' if ends else ''}"


def _filled(pattern: str, known: Mapping[str, str]) -> str:
    """``pattern`` with lists in place of their names; lists may name others."""
    before = ""
    while pattern != before:
        before = pattern
        pattern = re.sub(r"(?<!\?P)<([a-z_]+)>", lambda match: known[match[1]], pattern)
    return pattern


def scrub(text: str) -> Scrubbed:
    """``text`` in its normal form and without personal data."""
    taken: Counter[str] = Counter()
    current = normal(text)
    while True:  # taking one thing out can bring others together; every round takes something out, so this ends
        before = current
        for rule in rules():
            current, times = rule.pattern.subn(rule.mark, current)
            taken[rule.kind] += times
        current = normal(current)
        if current == before:
            return Scrubbed(current, +taken)


def personal_data(text: str) -> list[str]:
    """The kinds of personal data that the rules still see in ``text``, in the order of the rules; empty for none."""
    plain = normal(text)
    return list(dict.fromkeys(rule.kind for rule in rules() if rule.pattern.search(plain)))


def marks() -> frozenset[str]:
    """Everything that can stand in brackets for something taken out."""
    return frozenset(rule.kind for rule in rules())


def normal(text: str) -> str:
    """The form on which rules work: entities resolved, what looks alike is alike, nothing hides between letters."""
    before = None
    while text != before:
        before = text
        text = html.unescape(re.sub(r"&(?:amp;)+", "&", text))
        text = unicodedata.normalize("NFKC", text).translate(_PLAIN)
        text = _SPACES.sub(" ", _INVISIBLE.sub("", text))
    return re.sub(r"\n{3,}", "\n\n", re.sub(r" ?\n ?", "\n", text)).strip()
