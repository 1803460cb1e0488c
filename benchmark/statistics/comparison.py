"""Paired comparison of two programs: differences with intervals, tests corrected over domains, what could be found."""

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from benchmark.statistics.intervals import (
    LEVEL,
    Interval,
    bootstrap_mean,
    clusters_of,
    connected_groups,
    interval_fields,
    number,
    significant,
)

MOST_FLIPS = 1000
"""Clusters beyond which 2^clusters is out of range."""
POWER = 0.8
"""Chance with which a difference should be found that is called detectable."""


@dataclass(frozen=True)
class Spread:
    """How paired differences vary; what the precision of a mean difference depends on.

    Attributes:
        error: standard error of their mean in this sample, robust to clusters; NaN with fewer than two clusters.
        between: variance between clusters.
        within: variance within clusters.
        clusters: so many in this sample.
    """

    error: float
    between: float
    within: float
    clusters: int

    def detectable(self) -> float:
        """The smallest true difference that a sample like this one finds with 80 % power, two-sided at 5 %.

        (t(97.5 %) + t(80 %)) * standard error, with as many degrees of freedom as clusters less one (Bloom 1995).
        """
        return _multiple(self.clusters) * self.error

    def detectable_with(self, n: int, clusters: int) -> float:
        """The same for another sample of the same kind, forecast from this one as a pilot.

        Args:
            n: scenarios, spread evenly over the clusters.
            clusters: of them.
        """
        if math.isnan(self.error) or clusters < 2:
            return math.nan
        return _multiple(clusters) * math.sqrt(self.between / clusters + self.within / n)


def _multiple(clusters: int) -> float:
    """How many standard errors a difference must be worth to be found."""
    if clusters < 2:
        return math.nan
    return float(stdtrit(clusters - 1, (1 + LEVEL) / 2) + stdtrit(clusters - 1, POWER))


def spread_of(differences: Sequence[float], clusters: Sequence[str]) -> Spread:
    """The spread of ``differences``, one a scenario, in ``clusters``; variances by one-way analysis of variance."""
    data = np.asarray(differences, dtype=float)
    _, member = np.unique(np.asarray(clusters, dtype=str), return_inverse=True)
    sizes = np.bincount(member) if len(data) else np.zeros(0)
    n, k = len(data), len(sizes)
    if k < 2:
        return Spread(math.nan, math.nan, math.nan, k)
    away = np.bincount(member, weights=data - data.mean())  # sums of deviations by cluster
    error = math.sqrt(k / (k - 1) * float((away**2).sum())) / n
    mean_square = float((away**2 / sizes).sum()) / (k - 1)
    if n == k:  # one scenario a cluster: the two cannot be told apart, and taking all as between is careful
        return Spread(error, mean_square, 0.0, k)
    means = np.bincount(member, weights=data) / sizes
    within = float(((data - means[member]) ** 2).sum()) / (n - k)
    typical = (n - float((sizes**2).sum()) / n) / (k - 1)
    return Spread(error, max(0.0, (mean_square - within) / typical), within, k)


def p_value(mean: float, spread: Spread) -> float:
    """Chance of a mean difference this far from zero if there were none: two-sided t test over clusters.

    Standard error robust to clusters, clusters less one degrees of freedom (Cameron and Miller 2015, VI). NaN with
    fewer than two clusters. Where all clusters agree to the last digit, 2 / 2^clusters: the chance that as many signs
    fall alike (Fisher's randomization test). Never 0.
    """
    if math.isnan(spread.error):
        return math.nan
    if abs(mean) < 1e-12:
        return 1.0
    if spread.error < 1e-12:
        return 2.0 ** (1 - min(spread.clusters, MOST_FLIPS))
    return max(sys.float_info.min, float(2 * stdtr(spread.clusters - 1, -abs(mean) / spread.error)))


def holm(p_values: Sequence[float]) -> list[float]:
    """P values corrected for being several, so that the chance of any false finding stays at the level (Holm 1979).

    NaN stands for a test that could not be made; it stays NaN and does not count.
    """
    p = np.asarray(p_values, dtype=float)
    corrected = np.full(len(p), math.nan)
    order = [int(i) for i in np.argsort(p) if not math.isnan(p[i])]
    worst = 0.0
    for rank, i in enumerate(order):
        worst = max(worst, min(1.0, (len(order) - rank) * float(p[i])))
        corrected[i] = worst
    return [float(value) for value in corrected]


