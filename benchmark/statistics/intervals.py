"""Means with 95 % intervals: a seeded bootstrap over clusters, since scenarios of one situation are not independent."""

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import DisjointSet
from scipy.stats import binomtest

Floats = NDArray[np.float64]
RESAMPLES = 2000
LEVEL = 0.95
IDENTIFYING = 7
"""So many known attributes make a profile one person's: the paper's bar for a post to describe its writer (A.2)."""


@dataclass(frozen=True)
class Interval:
    """A mean and its interval; all NaN where there is nothing to average, bounds NaN with fewer than two clusters.

    Attributes:
        mean: over the rows, each row counted once.
        lo, hi: percentile bootstrap bounds at 95 %.
        n: rows.
        clusters: clusters among them.
    """

    mean: float
    lo: float
    hi: float
    n: int
    clusters: int

    def __str__(self) -> str:
        if math.isnan(self.mean):
            return "n/a"
        return f"{self.mean:.2f} [{self.lo:.2f}, {self.hi:.2f}]"


def clusters_of(situations: Sequence[str], profiles: Sequence[Mapping[str, str]]) -> list[str]:
    """The cluster of each row: rows hang together if they share a situation or a person, directly or in a chain.

    Rows of one situation share its queries and its risk; rows of one person share the one whom the judge sees. A
    bootstrap that draws situations alone would take a person who is in several of them for several. The connected
    components of the graph of situations and profiles are the finest clusters between which nothing is shared. That is
    the careful choice: intervals are as wide as with situations or wider. Where each profile belongs to one situation,
    as in the authored set, components are the situations. Where all hangs together there is one cluster, and no
    interval, rather than one that claims too much.

    Args:
        situations: of each row.
        profiles: the known attributes of each row's profile; those with fewer than ``IDENTIFYING`` do not tell people
            apart and join nothing.

    Returns:
        Labels: the first situation, in alphabetical order, of each row's component.
    """
    marks: list[list[Hashable]] = [
        [("situation", situation), *([("profile", frozenset(profile.items()))] if len(profile) >= IDENTIFYING else [])]
        for situation, profile in zip(situations, profiles, strict=True)
    ]
    groups = connected_groups(marks)
    label: dict[int, str] = {}
    for group, situation in sorted(zip(groups, situations, strict=True), key=lambda entry: entry[1]):
        label.setdefault(group, situation)
    return [label[group] for group in groups]


def connected_groups(marks: Sequence[Sequence[Hashable]]) -> list[int]:
    """The group of each entry, given its marks: entries with a mark in common are in one group, and so on in a chain.

    Returns:
        For each entry the index of the first entry of its group.
    """
    groups = DisjointSet(range(len(marks)))
    first: dict[Hashable, int] = {}
    for i, found in enumerate(marks):
        for mark in found:
            groups.merge(first.setdefault(mark, i), i)
    leader: dict[int, int] = {}
    return [leader.setdefault(groups[i], i) for i in range(len(marks))]


def bootstrap_mean(values: Sequence[float], clusters: Sequence[str], *, seed: int = 0) -> Interval:
    """The mean of ``values`` with an interval from resampling whole clusters (percentile method).

    Args:
        values: one a row, no NaN.
        clusters: the cluster of each row.
        seed: of the resampling.

    Raises:
        ValueError: if the two differ in length.
    """
    if len(values) != len(clusters):
        raise ValueError(f"{len(values)} values but {len(clusters)} clusters")
    if not len(values):
        return Interval(math.nan, math.nan, math.nan, 0, 0)
    data: Floats = np.asarray(values, dtype=float)
    k = len(set(clusters))
    if k < 2:
        return Interval(float(data.mean()), math.nan, math.nan, len(data), k)
    lo, hi = bounds(resampled_means(data[:, None], clusters, seed=seed)[:, 0])
    return Interval(float(data.mean()), lo, hi, len(data), k)


def bootstrap_statistic(
    parts: Floats, clusters: Sequence[str], statistic: Callable[[Floats], Floats], *, seed: int = 0
) -> Interval:
    """A figure that depends on sums over rows, with an interval from resampling whole clusters (percentile method).

    Args:
        parts: rows x parts; the figure is made of the parts' sums.
        clusters: the cluster of each row.
        statistic: sums, ... x parts, to figures, one a sum; NaN where there is none.
        seed: of the resampling.

    Returns:
        The figure of all rows as ``mean``.
    """
    k = len(set(clusters))
    value = float(statistic(parts.sum(axis=0)[None, :])[0])
    if k < 2 or math.isnan(value):
        return Interval(value, math.nan, math.nan, len(parts), k)
    lo, hi = bounds(statistic(_draws(k, seed) @ _totals(parts, clusters)))
    return Interval(value, lo, hi, len(parts), k)


def resampled_means(table: Floats, clusters: Sequence[str], *, seed: int = 0) -> Floats:
    """Means of each column over resampled whole clusters, all columns from the same draws: ``RESAMPLES`` x columns.

    Args:
        table: rows x columns; NaN is left out of its column's means.
        clusters: the cluster of each row.
        seed: of the resampling.

    Returns:
        Means; NaN where a draw holds no number of the column.
    """
    present = ~np.isnan(table)
    sums = _totals(np.where(present, table, 0.0), clusters)
    counts = _totals(present.astype(float), clusters)
    draws = _draws(len(sums), seed)
    with np.errstate(invalid="ignore"):
        means: Floats = (draws @ sums) / (draws @ counts)
    return means


def _totals(table: Floats, clusters: Sequence[str]) -> Floats:
    """Sums of each column by cluster, clusters in alphabetical order: clusters x columns."""
    names, member = np.unique(np.asarray(clusters, dtype=str), return_inverse=True)
    totals = np.zeros((len(names), table.shape[1]))
    np.add.at(totals, member, table)
    return totals


def _draws(k: int, seed: int) -> NDArray[np.int64]:
    """How often each of ``k`` clusters is drawn: ``RESAMPLES`` x k."""
    return np.random.default_rng(seed).multinomial(k, np.full(k, 1 / k), size=RESAMPLES)


def bounds(values: Floats) -> tuple[float, float]:
    """The bounds that 95 % of ``values`` lie between; NaN is left out, and NaN if nothing is left."""
    found = values[~np.isnan(values)]
    if not len(found):
        return math.nan, math.nan
    lo, hi = np.quantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(lo), float(hi)


def number(value: float, digits: int = 4) -> float | None:
    """A rounded number for JSON; NaN becomes None."""
    return None if math.isnan(value) else round(value, digits)


def significant(value: float, digits: int = 3) -> float | None:
    """A number for JSON with so many significant digits, so that a small one does not become 0; NaN becomes None."""
    return None if math.isnan(value) else float(f"{value:.{digits}g}")


def interval_fields(name: str, interval: Interval) -> dict[str, float | None]:
    """A figure for JSON: ``name`` with ``name_lo`` and ``name_hi``; NaN becomes None."""
    return {name: number(interval.mean), f"{name}_lo": number(interval.lo), f"{name}_hi": number(interval.hi)}


def wilson(part: int, whole: int) -> tuple[float, float] | None:
    """The 95 % interval of the share ``part`` / ``whole`` (Wilson's score interval), in [0, 1]; None of nothing."""
    if not whole:
        return None
    interval = binomtest(part, whole).proportion_ci(LEVEL, method="wilson")
    return float(interval.low), float(interval.high)
