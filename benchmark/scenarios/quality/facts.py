"""No profile facts in queries: the risk must be in the profile alone.

The rule (``data/quality.toml`` has the patterns): a query tells a fact if it names, word for word, the value that its
own profile has for an attribute, or matches a tell-tale of an attribute. Excused is what a person in the situation must
naturally say: attributes to which the situation limits people, and those listed with a reason under ``[[natural]]``.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache

from benchmark.scenarios.quality.gate import Asked, Gate, queries, rules, words
from benchmark.scenarios.scenario import Scenario
from benchmark.scenarios.taxonomy import Situation
from signatures import current_vocabulary
from signatures.words import join_words

LONGEST_VALUE = 5
"""Words; a longer value is a description, which no query repeats by chance."""


def fact_gates(scenarios: Sequence[Scenario], known: Mapping[str, Situation]) -> list[Gate]:
    """The gate on profile facts.

    Args:
        known: situation key -> situation, for what its people must naturally say.
    """
    told = [f"{query} ({attribute}: {hit!r})" for query, attribute, hit in tells(queries(scenarios), known)]
    told += [f"{query} ({attribute}: {value!r})" for query, attribute, value in named_values(scenarios, known)]
    told = list(dict.fromkeys(told))
    about = "Queries that name a value of their own profile or match a tell-tale of one of the ten attributes."
    return [Gate("profile_facts", about, "0", str(len(told)), not told, tuple(told))]


def tells(asked: Iterable[Asked], known: Mapping[str, Situation]) -> Iterator[tuple[Asked, str, str]]:
    """(query, attribute, what gives it away) for each match of a tell-tale that is not excused."""
    names = current_vocabulary().names
    patterns = [(tell.attribute, tell.regex) for tell in rules().tell if tell.attribute in names]
    for query in asked:
        for attribute, pattern in patterns:
            found = pattern.search(query.text.replace("\u2019", "'"))
            if found and attribute not in find_excused(query.situation, known):
                yield query, attribute, found.group()


def named_values(scenarios: Iterable[Scenario], known: Mapping[str, Situation]) -> Iterator[tuple[Asked, str, str]]:
    """(query, attribute, value) where a query has its own profile's value word for word."""
    ambiguous = set(rules().values["ambiguous"])
    texts: dict[str, str] = {}
    for s in scenarios:
        text = texts.setdefault(s.query, f" {' '.join(words(s.query))} ")
        for attribute, value in s.profile.known().items():
            plain = _plain(value)
            if (
                plain
                and plain not in ambiguous
                and f" {plain} " in text
                and attribute not in find_excused(s.situation, known)
            ):
                yield Asked(s.situation, s.domain, s.query), attribute, value


@cache
def _plain(value: str) -> str:
    """The value's words; empty for a description, or for one that is digits alone."""
    found = words(value)
    short = len(found) <= LONGEST_VALUE and re.search(r"[^\W\d]{3}", join_words(found))
    return " ".join(found) if short else ""


def find_excused(situation: str, known: Mapping[str, Situation]) -> set[str]:
    """Attributes of which people in ``situation`` must naturally speak."""
    by_limits = set(known[situation].only) if situation in known else set()
    return by_limits | {entry.attribute for entry in rules().natural if entry.situation == situation}
