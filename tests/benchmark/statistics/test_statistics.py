"""Means and intervals against values worked out by hand, and against repeated sampling."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark import Interval, bootstrap_mean


def test_the_mean_counts_each_row_once() -> None:
    # cluster a: 1, 1, 1; cluster b: 5. Rows: (1 + 1 + 1 + 5) / 4 = 2, not (1 + 5) / 2 = 3
    interval = bootstrap_mean([1, 1, 1, 5], ["a", "a", "a", "b"])
    assert interval.mean == 2.0
    assert (interval.n, interval.clusters) == (4, 2)


def test_two_clusters_span_their_means() -> None:
    # draws of two from {a, b}: aa with 1/4 gives 1, bb with 1/4 gives 5, ab with 1/2 gives 2.
    # So the 2.5 % quantile is aa and the 97.5 % quantile is bb.
    interval = bootstrap_mean([1, 1, 1, 5], ["a", "a", "a", "b"])
    assert (interval.lo, interval.hi) == (1.0, 5.0)


def test_a_rare_extreme_is_cut_off_at_95_percent() -> None:
    # ten rows of their own, one of them 10 and nine 0. The 10 is drawn k ~ Binomial(10, 0.1) times, mean k.
    # P(k = 0) = 0.349, so lo = 0; P(k <= 2) = 0.930, P(k <= 3) = 0.987, so the 97.5 % quantile is 3.
    interval = bootstrap_mean([10.0] + [0.0] * 9, [str(i) for i in range(10)])
    assert (interval.mean, interval.lo, interval.hi) == (1.0, 0.0, 3.0)


def test_clusters_of_other_sizes_weigh_as_many_rows_as_they_have() -> None:
    # ten clusters of nine 1s, ten of a single 2: (90 + 20) / 100 = 1.1, while the mean of cluster means is 1.5
    values = [1.0] * 90 + [2.0] * 10
    interval = bootstrap_mean(values, [f"big {i // 9}" for i in range(90)] + [f"small {i}" for i in range(10)])
    assert interval.mean == pytest.approx(1.1)
    assert 1.0 < interval.lo < 1.1 < interval.hi < 1.3


def test_equal_values_leave_no_doubt() -> None:
    assert bootstrap_mean([4.0] * 6, list("aabbcc")) == Interval(4.0, 4.0, 4.0, 6, 3)


def test_rows_that_move_together_widen_the_interval() -> None:
    values = [float(i) for i in range(10) for _ in range(10)]
    independent = bootstrap_mean(values, [str(i) for i in range(100)])
    clustered = bootstrap_mean(values, [str(i // 10) for i in range(100)])
    # the standard error grows by the square root of the cluster size: 10 rows each, so about 3.2 times
    ratio = (clustered.hi - clustered.lo) / (independent.hi - independent.lo)
    assert 2.8 < ratio < 3.5


@given(
    rows=st.lists(st.tuples(st.floats(1, 5), st.sampled_from("abcde")), min_size=2, max_size=40),
    seed=st.integers(0, 99),
)
def test_bounds_lie_around_the_data_and_depend_on_the_seed_alone(rows: list[tuple[float, str]], seed: int) -> None:
    values, clusters = [value for value, _ in rows], [cluster for _, cluster in rows]
    interval = bootstrap_mean(values, clusters, seed=seed)
    if interval.clusters > 1:
        assert min(values) - 1e-9 <= interval.lo <= interval.hi <= max(values) + 1e-9
        assert interval == bootstrap_mean(values, clusters, seed=seed)


def test_95_percent_intervals_hold_the_truth_about_95_times_in_100() -> None:
    rng = np.random.default_rng(7)
    held, repetitions, clusters = 0, 300, 40
    names = [str(i) for i in range(clusters) for _ in range(4)]
    for repetition in range(repetitions):
        level = np.repeat(rng.normal(3.0, 0.5, clusters), 4)
        interval = bootstrap_mean((level + rng.normal(0, 0.5, len(level))).tolist(), names, seed=repetition)
        held += interval.lo <= 3.0 <= interval.hi
    # a percentile bootstrap over 40 clusters covers slightly less than 95 %; the standard error of the share is 1.3 %
    assert 0.90 <= held / repetitions <= 0.98


def test_one_cluster_has_a_mean_but_no_interval() -> None:
    interval = bootstrap_mean([2.0, 4.0], ["a", "a"])
    assert interval.mean == 3.0
    assert math.isnan(interval.lo)
    assert math.isnan(interval.hi)
    assert (interval.n, interval.clusters) == (2, 1)


def test_nothing_to_average_is_not_zero() -> None:
    interval = bootstrap_mean([], [])
    assert all(math.isnan(value) for value in (interval.mean, interval.lo, interval.hi))
    assert (interval.n, interval.clusters) == (0, 0)
    assert str(interval) == "n/a"


def test_values_without_their_clusters_are_refused() -> None:
    with pytest.raises(ValueError, match="2 values but 1 clusters"):
        bootstrap_mean([1.0, 2.0], ["a"])
