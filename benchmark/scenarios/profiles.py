"""Profiles drawn from the dependency graph in ``data/profile_graph.toml`` (paper, A.3)."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from benchmark.scenarios.taxonomy import LEVELS, Situation
from signatures import Profile

GRAPH = Path(__file__).parents[1] / "data" / "profile_graph.toml"
ATTEMPTS = 1000
TOLERANCE = 1e-9

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
    """One attribute of the graph.

    Attributes:
        parents: on which its probabilities depend; ``scenario`` is the domain.
        base: value -> probability before any effect.
        why: where the base comes from.
        effect: how parents change it, each with its reason.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    parents: list[str]
    base: dict[str, float]
    why: str
    effect: list[Effect] = []


class Graph(BaseModel):
    """The whole dependency graph."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    schema_: int = Field(alias="schema")
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
    return Graph.model_validate(tomllib.loads(GRAPH.read_text(encoding="utf-8")))


def draw_profile(situation: Situation, rng: np.random.Generator, *, calm: bool = False) -> Profile:
    """One person who could be in ``situation``.

    Args:
        calm: draw a calm, low-risk person.

    Raises:
        ValueError: if the situation's limits leave no consistent person.
    """
    limits = calm_limits(situation) if calm else situation.only
    for _ in range(ATTEMPTS):
        values = _draw(situation, rng, limits)
        if values is not None and not graph().violations(values):
            level = values.pop("emotional_state")
            narratives = situation.emotions[level]
            return Profile(**values, emotional_state=narratives[int(rng.integers(len(narratives)))])
    raise ValueError(f"{situation.key}: its limits leave no consistent profile")


def calm_limits(situation: Situation) -> dict[str, Sequence[str]]:
    """The situation's limits narrowed to a calm, low-risk person, attribute by attribute where both leave something."""
    limits: dict[str, Sequence[str]] = {**situation.only}
    for name, allowed in graph().calm.items():
        if isinstance(allowed, list):
            both = [value for value in allowed if value in situation.only.get(name, allowed)]
            limits[name] = both or limits.get(name, allowed)
    return limits


def chances(name: str, drawn: Mapping[str, str], limits: Limits, likelier: Limits) -> dict[str, float]:
    """Value -> probability of attribute ``name`` given the values drawn before it; they sum to 1.

    Args:
        drawn: the parents' values at least, ``scenario`` (the domain) among them.
        limits: attribute -> values allowed; others have no chance.
        likelier: attribute -> values favoured.

    Returns:
        Only values with a chance; empty where the limits leave nothing.
    """
    node = graph().attribute[name]
    weights = dict(node.base)
    for effect in node.effect:
        if effect.applies(drawn):
            for value, factor in effect.times.items():
                weights[value] *= factor
    for value in likelier.get(name, []):
        weights[value] *= graph().likelier_factor
    allowed = {v: w for v, w in weights.items() if v in limits.get(name, weights) and w > 0}
    total = sum(allowed.values())
    return {value: weight / total for value, weight in allowed.items()}


def _draw(situation: Situation, rng: np.random.Generator, limits: Limits) -> Values | None:
    """Values in graph order, or None where the limits leave nothing to draw from."""
    drawn: dict[str, str] = {"scenario": situation.domain}
    for name in graph().attribute:
        shares = chances(name, drawn, limits, situation.likelier)
        if not shares:
            return None
        drawn[name] = list(shares)[int(rng.choice(len(shares), p=list(shares.values())))]
    del drawn["scenario"]
    return drawn


def check_graph() -> list[str]:
    """What is wrong with the graph, one sentence each; empty if it is sound.

    Names used but not defined, parents not drawn before their child or without an effect, probabilities that do not sum
    to 1, and reasons left out.
    """
    attributes = graph().attribute
    known = {name: set(node.base) for name, node in attributes.items()}
    before: set[str] = {"scenario"}
    wrong = [f"emotional_state: level {v}" for v in known.get("emotional_state", set()) if v not in LEVELS]
    for name, node in attributes.items():
        wrong += [f"{name}: parent {p} is not drawn before it" for p in node.parents if p not in before]
        used = {parent for effect in node.effect for parent in effect.when}
        wrong += [f"{name}: no effect of parent {p}" for p in node.parents if p not in used]
        if abs(sum(node.base.values()) - 1) > TOLERANCE or min(node.base.values()) < 0:
            wrong.append(f"{name}: probabilities sum to {sum(node.base.values()):g}")
        wrong += [f"{name}: no reason given" for why in (node.why, *(e.why for e in node.effect)) if not why.strip()]
        for effect in node.effect:
            wrong += [f"{name}: {v}" for v in effect.times if v not in known[name]]
            wrong += [f"{name}: parent {p} not declared" for p in effect.when if p not in node.parents]
            wrong += [
                f"{name}: {p}={v}" for p, vs in effect.when.items() if p in known for v in vs if v not in known[p]
            ]
        before.add(name)
    return wrong
