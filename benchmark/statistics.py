"""Means with 95 % intervals: a seeded bootstrap over clusters, since scenarios of one situation are not independent."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2000
LEVEL = 0.95


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
    data: NDArray[np.float64] = np.asarray(values, dtype=float)
    k = len(set(clusters))
    if k < 2:
        return Interval(float(data.mean()), math.nan, math.nan, len(data), k)
    lo, hi = bounds(resampled_means(data[:, None], clusters, seed=seed)[:, 0])
    return Interval(float(data.mean()), lo, hi, len(data), k)


def resampled_means(table: NDArray[np.float64], clusters: Sequence[str], *, seed: int = 0) -> NDArray[np.float64]:
    """Means of each column over resampled whole clusters, all columns from the same draws: ``RESAMPLES`` x columns.

    Args:
        table: rows x columns; NaN is left out of its column's means.
        clusters: the cluster of each row.
        seed: of the resampling.

    Returns:
        Means; NaN where a draw holds no number of the column.
    """
    names, member = np.unique(np.asarray(clusters, dtype=str), return_inverse=True)
    k = len(names)
    present = ~np.isnan(table)
    sums, counts = np.zeros((k, table.shape[1])), np.zeros((k, table.shape[1]))
    np.add.at(sums, member, np.where(present, table, 0.0))
    np.add.at(counts, member, present)
    draws = np.random.default_rng(seed).multinomial(k, np.full(k, 1 / k), size=RESAMPLES)
    with np.errstate(invalid="ignore"):
        means: NDArray[np.float64] = (draws @ sums) / (draws @ counts)
    return means


def bounds(values: NDArray[np.float64]) -> tuple[float, float]:
    """The bounds that 95 % of ``values`` lie between; NaN is left out, and NaN if nothing is left."""
    found = values[~np.isnan(values)]
    if not len(found):
        return math.nan, math.nan
    lo, hi = np.quantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(lo), float(hi)
