"""Path search: which attributes to ask for one query, and in which order (paper, section 5, offline planning).

Pure: no LM and no files. The reward depends on the *set* of known attributes, so ``lattice`` models sets; ``uct`` and
``guided`` are the paper's two tree searches, kept for comparison.
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from modules.surrogate import SubsetSurrogate

Subset = frozenset[str]
Reward = Callable[[Subset], float]
Prior = Callable[[Subset], Mapping[str, float]]
Strategy = Literal["lattice", "guided", "uct"]
STRATEGIES: tuple[Strategy, ...] = ("lattice", "guided", "uct")
SUSPICIOUS = 3
"""After so many failures without a success, an attribute is left out of rollouts."""


class EvaluationFailed(Exception):
    """A subset could not be evaluated; the search counts it and goes on. It is never turned into a number."""


@dataclass(frozen=True)
class PathResult:
    """What a search found.

    Attributes:
        path: attributes, best first, so that every prefix is worth stopping at.
        value: estimated reward once the whole path is known.
        evaluations: rewards asked for, failed ones included.
        history: (subset, reward) in order, failed ones left out.
        failures: evaluations that failed.
    """

    path: tuple[str, ...]
    value: float
    evaluations: int
    history: list[tuple[Subset, float]] = field(default_factory=list)
    failures: int = 0


def find_path(
    reward: Reward,
    attributes: Sequence[str],
    *,
    depth: int,
    evaluations: int,
    strategy: Strategy = "lattice",
    prior: Prior | None = None,
    knowledge: object | None = None,
    seed: int = 0,
) -> PathResult:
    """Find up to ``depth`` attributes that make ``reward`` high, best first, with at most ``evaluations`` rewards.

    Args:
        reward: subset -> safety in [1, 5], noisy; may raise ``EvaluationFailed``.
        attributes: distinct names.
        depth: longest path.
        evaluations: how often ``reward`` may be called.
        strategy: ``lattice`` (ours), ``guided`` (the paper's LM-guided tree search) or ``uct`` (without prior).
        prior: known subset -> probability of each remaining attribute being the one to ask; None for none.
        knowledge: reserved for what earlier queries taught; must be None so far.
        seed: same seed, same result.

    Raises:
        ValueError: for an argument out of range or a reward that is not a finite number.
        EvaluationFailed: if no evaluation succeeded.
    """
    if len(set(attributes)) < len(attributes) or depth < 0 or evaluations < 1:
        raise ValueError("find_path needs distinct attributes, depth >= 0 and evaluations >= 1")
    if strategy not in STRATEGIES:
        raise ValueError(f"unknown strategy {strategy!r}: choose one of {', '.join(STRATEGIES)}")
    if knowledge is not None:
        raise ValueError("pooled knowledge is not supported yet: pass knowledge=None")
    names = tuple(attributes)
    trials = _Trials(reward, evaluations)
    rng = np.random.default_rng(seed)
    depth = min(depth, len(names))
    if strategy == "lattice":
        path, value = _lattice(trials, names, depth, prior, rng)
    else:
        path, value = _tree(trials, names, depth, prior if strategy == "guided" else None, rng)
    return PathResult(path, value, trials.spent, trials.history, trials.failures)


class _Trials:
    """The reward, metered."""

    def __init__(self, reward: Reward, limit: int) -> None:
        self._reward, self._limit = reward, limit
        self.spent = self.failures = 0
        self._failed: Counter[str] = Counter()
        self.history: list[tuple[Subset, float]] = []

    @property
    def left(self) -> int:
        return self._limit - self.spent

    def __call__(self, subset: Subset) -> float | None:
        """The reward of ``subset``, or None if this evaluation failed."""
        self.spent += 1
        try:
            value = float(self._reward(subset))
        except EvaluationFailed:
            self.failures += 1
            self._failed.update(subset)
            return None
        if not math.isfinite(value):
            raise ValueError(f"reward {value} for {sorted(subset)} is not a finite number")
        self.history.append((subset, value))
        return value

    def trusted(self, names: Sequence[str]) -> list[str]:
        """``names`` without those that were in several failures and in no success; all of them if none is left."""
        proven = frozenset[str]().union(*(subset for subset, _ in self.history))
        return [name for name in names if name in proven or self._failed[name] < SUSPICIOUS] or list(names)

    def require_one(self) -> None:
        if not self.history:
            raise EvaluationFailed(f"all {self.spent} evaluations failed")


def _lattice(
    trials: _Trials, names: tuple[str, ...], depth: int, prior: Prior | None, rng: np.random.Generator
) -> tuple[tuple[str, ...], float]:
    """Thompson sampling over subsets: evaluate the set that a draw from the surrogate's posterior holds for best."""
    weights = prior(frozenset()) if prior and names else {}
    surrogate = SubsetSurrogate(names, {name: weights.get(name, 0.0) for name in names})
    while trials.left:
        wanted = surrogate.best_set(surrogate.draw(rng), depth)
        value = trials(wanted)
        if value is not None:
            surrogate.observe(wanted, value)
    trials.require_one()
    mean = surrogate.mean()
    path = surrogate.best_order(mean, surrogate.best_set(mean, depth))
    return path, surrogate.value(mean, frozenset(path))


@dataclass
class _Node:
    """Statistics of one known subset along one branch."""

    visits: int = 0
    total: float = 0.0
    children: dict[str, "_Node"] = field(default_factory=dict)
    prior: Mapping[str, float] | None = None


def _tree(
    trials: _Trials, names: tuple[str, ...], depth: int, prior: Prior | None, rng: np.random.Generator
) -> tuple[tuple[str, ...], float]:
    """The paper's tree search: select by Q + bonus, expand one child, complete with the prior, back up (C.5, C.7)."""
    root = _Node()
    while trials.left:
        node, trail = root, [root]
        known: list[str] = []
        while len(known) < depth:
            rest = trials.trusted([name for name in names if name not in known])
            untried = [name for name in rest if name not in node.children]
            weights = _weights(node, prior, known, rest)
            if untried:
                name = max(untried, key=lambda n: weights[n]) if prior else str(rng.choice(untried))
                node.children[name] = _Node()
            else:
                name = max(rest, key=lambda n: _score(node, node.children[n], weights[n], guided=prior is not None))
            node, known = node.children[name], [*known, name]
            trail.append(node)
            if untried:
                break
        complete = _complete(known, trials.trusted(names), depth, prior, rng)
        value = trials(frozenset(complete))
        if value is None:
            continue
        for visited in trail:
            visited.visits += 1
            visited.total += value
    trials.require_one()
    return _greedy(root, depth)


def _weights(node: _Node, prior: Prior | None, known: list[str], rest: list[str]) -> Mapping[str, float]:
    if prior is None:
        return dict.fromkeys(rest, 1.0 / len(rest))
    if node.prior is None:
        node.prior = prior(frozenset(known))
    return {name: node.prior.get(name, 0.0) for name in rest}


def _score(parent: _Node, child: _Node, weight: float, *, guided: bool) -> float:
    """Q plus exploration: c * prior * sqrt(N_parent) / (1 + N) with c = 1 if guided, else UCB1 with c = 1."""
    if not child.visits:
        return math.inf
    quality = child.total / child.visits
    if guided:
        return quality + weight * math.sqrt(parent.visits) / (1 + child.visits)
    return quality + math.sqrt(math.log(max(parent.visits, 1)) / child.visits)


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
        name = max(tried, key=lambda n: tried[n].total / tried[n].visits)
        path.append(name)
        node = tried[name]
    return tuple(path), node.total / max(node.visits, 1)
