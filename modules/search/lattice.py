"""Our search: a Bayesian surrogate over subsets says which evaluation would improve the final choice most."""

from collections.abc import Mapping, Sequence
from itertools import combinations, permutations
from math import comb

import numpy as np

from modules.search.knowledge import NOISE_SD, Array, Knowledge, indicators, standard_scores
from modules.search.surrogate import Mask, SubsetModel, beliefs
from modules.search.trials import Trials

DRAWS = 40
"""Draws from the posterior; their best sets are what the next evaluation is to tell apart."""
BEYOND = 2
"""Evaluated sets may be larger than a path by so many attributes: they tell more about each."""
SPREAD = 96
"""Random sets among the candidates for the next evaluation."""
CLOSE, SURE = 0.05, 0.95
"""A search ends when its choice is, with this probability, this close to the best."""
EXACT_ORDER = 6
"""Up to so many attributes, the best order is found by trying all."""
NODES, NODE_WEIGHTS = np.polynomial.hermite_e.hermegauss(5)
NODE_WEIGHTS = NODE_WEIGHTS / NODE_WEIGHTS.sum()


def lattice_search(
    trials: Trials,
    names: tuple[str, ...],
    *,
    depth: int,
    ranking: Mapping[str, float],
    knowledge: Knowledge | None,
    rng: np.random.Generator,
) -> tuple[tuple[str, ...], float]:
    """Path and value: evaluate whatever promises to improve the final choice most, until that is settled.

    Args:
        trials: the metered reward.
        names: attributes.
        depth: longest path.
        ranking: weights of the LM's ranking, empty for none.
        knowledge: of the domain, or None.
        rng: source of randomness.
    """
    model = SubsetModel(beliefs(knowledge, names, standard_scores(ranking, names)))
    failed = np.zeros((0, len(names)))
    while trials.left:
        view = _View(model, depth, _allowed(trials, names), rng)
        if trials.history and view.is_settled():
            break
        rows = _proposals(view, min(trials.at_once, trials.left), failed)
        subsets = [frozenset(name for name, member in zip(names, row, strict=True) if member) for row in rows]
        for row, value in zip(rows, trials.round(subsets), strict=True):
            if value is None:
                failed = np.vstack([failed, row])
            else:
                model.observe(row, value)
    trials.require_one()
    chosen = _View(model, depth, _allowed(trials, names), rng).best
    return tuple(names[i] for i in best_order(model, chosen)), float(model.expected(chosen[None])[0])


def _allowed(trials: Trials, names: tuple[str, ...]) -> Mask:
    allowed: Mask = indicators([frozenset(trials.drop_suspects(names))], names)[0] > 0
    return allowed


