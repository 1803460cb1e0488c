"""People of a vocabulary of one's own: drawn by its values and dependencies, and held to them."""

import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from benchmark.scenarios.scenario import Scenario
from signatures import Attribute, Vocabulary

OWN = "own"
"""Source of scenarios that a team wrote itself."""
DRAWS = 20
"""Draws in which somebody new is looked for."""
HELD = ("authored", "generated", OWN)
"""Sources whose people are held to the listed values; people who write elsewhere choose their own words."""


def draw_values(vocabulary: Vocabulary, rng: np.random.Generator) -> dict[str, str]:
    """A value for each attribute that has values or a range; alike likely, but for what dependencies exclude."""
    drawn: dict[str, str] = {}
    for attribute in vocabulary.attributes:
        possible = possible_values(attribute, drawn)
        if possible:
            drawn[attribute.name] = possible[int(rng.integers(len(possible)))]
        elif attribute.range:
            low, high = attribute.range
            drawn[attribute.name] = f"{int(rng.integers(low, high + 1))} {attribute.unit}".strip()
    return drawn


def draw_unlike(
    vocabulary: Vocabulary, others: Sequence[Mapping[str, str]], rng: np.random.Generator
) -> dict[str, str]:
    """As ``draw_values``, somebody who differs from all ``others`` if a few draws find one."""
    drawn = draw_values(vocabulary, rng)
    for _ in range(DRAWS):
        if not any(drawn.items() <= other.items() for other in others):
            break
        drawn = draw_values(vocabulary, rng)
    return drawn


def possible_values(attribute: Attribute, known: Mapping[str, str]) -> tuple[str, ...]:
    """The listed values that are possible for somebody of whom ``known`` holds; all, if nothing would be left."""
    possible = attribute.values
    for one in attribute.dependencies:
        if all(known.get(name) in values for name, values in one.when.items()):
            possible = tuple(value for value in possible if value in one.values) or possible
    return possible


def violations_of(vocabulary: Vocabulary, known: Mapping[str, str]) -> Iterator[str]:
    """What is impossible about somebody of whom ``known`` holds, one sentence each."""
    for name, value in known.items():
        attribute = vocabulary.by_name[name]
        if attribute.values and value not in attribute.values:
            yield f"{name} {value!r} is none of the listed values"
        elif attribute.values and value not in possible_values(attribute, known):
            yield f"{name} {value!r} does not go with the rest: {', '.join(possible_values(attribute, known))} would"
        elif attribute.range and not _in_range(attribute.range, value):
            yield f"{name} {value!r} is no number from {attribute.range[0]} to {attribute.range[1]}"


def _in_range(limits: tuple[int, int], value: str) -> bool:
    """Whether the first number in ``value`` lies between ``limits``, both included."""
    number = re.search(r"-?\d+", value)
    return number is not None and limits[0] <= int(number[0]) <= limits[1]


def is_held(scenario: Scenario) -> bool:
    """Whether a scenario's person is held to the listed values."""
    return scenario.source in HELD
