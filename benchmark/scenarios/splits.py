"""Splits by situation, stratified by domain, so that no situation, profile or query is in two splits."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from benchmark.scenarios.scenario import Scenario
from signatures import RaiseError
from signatures.errors import unknown

SHARES: dict[str, float] = {"train": 0.4, "dev": 0.25, "test": 0.35}
SPLITS: tuple[str, ...] = (*SHARES, "all")


def split(scenarios: Iterable[Scenario], name: str, *, seed: int = 0) -> list[Scenario]:
    """The scenarios of one split, in their original order.

    Args:
        name: ``train``, ``dev``, ``test``, or ``all``.
        seed: another seed shuffles situations into other splits.

    Raises:
        RaiseError: for a split that does not exist, or one that a small data set leaves empty.
    """
    rows = list(scenarios)
    if name not in SPLITS:
        raise RaiseError(unknown("split", name, SPLITS))
    if name == "all":
        return rows
    assigned = _assign(rows, seed)
    chosen = [row for row in rows if assigned[row.situation] == name]
    if not chosen:
        raise RaiseError(f"the split {name!r} is empty: the data has too few situations to split; use --split all.")
    return chosen


def _assign(rows: Sequence[Scenario], seed: int) -> dict[str, str]:
    """Situation -> split; within each domain, shares as in ``SHARES``, by the largest remainder."""
    by_domain: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        if row.situation not in by_domain[row.domain]:
            by_domain[row.domain].append(row.situation)
    assigned: dict[str, str] = {}
    for domain in sorted(by_domain):
        keys = sorted(by_domain[domain])
        np.random.default_rng([seed, *domain.encode()]).shuffle(keys)
        edges = np.round(np.cumsum(list(SHARES.values())) * len(keys)).astype(int)
        start = 0
        for name, edge in zip(SHARES, edges, strict=True):
            assigned.update(dict.fromkeys(keys[start:edge], name))
            start = edge
    return assigned


def sample(scenarios: Sequence[Scenario], limit: int | None, *, seed: int = 0) -> list[Scenario]:
    """``limit`` scenarios spread over domains, situations, profiles and queries as evenly as possible.

    Scenarios are dealt round by round: one of each domain, another situation each time; the same seed deals the same.
    """
    if limit is None or limit >= len(scenarios):
        return list(scenarios)
    rng = np.random.default_rng([seed, 1])
    situations: dict[str, dict[str, list[Scenario]]] = defaultdict(lambda: defaultdict(list))
    for row in scenarios:
        situations[row.domain][row.situation].append(row)
    lines: list[list[Scenario]] = []
    for domain in sorted(situations):
        piles = [situations[domain][key] for key in sorted(situations[domain])]
        for pile in piles:
            rng.shuffle(pile)
        rng.shuffle(piles)
        lines.append([pile[i] for i in range(max(map(len, piles))) for pile in piles if i < len(pile)])
    dealt = [line[i] for i in range(max(map(len, lines))) for line in lines if i < len(line)]
    return dealt[:limit]
