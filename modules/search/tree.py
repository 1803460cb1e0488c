"""The paper's tree searches, for comparison: UCT without prior, and the search guided by the LM's ranking."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from modules.search.trials import Subset, Trials

Prior = Callable[[Subset], Mapping[str, float]]
LOWEST, HIGHEST = 1.0, 5.0
"""The scale of rewards."""


@dataclass(frozen=True)
class TreeSettings:
    """What the paper leaves open, or says in two ways.

    Attributes:
        bonus: ``puct`` is c * prior * sqrt(N_parent) / (1 + N) (main text); ``log`` is c * prior *
            sqrt(ln N_parent / N) (C.7).
        exploration: c; 1 in the main text, 0.5 in C.5.
        untried: what a child that was never visited counts as. ``zero`` takes Q = W / N from W = 0, as the formula
            starts, on rewards scaled to [0, 1]; ``first`` visits every child once before the formula decides.
    """

    bonus: Literal["puct", "log"] = "puct"
    exploration: float = 1.0
    untried: Literal["zero", "first"] = "zero"


@dataclass
class _Node:
    """Statistics of one known subset along one branch."""

    visits: int = 0
    total: float = 0.0
    children: dict[str, "_Node"] = field(default_factory=dict)
    prior: Mapping[str, float] | None = None

    def mean(self) -> float:
        return self.total / self.visits if self.visits else 0.0


def tree_search(
    trials: Trials,
    names: tuple[str, ...],
    *,
    depth: int,
    prior: Prior | None,
    rng: np.random.Generator,
    settings: TreeSettings,
) -> tuple[tuple[str, ...], float]:
    """Select by Q and bonus, expand one child, complete with the prior to full depth, back up (C.5, C.7).

    Args:
        trials: the metered reward.
        names: attributes.
        depth: length of a path, counted from the root.
        prior: known subset -> probability of each remaining attribute; None searches without (UCT).
        rng: source of randomness.
        settings: see ``TreeSettings``; UCT heeds only ``exploration``.
    """
    root = _Node()
    while trials.left:
        node, trail = root, [root]
        known: list[str] = []
        while len(known) < depth:
            rest = trials.drop_suspects([name for name in names if name not in known])
            weights = None if prior is None else _weights(node, prior, known)
            name = _select(node, rest, weights, rng, settings)
            new = name not in node.children
            node = node.children.setdefault(name, _Node())
            known.append(name)
            trail.append(node)
            if new:
                break
        complete = _complete(known, trials.drop_suspects(names), depth, prior, rng)
        value = trials(frozenset(complete))
        if value is None:
            continue
        for visited in trail:
            visited.visits += 1
            visited.total += (value - LOWEST) / (HIGHEST - LOWEST)
    trials.require_one()
    return _greedy(root, depth)


def _select(
    node: _Node,
    rest: Sequence[str],
    weights: Mapping[str, float] | None,
    rng: np.random.Generator,
    settings: TreeSettings,
) -> str:
    """The attribute to go on with, by ``weights`` of the prior or without; a tie is broken at random."""
    untried = [name for name in rest if name not in node.children or not node.children[name].visits]
    if weights is None:
        if untried:
            return str(rng.choice(untried))
        return max(rest, key=lambda name: _ucb(node, node.children[name], settings.exploration))
    shuffled = [str(name) for name in rng.permutation(list(rest))]
    if untried and settings.untried == "first":
        return max((name for name in shuffled if name in untried), key=lambda name: weights.get(name, 0.0))
    return max(shuffled, key=lambda name: _guided(node, node.children.get(name), weights.get(name, 0.0), settings))


def _weights(node: _Node, prior: Prior, known: list[str]) -> Mapping[str, float]:
    if node.prior is None:
        node.prior = prior(frozenset(known))
    return node.prior


def _ucb(parent: _Node, child: _Node, exploration: float) -> float:
    """UCB1 on the raw scale of rewards, where c = 1 explored best in our benchmark."""
    bonus = exploration / (HIGHEST - LOWEST) * math.sqrt(math.log(max(parent.visits, 1)) / child.visits)
    return child.mean() + bonus


def _guided(parent: _Node, child: _Node | None, weight: float, settings: TreeSettings) -> float:
    """Q plus the paper's bonus; in the ``log`` form an untried child counts as visited once."""
    child = child or _Node()
    if settings.bonus == "puct":
        bonus = weight * math.sqrt(parent.visits) / (1 + child.visits)
    else:
        bonus = weight * math.sqrt(math.log(max(parent.visits, 1)) / max(child.visits, 1))
    return child.mean() + settings.exploration * bonus


def _complete(
    known: list[str], names: Sequence[str], depth: int, prior: Prior | None, rng: np.random.Generator
) -> list[str]:
    """Fill up to ``depth`` by an epsilon-greedy walk on the prior, epsilon(d) = 0.2 / (1 + exp(d - D/2)) (C.5)."""
    known = list(known)
    while len(known) < depth:
        rest = [name for name in names if name not in known]
        if not rest:
            break
        epsilon = 0.2 / (1 + math.exp(len(known) - depth / 2))
        if prior is None or rng.random() < epsilon:
            known.append(str(rng.choice(rest)))
        else:
            weights = prior(frozenset(known))
            known.append(max(rest, key=lambda name: weights.get(name, 0.0)))
    return known


def _greedy(root: _Node, depth: int) -> tuple[tuple[str, ...], float]:
    """The child with the highest mean at each depth."""
    path: list[str] = []
    node = root
    while len(path) < depth:
        tried = {name: child for name, child in node.children.items() if child.visits}
        if not tried:
            break
        name = max(tried, key=lambda n: tried[n].mean())
        path.append(name)
        node = tried[name]
    return tuple(path), LOWEST + (HIGHEST - LOWEST) * node.mean()
