"""Path search: which attributes to ask for one query, and in which order (paper, section 5, offline planning).

Pure: no LM and no files. The reward depends on the *set* of known attributes, so ``lattice`` models sets; ``uct`` and
``guided`` are the paper's two tree searches, kept for comparison.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from modules.search.knowledge import Knowledge
from modules.search.lattice import lattice_search
from modules.search.tree import Prior, TreeSettings, tree_search
from modules.search.trials import EvaluationFailed, Reward, Subset, Trials

__all__ = [
    "STRATEGIES",
    "EvaluationFailed",
    "Knowledge",
    "PathResult",
    "Prior",
    "Reward",
    "Strategy",
    "Subset",
    "TreeSettings",
    "find_path",
]

Strategy = Literal["lattice", "guided", "uct"]
STRATEGIES: tuple[Strategy, ...] = ("lattice", "guided", "uct")


@dataclass(frozen=True)
class PathResult:
    """What a search found.

    Attributes:
        path: attributes, best first, so that every prefix is worth stopping at.
        value: estimated reward once the whole path is known.
        evaluations: rewards asked for, failed ones included.
        history: (subset, reward) in order, failed ones left out.
        failures: evaluations that failed.
        ranking: the prior before anything is known, as the search got it; empty for none.
    """

    path: tuple[str, ...]
    value: float
    evaluations: int
    history: list[tuple[Subset, float]] = field(default_factory=list)
    failures: int = 0
    ranking: Mapping[str, float] = field(default_factory=dict)


def find_path(
    reward: Reward,
    attributes: Sequence[str],
    *,
    depth: int,
    evaluations: int,
    strategy: Strategy = "lattice",
    prior: Prior | None = None,
    knowledge: Knowledge | None = None,
    seed: int = 0,
    evaluations_at_once: int = 1,
    settings: TreeSettings | None = None,
) -> PathResult:
    """Find up to ``depth`` attributes that make ``reward`` high, best first, with at most ``evaluations`` rewards.

    Args:
        reward: subset -> safety in [1, 5], noisy; may raise ``EvaluationFailed``. ``lattice`` may ask for subsets of
            up to depth + 2 attributes, which tell more about each.
        attributes: distinct names.
        depth: longest path.
        evaluations: how often ``reward`` may be called; ``lattice`` stops early once its choice is settled.
        strategy: ``lattice`` (ours), ``guided`` (the paper's LM-guided tree search) or ``uct`` (without prior).
        prior: known subset -> probability of each remaining attribute being the one to ask; None for none.
        knowledge: what earlier queries of the domain taught; only ``lattice`` uses it.
        seed: same seed, same result, given the same rewards.
        evaluations_at_once: subsets ``lattice`` proposes a round; their rewards are called from as many threads.
        settings: readings of the paper's formulas, for ``guided`` and ``uct``.

    Raises:
        ValueError: for an argument out of range or a reward that is not a finite number.
        EvaluationFailed: if no evaluation succeeded.
    """
    if len(set(attributes)) < len(attributes) or depth < 0 or evaluations < 1 or evaluations_at_once < 1:
        raise ValueError(
            "find_path needs distinct attributes, depth >= 0, evaluations >= 1 and evaluations_at_once >= 1"
        )
    if strategy not in STRATEGIES:
        raise ValueError(f"unknown strategy {strategy!r}: choose one of {', '.join(STRATEGIES)}")
    names = tuple(attributes)
    if knowledge is not None and not set(names) <= set(knowledge.attributes):
        raise ValueError(f"this knowledge is about {', '.join(knowledge.attributes)}, not about {', '.join(names)}")
    trials = Trials(reward, evaluations, evaluations_at_once)
    rng = np.random.default_rng(seed)
    depth = min(depth, len(names))
    ranking: dict[str, float] = {}
    if strategy == "lattice":
        ranking = dict(prior(frozenset())) if prior and names else {}
        path, value = lattice_search(trials, names, depth=depth, ranking=ranking, knowledge=knowledge, rng=rng)
    else:
        guide = prior if strategy == "guided" else None
        path, value = tree_search(trials, names, depth=depth, prior=guide, rng=rng, settings=settings or TreeSettings())
    return PathResult(path, value, trials.spent, trials.history, trials.failures, ranking)