class _View:
    """The state of a search before its next evaluation.

    Attributes:
        tops: the best sets by draws from the posterior, shape (draws, n).
        contenders: sets that may be best: by expectation, by some draw, or evaluated already. Shape (k, n).
        best: the contender of the highest expected value.
    """

    def __init__(self, model: SubsetModel, depth: int, allowed: Mask, rng: np.random.Generator) -> None:
        self.model, self.depth, self.allowed, self.rng = model, depth, allowed, rng
        self.draws = model.draw(rng, DRAWS)
        found = self.draws.join(model.mean).best_sets(depth, allowed).astype(float)
        self.tops = found[:-1]
        seen = model.sets[(model.sets.sum(1) <= depth) & (model.sets <= allowed).all(1)]
        self.contenders = _distinct(np.concatenate([found, seen]))
        self.values = model.expected(self.contenders)
        self.best: Array = self.contenders[self.values.argmax()]

    def is_settled(self) -> bool:
        """Whether the choice is probably as good as it gets, as far as rewards can tell (exactly, if exact)."""
        surprise = self.model.own_sd() * self.rng.standard_normal(len(self.tops))  # beyond the sum of a set's parts
        gap = self.draws.value_each(self.tops) + surprise - self.draws.value(self.best[None])[:, 0]
        gap[(self.tops == self.best).all(1)] = 0
        near = CLOSE * min(1.0, self.model.noise_sd() / NOISE_SD)
        return bool((gap <= near).mean() >= SURE)

    def candidates(self) -> Array:
        """Sets worth evaluating (k, n): contenders, unions, differences, random ones; or all, if they are few."""
        usable = np.nonzero(self.allowed)[0]
        n, largest = len(self.allowed), min(len(usable), self.depth + BEYOND) if self.depth else 0
        if sum(comb(len(usable), size) for size in range(largest + 1)) <= SPREAD:
            every = [part for size in range(largest + 1) for part in combinations(usable, size)]
            return np.array([[float(i in part) for i in range(n)] for part in every]).reshape(len(every), n)
        tops = self.contenders
        pairs = np.concatenate([np.maximum(tops, self.best), np.maximum(tops, np.roll(tops, 1, 0))])
        ranks = self.rng.random((SPREAD, len(usable))).argsort(1).argsort(1)
        spread = np.zeros((SPREAD, n))
        spread[:, usable] = ranks < self.rng.integers(1, largest + 1, SPREAD)[:, None]
        return _distinct(np.concatenate([tops, pairs[pairs.sum(1) <= largest], tops * (1 - self.best), spread]))

    def gain(self, candidates: Array) -> Array:
        """Knowledge gradient: by how much evaluating each candidate raises the expected value of the final choice.

        Frazier, Powell & Dayanik 2009; over contenders and the candidate itself, integrated at Gauss-Hermite nodes.
        """
        moves, own_moves = self.model.shifts(candidates, self.contenders)
        own = np.where(candidates.sum(1) <= self.depth, self.model.expected(candidates), -np.inf)
        gain = np.zeros(len(candidates))
        for node, node_weight in zip(NODES, NODE_WEIGHTS, strict=True):
            then = np.maximum((self.values + moves * node).max(2), own + own_moves * node)
            gain += node_weight * (self.model.weights @ then)
        return gain


def _distinct(sets: Array) -> Array:
    """``sets`` without repetitions, in their order."""
    first = {packed.tobytes(): i for i, packed in reversed(list(enumerate(np.packbits(sets > 0, axis=1))))}
    return sets[sorted(first.values())]


def best_order(model: SubsetModel, chosen: Array) -> list[int]:
    """The order of ``chosen`` that maximizes the mean expected value of its prefixes (greedy above ``EXACT_ORDER``)."""
    members = [int(i) for i in np.nonzero(chosen)[0]]
    if len(members) > EXACT_ORDER:
        order: list[int] = []
        while len(order) < len(members):
            rest = [i for i in members if i not in order]
            grown = np.array([[float(j in {*order, i}) for j in range(len(chosen))] for i in rest])
            order.append(rest[int(model.expected(grown).argmax())])
        return order
    parts = [frozenset(part) for size in range(1, len(members) + 1) for part in combinations(members, size)]
    if not parts:
        return []
    sets = np.array([[float(i in part) for i in range(len(chosen))] for part in parts])
    values = dict(zip(parts, model.expected(sets), strict=True))

    def prefixes(order: Sequence[int]) -> float:
        return float(sum(values[frozenset(order[: k + 1])] for k in range(len(order))))

    return max(map(list, permutations(members)), key=prefixes)


def _proposals(view: _View, many: int, failed: Array) -> Array:
    """Up to ``many`` different sets (k, n) to evaluate at the same time: each as if the ones before had been seen."""
    chosen = np.zeros((0, len(view.allowed)))
    while True:
        candidates = view.candidates()
        fresh = candidates[~_among(candidates, chosen)]
        untried = fresh[~_among(fresh, failed)]
        options = untried if len(untried) else fresh
        if not len(options):
            return chosen
        chosen = np.vstack([chosen, options[view.gain(options).argmax()]])
        if len(chosen) == many:
            return chosen
        view = _View(view.model.assume(chosen[-1]), view.depth, view.allowed, view.rng)


def _among(sets: Array, others: Array) -> Mask:
    """Which of ``sets`` (k, n) are rows of ``others``."""
    found: Mask = (sets[:, None, :] == others[None]).all(2).any(1)
    return found
