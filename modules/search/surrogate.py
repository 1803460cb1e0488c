"""A Bayesian model of how reward depends on the set of known attributes.

Each *belief* is a Gaussian process over subsets: a base, main effects, pairs, and what one subset has of its own.
Beliefs differ in how large effects and noise are, and in whether to trust pooled knowledge; evidence weighs them.
"""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from modules.search.knowledge import (
    BASE_SD,
    EFFECT_MEAN_SD,
    OVERLAP_SD,
    QUERY_BASE_SD,
    RELIABILITY_SD,
    Array,
    Knowledge,
)

Mask = NDArray[np.bool_]

EFFECT_SDS = (0.06, 0.15, 0.3)
"""How much attributes may differ in effect, without knowledge."""
TRUSTING_SDS = (0.07, 0.15)
"""How far a query's effects may be from its domain's."""
TRUST = 0.3
"""Odds, before any evaluation, that a query is like its domain."""
NOISES = {0.37: 1.0, 0.6: 0.5}
"""Noise and its odds: a judge as steady as published, and one whose target model and users vary, too."""
PAIR_SHARE = 0.3
"""Standard deviation of a pair's effect, relative to a main effect's."""
OWN_SD = 0.05
"""What a subset may have beyond its pairs."""
EXACT_EFFECT_SD = 0.35
EXACT = ((0.01, 0.01, 0.02), (0.1, 0.01, 0.02), (0.4, 0.01, 0.02), (1.2, 0.01, 0.02), (0.1, 0.1, 0.02))
"""(own deviation, noise, odds) of beliefs for a reward that repeats itself, as a deterministic judge's does."""
NEGLIGIBLE = 0.02
"""Hypotheses less likely than this are left out of the arithmetic, until evidence speaks for them."""


@dataclass(frozen=True)
class Beliefs:
    """Hypotheses (h of them): Gaussian priors over effects, and how noisy rewards are.

    Attributes:
        mean: expected base and main effects, shape (h, n + 1).
        covariance: theirs, shape (h, n + 1, n + 1).
        overlap: expected effect of a pair; overlap_sd: how unsure, for all pairs together. Shape (h), as all below.
        pair_sd: spread of single pairs.
        own_sd: spread of what single subsets have of their own.
        noise_sd: of rewards.
        weight: prior probability.
    """

    mean: Array
    covariance: Array
    overlap: Array
    overlap_sd: Array
    pair_sd: Array
    own_sd: Array
    noise_sd: Array
    weight: Array

    def only(self, kept: NDArray[np.intp]) -> "Beliefs":
        """These hypotheses, in this order, repetitions allowed."""
        return Beliefs(**{field.name: getattr(self, field.name)[kept] for field in fields(self)})

    def expected(self, sets: Array) -> Array:
        """Prior mean of the values of ``sets`` (k, n); shape (h, k)."""
        pairs = _pairs(sets.sum(1))
        return self.mean[:, :1] + self.mean[:, 1:] @ sets.T + self.overlap[:, None] * pairs

    def between(self, a: Array, b: Array) -> Array:
        """Prior covariance of the values of sets ``a`` (k, n) and ``b`` (l, n); shape (h, k, l)."""
        common = a @ b.T
        same = (a.sum(1)[:, None] == b.sum(1)) & (common == b.sum(1))
        crowd = np.outer(_pairs(a.sum(1)), _pairs(b.sum(1)))
        return (  # type: ignore[no-any-return]
            _with_base(a) @ self.covariance @ _with_base(b).T
            + _each(self.overlap_sd**2) * crowd
            + _each(self.pair_sd**2) * _pairs(common)
            + _each(self.own_sd**2) * same
        )

    def variance(self, sets: Array) -> Array:
        """The diagonal of ``between(sets, sets)``; shape (h, k)."""
        pairs = _pairs(sets.sum(1))
        linear = ((_with_base(sets) @ self.covariance) * _with_base(sets)).sum(2)
        spread = (self.overlap_sd**2)[:, None] * pairs**2 + (self.pair_sd**2)[:, None] * pairs
        return linear + spread + (self.own_sd**2)[:, None]  # type: ignore[no-any-return]


def _with_base(sets: Array) -> Array:
    return np.column_stack([np.ones(len(sets)), sets])


def _pairs(size: Array) -> Array:
    """How many pairs there are among ``size``."""
    return size * (size - 1) / 2


def _each(values: Array) -> Array:
    return values[:, None, None]


