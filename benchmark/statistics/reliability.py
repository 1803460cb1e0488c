"""How far raters agree: Krippendorff's alpha for any number of them, kappa and correlations for two; with intervals."""

from collections.abc import Mapping, Sequence
from typing import Literal, get_args

import numpy as np

from benchmark.statistics.intervals import Floats, Interval, bootstrap_statistic

Metric = Literal["interval", "ordinal", "nominal"]
METRICS: tuple[Metric, ...] = get_args(Metric)


def krippendorff_alpha(
    table: Floats, clusters: Sequence[str] | None = None, *, metric: Metric = "interval", seed: int = 0
) -> Interval:
    """Krippendorff's alpha: 1 where raters agree, 0 where they agree as by chance, below 0 where they disagree more.

    alpha = 1 - D_o / D_e, the disagreement observed within units over the one expected if ratings were dealt to units
    at random; from the matrix of coincidences, so that any rating may be missing (Krippendorff, Computing
    Krippendorff's alpha-reliability, 2011; Content Analysis, 4th ed. 2019, chapter 12).

    Args:
        table: units x raters, NaN where a rater did not rate; a unit with fewer than two ratings tells nothing.
        clusters: of each unit, for the interval; by default each unit is its own.
        metric: what counts as far apart. ``interval``: the squared difference, right for scores that are averaged, as
            ours are. ``ordinal``: the squared number of ratings between two levels. ``nominal``: any difference.

    Returns:
        alpha as ``mean`` with its 95 % interval; NaN if no two raters met, or nobody ever gave another score.
    """
    table = np.asarray(table, dtype=float)
    values = np.unique(table[~np.isnan(table)])
    counts = (table[:, :, None] == values).sum(axis=1).astype(float)  # units x values
    pairable = counts.sum(axis=1) >= 2
    counts = counts[pairable]
    names = [name for name, use in zip(clusters or range(len(table)), pairable, strict=True) if use]
    others = counts[:, None, :] - np.eye(len(values))
    coincidences = counts[:, :, None] * others / np.maximum(counts.sum(axis=1) - 1, 1)[:, None, None]

    def alpha(sums: Floats) -> Floats:
        return _alpha(sums.reshape(len(sums), len(values), len(values)), values, metric)

    parts = coincidences.reshape(len(counts), len(values) ** 2)
    return bootstrap_statistic(parts, [str(name) for name in names], alpha, seed=seed)


def _alpha(coincidences: Floats, values: Floats, metric: Metric) -> Floats:
    """alpha of each matrix of coincidences: matrices x values x values."""
    margin = coincidences.sum(axis=2)
    total = margin.sum(axis=1)
    place = _middles(margin) if metric == "ordinal" else np.broadcast_to(values, margin.shape)
    apart = (place[:, :, None] - place[:, None, :]) ** 2
    if metric == "nominal":
        apart = np.broadcast_to(1.0 - np.eye(len(values)), coincidences.shape)
    observed = (coincidences * apart).sum(axis=(1, 2))
    expected = (margin[:, :, None] * margin[:, None, :] * apart).sum(axis=(1, 2))
    with np.errstate(invalid="ignore", divide="ignore"):
        result: Floats = np.where(expected > 0, 1 - (total - 1) * observed / expected, np.nan)
    return result


def _middles(counts: Floats) -> Floats:
    """The middle rank of each level, for counts of levels in rising order: ... x levels."""
    middles: Floats = np.cumsum(counts, axis=-1) - counts / 2
    return middles


def rating_table(ratings: Sequence[Mapping[str, float]]) -> Floats:
    """Units x raters of ``ratings``, each rater -> score; NaN where a rater is missing. Raters by name."""
    raters = sorted({rater for unit in ratings for rater in unit})
    rows = [[unit.get(rater, np.nan) for rater in raters] for unit in ratings]
    return np.array(rows, dtype=float).reshape(len(ratings), len(raters))


def weighted_kappa(one: Floats, other: Floats, clusters: Sequence[str], *, seed: int = 0) -> Interval:
    """Cohen's kappa with quadratic weights of two raters, with its 95 % interval.

    kappa = 1 - mean (x - y)^2 / (the same for x and y paired at random) (Cohen 1968), which takes fractions, such as
    means of several raters, as well as whole numbers. NaN if there is nothing to tell apart.
    """
    return bootstrap_statistic(_moments(one, other), clusters, _kappa, seed=seed)


def pearson(one: Floats, other: Floats, clusters: Sequence[str], *, seed: int = 0) -> Interval:
    """Pearson's correlation with its 95 % interval; NaN if either is constant."""
    return bootstrap_statistic(_moments(one, other), clusters, _pearson, seed=seed)


def spearman(one: Floats, other: Floats, clusters: Sequence[str], *, seed: int = 0) -> Interval:
    """Spearman's rank correlation, ties at their middle rank, with its 95 % interval; NaN if either is constant."""
    levels = [np.unique(rater, return_inverse=True) for rater in (one, other)]
    (rows, i), (columns, j) = levels
    parts = np.zeros((len(one), len(rows), len(columns)))
    parts[np.arange(len(one)), i, j] = 1.0

    def of(sums: Floats) -> Floats:
        joint = sums.reshape(len(sums), len(rows), len(columns))
        ranks = [_middles(joint.sum(axis=axis)) - joint.sum(axis=(1, 2))[:, None] / 2 for axis in (2, 1)]
        both = np.einsum("rkl,rk,rl->r", joint, *ranks, optimize=True)
        squares = [(joint.sum(axis=axis) * rank**2).sum(axis=1) for axis, rank in zip((2, 1), ranks, strict=True)]
        return _ratio(both, np.sqrt(squares[0] * squares[1]))

    return bootstrap_statistic(parts.reshape(len(one), len(rows) * len(columns)), clusters, of, seed=seed)


def confusion(one: Floats, other: Floats, levels: Sequence[int]) -> list[list[int]]:
    """How often ``one`` gave the row's level where ``other`` gave the column's; fractions go to the nearer level."""
    places = [np.searchsorted(levels, np.floor(np.asarray(rater) + 0.5)) for rater in (one, other)]
    table = np.zeros((len(levels), len(levels)), dtype=int)
    np.add.at(table, tuple(places), 1)
    return [[int(count) for count in row] for row in table]


def _moments(one: Floats, other: Floats) -> Floats:
    """What kappa and Pearson's correlation are made of, a row each: 1, x, y, x^2, y^2, xy."""
    x, y = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    return np.column_stack([np.ones_like(x), x, y, x * x, y * y, x * y])


def _kappa(sums: Floats) -> Floats:
    n, x, y, xx, yy, xy = sums.T
    with np.errstate(invalid="ignore", divide="ignore"):
        chance = xx + yy - 2 * x * y / n
    return 1 - _ratio(xx + yy - 2 * xy, chance)


def _pearson(sums: Floats) -> Floats:
    n, x, y, xx, yy, xy = sums.T
    spread = np.maximum(n * xx - x * x, 0) * np.maximum(n * yy - y * y, 0)
    return _ratio(n * xy - x * y, np.sqrt(spread))


def _ratio(above: Floats, below: Floats) -> Floats:
    """``above / below``, NaN where there is nothing to divide by but rounding."""
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio: Floats = np.where(below > 1e-9, above / below, np.nan)
    return ratio