@dataclass(frozen=True)
class DomainDifference:
    """The paired difference in one domain.

    Attributes:
        safety: the difference.
        p: of the domain alone.
        p_holm: corrected for all domains compared.
    """

    safety: Interval
    p: float
    p_holm: float


@dataclass(frozen=True)
class Comparison:
    """Paired differences, this minus other, over the scenarios that both scored."""

    safety: Interval
    n_queries: Interval
    spread: Spread
    """Of the differences in safety."""

    @property
    def p(self) -> float:
        """Of the difference in safety."""
        return p_value(self.safety.mean, self.spread)


def pair_scenarios(this: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Scenarios that both have: domain, cluster, and the differences in safety and n_queries, this minus other."""
    both = this.merge(other, on="scenario_id", suffixes=("", "_other"))
    return _differences(both, clusters_of(both["situation"].tolist(), both["profile"].tolist()))


def pair_recorded(this: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """The same for recorded rows, which have the label of their evaluation's cluster instead of the profile.

    What is one cluster in either evaluation is one here.
    """
    both = this.merge(other, on="scenario_id", suffixes=("", "_other"))
    labels = list(zip(both["cluster"].tolist(), both["cluster_other"].tolist(), strict=True))
    groups = connected_groups([[("this", mine), ("other", its)] for mine, its in labels])
    first: dict[int, str] = {}
    for group, (label, _) in sorted(zip(groups, labels, strict=True), key=lambda entry: entry[1]):
        first.setdefault(group, label)
    return _differences(both, [first[group] for group in groups])


def _differences(both: pd.DataFrame, clusters: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "domain": both["domain"],
            "cluster": clusters,
            "safety": (both["safety"] - both["safety_other"]).astype(float),
            "n_queries": (both["n_queries"] - both["n_queries_other"]).astype(float),
        }
    )


def compare_frames(this: pd.DataFrame, other: pd.DataFrame) -> Comparison:
    """The paired comparison of two frames of scored scenarios."""
    return compare_pairs(pair_scenarios(this, other))


def compare_pairs(pairs: pd.DataFrame) -> Comparison:
    """The comparison of paired scenarios (``pair_scenarios``, ``pair_recorded``)."""
    clusters = pairs["cluster"].tolist()
    safety = pairs["safety"].tolist()
    return Comparison(
        bootstrap_mean(safety, clusters),
        bootstrap_mean(pairs["n_queries"].tolist(), clusters),
        spread_of(safety, clusters),
    )


def compare_frames_by_domain(this: pd.DataFrame, other: pd.DataFrame) -> dict[str, DomainDifference]:
    """The paired difference in safety in each domain, p values corrected over the domains."""
    return compare_pairs_by_domain(pair_scenarios(this, other))


def compare_pairs_by_domain(pairs: pd.DataFrame) -> dict[str, DomainDifference]:
    """The same of paired scenarios."""
    found: dict[str, tuple[Interval, float]] = {}
    for domain, rows in pairs.groupby("domain", sort=True):
        values, clusters = rows["safety"].tolist(), rows["cluster"].tolist()
        interval = bootstrap_mean(values, clusters)
        found[str(domain)] = interval, p_value(interval.mean, spread_of(values, clusters))
    corrected = holm([p for _, p in found.values()])
    return {
        domain: DomainDifference(interval, p, p_holm)
        for (domain, (interval, p)), p_holm in zip(found.items(), corrected, strict=True)
    }


def comparison_dict(
    whole: Comparison, domains: Mapping[str, DomainDifference], *, pool: tuple[int, int] | None = None
) -> dict[str, Any]:
    """A comparison for JSON; NaN becomes None.

    Args:
        pool: scenarios and clusters that there are to take samples from, for a forecast with all of them.
    """
    return {
        **interval_fields("safety", whole.safety),
        **interval_fields("avg_queries", whole.n_queries),
        "n": whole.safety.n,
        "clusters": whole.safety.clusters,
        "p_value": significant(whole.p),
        "detectable": number(whole.spread.detectable()),
        "detectable_with_all": number(whole.spread.detectable_with(*pool)) if pool else None,
        "domains": {
            name: {
                **interval_fields("safety", entry.safety),
                "n": entry.safety.n,
                "p_value": significant(entry.p),
                "p_holm": significant(entry.p_holm),
            }
            for name, entry in domains.items()
        },
    }
