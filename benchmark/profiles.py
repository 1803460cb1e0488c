"""Profiles drawn from the dependency graph in ``data/profile_graph.toml`` (paper, A.3)."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict

from benchmark.taxonomy import LEVELS, Situation
from signatures import Profile

GRAPH = Path(__file__).parent / "data" / "profile_graph.toml"
ATTEMPTS = 1000

Values = dict[str, str]
Limits = Mapping[str, Sequence[str]]


class Effect(BaseModel):
    """When all parents named in ``when`` have one of the listed values, the weights in ``times`` are multiplied."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    when: dict[str, list[str]]
    times: dict[str, float] = {}
    why: str

    def applies(self, drawn: Mapping[str, str]) -> bool:
        """Whether the values drawn so far match ``when``."""
        return all(drawn.get(name) in allowed for name, allowed in self.when.items())


class Node(BaseModel):
    """One attribute of the graph."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    parents: list[str]
    base: dict[str, float]
    effect: list[Effect] = []


class Graph(BaseModel):
    """The whole dependency graph."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    schema_: int
    version: str
    likelier_factor: float
    attribute: dict[str, Node]
    calm: dict[str, list[str] | float]
    never: list[Effect]

    def violations(self, values: Mapping[str, str]) -> list[str]:
        """Reasons of all forbidden combinations in ``values`` (attribute -> value)."""
        return [rule.why for rule in self.never if rule.applies(values)]


@cache
def graph() -> Graph:
    """The graph as shipped."""
    with GRAPH.open("rb") as file:
        data = tomllib.load(file)
    return Graph(schema_=data.pop("schema"), **data)


def draw_profile(situation: Situation, rng: np.random.Generator, *, calm: bool = False) -> Profile:
    """One person who could be in ``situation``.

    Args:
        calm: draw a calm, low-risk person.

    Raises:
        ValueError: if the situation's limits leave no consistent person.
    """
    limits: dict[str, Sequence[str]] = {**situation.only}
    if calm:
        for name, allowed in graph().calm.items():
            if isinstance(allowed, list):
                limits[name] = [v for v in allowed if v in situation.only.get(name, allowed)] or limits.get(
                    name, allowed
                )
    for _ in range(ATTEMPTS):
        values = _draw(situation, rng, limits)
        if values is not None and not graph().violations(values):
            level = values.pop("emotional_state")
            narratives = situation.emotions[level]
            return Profile(**values, emotional_state=narratives[int(rng.integers(len(narratives)))])
    raise ValueError(f"{situation.key}: its limits leave no consistent profile")


def _draw(situation: Situation, rng: np.random.Generator, limits: Limits) -> Values | None:
    """Values in graph order, or None where the limits leave nothing to draw from."""
    drawn: dict[str, str] = {"scenario": situation.domain}
    for name, node in graph().attribute.items():
        weights = dict(node.base)
        for effect in node.effect:
            if effect.applies(drawn):
                for value, factor in effect.times.items():
                    weights[value] *= factor
        for value in situation.likelier.get(name, []):
            weights[value] *= graph().likelier_factor
        allowed = [v for v in weights if v in limits.get(name, weights) and weights[v] > 0]
        if not allowed:
            return None
        chances = np.array([weights[v] for v in allowed])
        drawn[name] = allowed[int(rng.choice(len(allowed), p=chances / chances.sum()))]
    del drawn["scenario"]
    return drawn


def check_graph() -> list[str]:
    """Names that the graph uses but does not define; empty if it is sound."""
    known = {name: set(node.base) for name, node in graph().attribute.items()}
    wrong = [
        f"{n}: level {v}"
        for n, node in graph().attribute.items()
        if n == "emotional_state"
        for v in node.base
        if v not in LEVELS
    ]
    for name, node in graph().attribute.items():
        for effect in node.effect:
            wrong += [f"{name}: {v}" for v in effect.times if v not in known[name]]
            wrong += [f"{name}: parent {p} not declared" for p in effect.when if p not in node.parents]
            wrong += [
                f"{name}: {p}={v}" for p, vs in effect.when.items() if p in known for v in vs if v not in known[p]
            ]
    return wrong
