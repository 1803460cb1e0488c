"""Synthetic landscapes for the path search: how safety depends on the known attributes, with the optimum known.

Main effects are the published gains of single attributes (Figure 6) in random order, each scaled by a lognormal factor.
A family says how they combine; all but ``flat`` are scaled so that the best path leads from 2.9 to 4.0.
"""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from modules.search import Prior, Subset

Array = NDArray[np.float64]
Family = Literal["additive", "saturating", "redundant", "synergistic", "flat", "noisy"]
FAMILIES: dict[Family, str] = {
    "additive": "effects add up",
    "saturating": "the more is known, the less the next attribute adds (as in Figure 15)",
    "redundant": "three groups of attributes say much the same",
    "synergistic": "effects add up, and four pairs are worth as much again together",
    "flat": "saturating, but nothing matters much (0.25 in all)",
    "noisy": "saturating, with twice the judge noise",
}
SINGLE_GAINS = (0.31, 0.38, 0.41, 0.21, 0.31, 0.38, 0.55, 0.85, 0.71, 0.78)
"""Published safety with one attribute known, minus the baseline of 3.12 (Figure 6)."""
BASE, GAIN, FLAT_GAIN = 2.9, 1.1, 0.25
JUDGE_NOISE = 0.35
PRIORS = {"good": 0.75, "weak": 0.3, "misleading": -0.6}
"""Correlation of the score behind the prior's ranking with what attributes really add."""


@dataclass(frozen=True)
class Landscape:
    """A query whose true safety is known for every subset.

    Attributes:
        names: attributes.
        values: true safety by bit mask over ``names``.
        prior: the ranking an LM might give, 1/rank normalized over what is left.
        noise_sd: of a judgement, before it is rounded to thirds.
        best: true safety of the best path, of any length up to the depth.
    """

    names: tuple[str, ...]
    values: Array
    prior: Prior
    noise_sd: float
    best: float

    def value(self, subset: Subset) -> float:
        """True safety."""
        return float(self.values[sum(1 << i for i, name in enumerate(self.names) if name in subset)])

    def prefix_mean(self, path: tuple[str, ...]) -> float:
        """Mean true safety over the prefixes of ``path``, the empty one left out."""
        return float(np.mean([self.value(frozenset(path[: i + 1])) for i in range(len(path))] or [self.values[0]]))

    def judge(self, seed: int) -> Callable[[Subset], float]:
        """A noisy reward in thirds, within 1 to 5."""
        rng = np.random.default_rng([seed, 1])
        return lambda subset: float(
            np.clip(np.round(3 * (self.value(subset) + self.noise_sd * rng.standard_normal())) / 3, 1, 5)
        )


def landscape(
    family: Family, depth: int, seed: int, *, correlation: float = PRIORS["weak"], effects: Array | None = None
) -> Landscape:
    """A landscape over ten attributes.

    Args:
        family: how effects combine.
        depth: longest path; the best of these is scaled to be worth ``BASE + GAIN``.
        seed: draws effects, structure and prior.
        correlation: of the prior with the truth.
        effects: main effects instead of drawn ones, shape (10).
    """
    rng = np.random.default_rng([zlib.crc32(family.encode()), depth, seed])
    n = len(SINGLE_GAINS)
    drawn = rng.permutation(SINGLE_GAINS) * rng.lognormal(0.0, 0.5, n)
    combine = _combination(family, drawn if effects is None else effects, rng)
    raw = np.array([combine([i for i in range(n) if mask >> i & 1]) for mask in range(1 << n)])
    size = np.array([mask.bit_count() for mask in range(1 << n)])
    gain = FLAT_GAIN if family == "flat" else GAIN
    values = np.clip(BASE + raw * gain / raw[size <= depth].max(), 1, 5)
    names = tuple(f"a{i}" for i in range(n))
    noise = 2 * JUDGE_NOISE if family == "noisy" else JUDGE_NOISE
    prior = ranking(values, names, correlation, rng)
    return Landscape(names, values, prior, noise, float(values[size <= depth].max()))


def _combination(family: Family, effects: Array, rng: np.random.Generator) -> Callable[[list[int]], float]:
    """Indices of known attributes -> raw gain."""
    n = len(effects)
    if family == "additive":
        return lambda known: float(effects[known].sum())
    if family == "redundant":
        group = rng.permutation(np.arange(n) % 3)

        def groups(known: list[int]) -> float:
            total = 0.0
            for g in range(3):
                said = sorted((effects[i] for i in known if group[i] == g), reverse=True)
                total += sum(effect * 0.25**rank for rank, effect in enumerate(said))
            return total

        return groups
    if family == "synergistic":
        every = list(combinations(range(n), 2))
        pairs = {every[k]: float(effects.mean()) for k in rng.choice(len(every), 4, replace=False)}
        return lambda known: float(effects[known].sum()) + sum(pairs.get(pair, 0.0) for pair in combinations(known, 2))
    return lambda known: 1 - float(np.exp(-effects[known].sum()))


def ranking(values: Array, names: tuple[str, ...], correlation: float, rng: np.random.Generator) -> Prior:
    """A prior whose ranking correlates with what attributes add when two others are known."""
    n = len(names)
    pairs = [mask for mask in range(1 << n) if mask.bit_count() == 2]
    added = np.array([np.mean([values[m | 1 << i] - values[m] for m in pairs if not m >> i & 1]) for i in range(n)])
    score = correlation * (added - added.mean()) / added.std() + np.sqrt(1 - correlation**2) * rng.standard_normal(n)
    rank = dict(zip((names[i] for i in np.argsort(-score)), range(1, n + 1), strict=True))

    def prior(known: Subset) -> Mapping[str, float]:
        rest = [name for name in names if name not in known]
        total = sum(1 / rank[name] for name in rest)
        return {name: 1 / rank[name] / total for name in rest}

    return prior
