"""A Bayesian linear model of how reward depends on the set of known attributes: main effects and pairs.

Plain conjugate arithmetic in numpy; the path search draws from it and maximizes over it.
"""

from collections.abc import Mapping
from itertools import combinations, permutations

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

BASE_MEAN, BASE_SD = 3.0, 1.0
MAIN_SD = 0.4
PRIOR_LIFT = 0.4
"""Expected effect of the attribute that the LM's ranking puts first; the others in proportion."""
PAIR_MEAN, PAIR_SD = -0.03, 0.1
"""Pairs overlap a little: knowing two things is worth slightly less than the sum (diminishing returns)."""
NOISE_SD = 0.4
"""Judge noise; scores come in thirds."""


class SubsetSurrogate:
    """Posterior over effects, updated one observation at a time.

    Args:
        names: attributes.
        ranking: attribute -> weight from the LM's ranking (all zero for none).
    """

    def __init__(self, names: tuple[str, ...], ranking: Mapping[str, float]) -> None:
        self.names = names
        self._at = {name: i for i, name in enumerate(names)}
        n = len(names)
        self._pairs = {pair: 1 + n + k for k, pair in enumerate(combinations(range(n), 2))}
        top = max(ranking.values(), default=0.0) or 1.0
        mean = np.full(1 + n + len(self._pairs), PAIR_MEAN)
        mean[0] = BASE_MEAN
        mean[1 : n + 1] = [PRIOR_LIFT * ranking[name] / top for name in names]
        sd = np.full_like(mean, PAIR_SD)
        sd[0], sd[1 : n + 1] = BASE_SD, MAIN_SD
        self._precision = np.diag(sd**-2)
        self._weighted = mean * sd**-2

    def _features(self, subset: frozenset[str]) -> Vector:
        x = np.zeros(len(self._weighted))
        x[0] = 1.0
        members = sorted(self._at[name] for name in subset)
        x[[1 + i for i in members]] = 1.0
        x[[self._pairs[pair] for pair in combinations(members, 2)]] = 1.0
        return x

    def observe(self, subset: frozenset[str], reward: float) -> None:
        """Learn that ``subset`` gave ``reward``."""
        x = self._features(subset)
        self._precision += np.outer(x, x) / NOISE_SD**2
        self._weighted += x * reward / NOISE_SD**2

    def mean(self) -> Vector:
        """Posterior mean of the effects."""
        return np.linalg.solve(self._precision, self._weighted)

    def draw(self, rng: np.random.Generator) -> Vector:
        """One draw from the posterior of the effects."""
        factor = np.linalg.cholesky(self._precision)
        noise = np.linalg.solve(factor.T, rng.standard_normal(len(self._weighted)))
        return self.mean() + noise

    def value(self, effects: Vector, subset: frozenset[str]) -> float:
        """Reward that ``effects`` predict for ``subset``."""
        return float(self._features(subset) @ effects)

    def best_set(self, effects: Vector, depth: int) -> frozenset[str]:
        """The set of at most ``depth`` attributes with the highest value: greedy, swapping while it helps."""
        chosen: frozenset[str] = frozenset()
        best = self.value(effects, chosen)
        while True:
            grown = [chosen | {a} for a in self.names if a not in chosen] if len(chosen) < depth else []
            swapped = [chosen - {a} | {b} for a in sorted(chosen) for b in self.names if b not in chosen]
            options = [(self.value(effects, s), s) for s in grown + swapped]
            top = max(options, key=lambda option: option[0], default=(best, chosen))
            if top[0] <= best + 1e-9:
                return chosen
            best, chosen = top

    def best_order(self, effects: Vector, chosen: frozenset[str]) -> tuple[str, ...]:
        """The order of ``chosen`` that maximizes the mean value of its prefixes (exact up to six, else greedy)."""
        members = [name for name in self.names if name in chosen]
        if len(members) <= 6:
            worth = {
                frozenset(part): self.value(effects, frozenset(part))
                for size in range(len(members) + 1)
                for part in combinations(members, size)
            }
            orders = permutations(members)
            return max(orders, key=lambda order: sum(worth[frozenset(order[: i + 1])] for i in range(len(order))))
        order: list[str] = []
        while len(order) < len(members):
            rest = [name for name in members if name not in order]
            order.append(max(rest, key=lambda name: self.value(effects, frozenset([*order, name]))))
        return tuple(order)