def beliefs(knowledge: Knowledge | None, attributes: Sequence[str], scores: Array) -> Beliefs:
    """What may be true of a query: nothing pooled, or like its domain, if there is one (odds ``TRUST``).

    Args:
        knowledge: of the domain, or None.
        attributes: names, in the order of ``scores``.
        scores: standard scores of the LM's ranking.
    """
    n = len(attributes)
    blank, _ = Knowledge(attributes).posterior()
    ranked = np.concatenate([[0.0], scores])
    mean = blank[: n + 1] + blank[n + 1] * ranked
    shared = RELIABILITY_SD**2 * np.outer(ranked, ranked)
    shared[0, 0] += BASE_SD**2
    shared[1:, 1:] += EFFECT_MEAN_SD**2
    own = np.diag([0.0, *[1.0] * n])
    rows = [
        (mean, shared + sd**2 * own, blank[-1], OVERLAP_SD, PAIR_SHARE * sd, OWN_SD, noise, odds / len(EFFECT_SDS))
        for sd in EFFECT_SDS
        for noise, odds in NOISES.items()
    ]
    rows += [
        (mean, shared + EXACT_EFFECT_SD**2 * own, blank[-1], OVERLAP_SD, PAIR_SHARE * EXACT_EFFECT_SD, sd, noise, odds)
        for sd, noise, odds in EXACT
    ]
    if knowledge is not None and knowledge.queries:
        pooled, covariance = knowledge.posterior()
        at = np.column_stack([np.eye(n + 1), ranked])  # from domain effects and reliability to this query's effects
        order = [0, *[1 + knowledge.attributes.index(name) for name in attributes], len(knowledge.attributes) + 1]
        around = at @ covariance[np.ix_(order, order)] @ at.T
        around[0, 0] += QUERY_BASE_SD**2
        overlap_sd = float(np.hypot(np.sqrt(covariance[-1, -1]), OVERLAP_SD / 2))
        rows += [
            (
                at @ pooled[order],
                around + sd**2 * own,
                pooled[-1],
                overlap_sd,
                PAIR_SHARE * sd,
                OWN_SD,
                noise,
                TRUST * odds / len(TRUSTING_SDS),
            )
            for sd in TRUSTING_SDS
            for noise, odds in NOISES.items()
        ]
    return Beliefs(*(np.array(column) for column in zip(*rows, strict=True)))


@dataclass(frozen=True)
class Effects:
    """Draws of a query's effects: base (m), main (m, n), pair (m, n, n; symmetric, zero diagonal)."""

    base: Array
    main: Array
    pair: Array

    def value(self, sets: Array) -> Array:
        """Rewards that the draws predict for ``sets`` (k, n); shape (m, k)."""
        n = sets.shape[1]
        both = (sets[:, :, None] * sets[:, None, :]).reshape(len(sets), n * n)
        pairs = self.pair.reshape(len(self.pair), n * n) @ both.T / 2
        return self.base[:, None] + self.main @ sets.T + pairs

    def join(self, other: "Effects") -> "Effects":
        """These draws, then ``other``'s."""
        return Effects(*(np.concatenate([getattr(self, f.name), getattr(other, f.name)]) for f in fields(self)))

    def value_each(self, sets: Array) -> Array:
        """The reward that each draw predicts for its own row of ``sets`` (m, n); shape (m)."""
        pairs = (np.einsum("mi,mij->mj", sets, self.pair) * sets).sum(1) / 2
        return self.base + (self.main * sets).sum(1) + pairs  # type: ignore[no-any-return]

    def best_sets(self, depth: int, allowed: Mask) -> Mask:
        """For each draw the set of at most ``depth`` allowed attributes worth most, shape (m, n).

        Local search: add, drop or swap an attribute, whichever gains most, until nothing gains. No enumeration.
        """
        m, n = self.main.shape
        chosen = np.zeros((m, n), bool)
        if n == 0:
            return chosen
        rows = np.arange(m)
        worth = np.empty((3, m))
        for _ in range(4 * n):
            gain = self.main + (chosen[:, None, :] @ self.pair)[:, 0]
            open_ = ~chosen & allowed
            room = chosen.sum(1) < depth
            add = np.where(open_ & room[:, None], gain, -np.inf)
            drop = np.where(chosen, -gain, -np.inf)
            swap = drop[:, :, None] + np.where(open_, gain, -np.inf)[:, None, :] - self.pair
            moves = add, drop, swap.reshape(m, n * n)
            at = [move.argmax(1) for move in moves]
            for k, move in enumerate(moves):
                worth[k] = move[rows, at[k]]
            kind = np.where(worth.max(0) > 1e-9, worth.argmax(0), -1)
            if (kind < 0).all():
                break
            adding, dropping, swapping = (np.nonzero(kind == k)[0] for k in range(3))
            chosen[adding, at[0][adding]] = True
            chosen[dropping, at[1][dropping]] = False
            out, into = np.divmod(at[2][swapping], n)
            chosen[swapping, out] = False
            chosen[swapping, into] = True
        return chosen


class SubsetModel:
    """The posterior over effects: a mixture of beliefs, given what was observed."""

    def __init__(self, priors: Beliefs) -> None:
        self._priors = priors
        self._n = priors.mean.shape[1] - 1
        self.sets = np.zeros((0, self._n))
        self.rewards = np.zeros(0)
        self._fit()

    def observe(self, subset: Array, reward: float) -> None:
        """Learn that ``subset`` (n) gave ``reward``."""
        self.sets = np.vstack([self.sets, subset])
        self.rewards = np.append(self.rewards, reward)
        self._fit()

    def assume(self, subset: Array) -> "SubsetModel":
        """This model, had ``subset`` given just what it expects: to choose what else to evaluate at the same time."""
        supposed = copy(self)
        supposed.observe(subset, float(self.expected(subset[None])[0]))
        return supposed

    def _fit(self) -> None:
        noise = _each(self._priors.noise_sd**2) * np.eye(len(self.rewards))
        covariance = self._priors.between(self.sets, self.sets) + noise
        inverse = np.linalg.inv(covariance)
        residual = self.rewards - self._priors.expected(self.sets)
        pull = (inverse @ residual[:, :, None])[:, :, 0]
        evidence = np.log(self._priors.weight) - ((residual * pull).sum(1) + np.linalg.slogdet(covariance)[1]) / 2
        odds = np.exp(evidence - evidence.max())
        kept = np.nonzero(odds >= NEGLIGIBLE * odds.sum())[0]
        self.weights: Array = odds[kept] / odds[kept].sum()
        self._live = self._priors.only(kept)
        self._inverse, pull = inverse[kept], pull[kept]
        base, main, pair = self._moved(self._live, pull)
        off = 1 - np.eye(self._n)
        self.mean = Effects(
            (self.weights @ (self._live.mean[:, 0] + base))[None],
            (self.weights @ (self._live.mean[:, 1:] + main))[None],
            (np.tensordot(self.weights, self._live.overlap[:, None, None] + pair, 1) * off)[None],
        )
        self._own = (self.weights * self._live.own_sd**2) @ pull

    def _moved(self, live: Beliefs, pulls: Array) -> tuple[Array, Array, Array]:
        """How the observations' ``pulls`` (h, t) move base (h), main (h, n) and pair (h, n, n) from their priors."""
        push = np.column_stack([pulls.sum(1), pulls @ self.sets])
        linear = (push[:, None, :] @ live.covariance)[:, 0]
        overlap = live.overlap_sd**2 * (pulls @ _pairs(self.sets.sum(1)))
        pair = (self.sets.T[None] * pulls[:, None, :]) @ self.sets
        return linear[:, 0], linear[:, 1:], _each(live.pair_sd**2) * pair + _each(overlap)

    def noise_sd(self) -> float:
        """Expected noise of a reward."""
        return float(self.weights @ self._live.noise_sd)

    def own_sd(self) -> float:
        """Expected size of what a subset has beyond its pairs."""
        return float(self.weights @ self._live.own_sd)

    def expected(self, sets: Array) -> Array:
        """Posterior mean of the values of ``sets`` (k, n); shape (k)."""
        seen = (sets[:, None, :] == self.sets).all(2)
        return self.mean.value(sets)[0] + seen @ self._own  # type: ignore[no-any-return]

    def draw(self, rng: np.random.Generator, m: int) -> Effects:
        """``m`` draws from the posterior: draws from the prior, moved by what they miss of the observations.

        Matheron's rule; see Wilson et al. 2020, "Efficiently Sampling Functions from Gaussian Process Posteriors".
        """
        n, off = self._n, 1 - np.eye(self._n)
        which = np.repeat(np.arange(len(self.weights)), rng.multinomial(m, self.weights))
        live = self._live.only(which)
        root = np.linalg.cholesky(self._live.covariance + 1e-9 * np.eye(n + 1))[which]
        linear = live.mean + (root @ rng.standard_normal((m, n + 1, 1)))[:, :, 0]
        upper = np.triu(rng.standard_normal((m, n, n)), 1)
        overlap = live.overlap + live.overlap_sd * rng.standard_normal(m)
        pair = (_each(overlap) + _each(live.pair_sd) * (upper + upper.transpose(0, 2, 1))) * off
        prior = Effects(linear[:, 0], linear[:, 1:], pair)
        blur = np.hypot(live.noise_sd, live.own_sd)[:, None] * rng.standard_normal((m, len(self.rewards)))
        missed = self.rewards - prior.value(self.sets) - blur
        base, main, moved = self._moved(live, (missed[:, None, :] @ self._inverse[which])[:, 0])
        return Effects(prior.base + base, prior.main + main, pair + moved * off)

    def shifts(self, candidates: Array, targets: Array) -> tuple[Array, Array]:
        """How far an evaluation of each candidate would move expectations, under each live belief.

        Returns:
            Standard deviations of the moves of targets' posterior means (h, k, t) and of the candidate's own (h, k).
        """
        known = self._live.between(candidates, self.sets)
        seen = known @ self._inverse
        common = self._live.between(candidates, targets) - seen @ self._live.between(self.sets, targets)
        left = np.maximum(self._live.variance(candidates) - (seen * known).sum(2), 0)
        total = np.sqrt(left + (self._live.noise_sd**2)[:, None])
        return common / total[:, :, None], left / total
