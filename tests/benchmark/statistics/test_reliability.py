"""Agreement of raters against published values, against scipy and scikit-learn, and what must hold for any ratings."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import cohen_kappa_score

from benchmark.statistics.intervals import Floats
from benchmark.statistics.reliability import (
    METRICS,
    Metric,
    confusion,
    krippendorff_alpha,
    pearson,
    rating_table,
    spearman,
    weighted_kappa,
)

N = math.nan
PUBLISHED = np.array(  # Krippendorff 2011, section C: four observers, twelve units, ratings missing
    [
        [1, 1, N, 1],
        [2, 2, 3, 2],
        [3, 3, 3, 3],
        [3, 3, 3, 3],
        [2, 2, 2, 2],
        [1, 2, 3, 4],
        [4, 4, 4, 4],
        [1, 1, 2, 1],
        [2, 2, 2, 2],
        [N, 5, 5, 5],
        [N, N, 1, 1],
        [N, 3, N, N],
    ]
)
SCORE = st.sampled_from([1.0, 2.0, 3.0, 4.0, 5.0])
TABLES: st.SearchStrategy[Floats] = st.lists(st.tuples(*[SCORE | st.just(N)] * 3), min_size=2, max_size=15).map(
    np.array
)
PAIRS: st.SearchStrategy[Floats] = st.lists(st.tuples(SCORE, SCORE), min_size=3, max_size=30).map(np.array)


@pytest.mark.parametrize(("metric", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_the_published_example(metric: Metric, alpha: float) -> None:
    found = krippendorff_alpha(PUBLISHED, metric=metric)
    assert round(found.mean, 3) == alpha
    assert found.n == 11  # the unit with one rating tells nothing
    assert found.lo < found.mean <= found.hi


def test_two_raters_by_hand() -> None:
    # units (1, 1), (1, 2), (2, 2): coincidences 11: 2, 12 and 21: 1 each, 22: 2; margins 3 and 3, total 6.
    # observed 2 / 6; expected 2 * 3 * 3 / (6 * 5) = 18 / 30; alpha = 1 - (1 / 3) / (3 / 5) = 4 / 9
    assert krippendorff_alpha(np.array([[1.0, 1], [1, 2], [2, 2]])).mean == pytest.approx(4 / 9)


@given(TABLES)
def test_alpha_is_at_most_one_and_does_not_depend_on_order(table: np.ndarray) -> None:
    for metric in METRICS:
        alpha = krippendorff_alpha(table, metric=metric).mean
        assume(not math.isnan(alpha))
        assert alpha <= 1 + 1e-9
        assert krippendorff_alpha(table[::-1, ::-1], metric=metric).mean == pytest.approx(alpha)


@given(TABLES, st.floats(0.5, 3), st.floats(-5, 5))
def test_for_interval_data_neither_unit_nor_origin_matters(table: np.ndarray, scale: float, shift: float) -> None:
    alpha = krippendorff_alpha(table).mean
    assume(not math.isnan(alpha))
    assert krippendorff_alpha(scale * table + shift).mean == pytest.approx(alpha)
    ordinal = krippendorff_alpha(table, metric="ordinal").mean  # only the order matters there
    assert krippendorff_alpha(np.exp(table), metric="ordinal").mean == pytest.approx(ordinal)


@given(st.lists(SCORE, min_size=2, max_size=12))
def test_raters_who_always_agree(scores: list[float]) -> None:
    found = krippendorff_alpha(np.array([[s, s, s] for s in scores]))
    assert math.isnan(found.mean) if len(set(scores)) == 1 else found.mean == 1.0


def test_raters_who_guess_agree_by_chance_and_those_who_oppose_less() -> None:
    rng = np.random.default_rng(0)
    assert abs(krippendorff_alpha(rng.integers(1, 6, (2000, 3)).astype(float)).mean) < 0.03
    one = rng.integers(1, 6, 200).astype(float)
    assert krippendorff_alpha(np.column_stack([one, 6 - one])).mean < -0.5


def test_units_of_one_situation_widen_the_interval() -> None:
    rng = np.random.default_rng(1)
    level = np.repeat(rng.integers(1, 6, 20), 10)
    noise = np.repeat(rng.normal(0, 1, (20, 2)), 10, axis=0)  # the same disagreement throughout a situation
    table = level[:, None] + noise
    clustered = krippendorff_alpha(table, [str(i // 10) for i in range(200)])
    alone = krippendorff_alpha(table)
    assert clustered.mean == alone.mean
    assert clustered.hi - clustered.lo > 1.5 * (alone.hi - alone.lo)
    assert (clustered.clusters, alone.clusters) == (20, 200)


@pytest.mark.parametrize("table", [np.zeros((0, 2)), np.array([[1.0, N], [N, 2.0]]), np.array([[3.0, 3.0]])])
def test_where_nothing_can_be_said_there_is_no_number(table: np.ndarray) -> None:
    assert math.isnan(krippendorff_alpha(table).mean)


def test_a_table_of_ratings_has_gaps_where_raters_are_missing() -> None:
    table = rating_table([{"b": 2.0}, {"a": 1.0, "b": 3.0}, {}])
    np.testing.assert_array_equal(table, [[N, 2.0], [1.0, 3.0], [N, N]])


# Two raters


@given(PAIRS)
def test_kappa_and_correlations_are_those_of_scikit_learn_and_scipy(pairs: np.ndarray) -> None:
    one, other = pairs[:, 0], pairs[:, 1]
    assume(len(set(one)) > 1)
    assume(len(set(other)) > 1)
    names = [str(i) for i in range(len(pairs))]
    theirs = cohen_kappa_score(one.astype(int), other.astype(int), weights="quadratic", labels=[1, 2, 3, 4, 5])
    assert weighted_kappa(one, other, names).mean == pytest.approx(theirs)
    assert pearson(one, other, names).mean == pytest.approx(stats.pearsonr(one, other)[0])
    assert spearman(one, other, names).mean == pytest.approx(stats.spearmanr(one, other)[0])


@given(PAIRS, st.integers(0, 9))
def test_intervals_are_in_range_and_depend_on_the_seed_alone(pairs: np.ndarray, seed: int) -> None:
    names = [str(i % 4) for i in range(len(pairs))]
    for measure in (weighted_kappa, pearson, spearman):
        found = measure(pairs[:, 0], pairs[:, 1], names, seed=seed)
        again = measure(pairs[:, 0], pairs[:, 1], names, seed=seed)
        assert str(found) == str(again)
        if not math.isnan(found.lo):
            assert -1 - 1e-9 <= found.lo <= found.hi <= 1 + 1e-9


def test_kappa_takes_fractions_and_sees_a_shift_that_correlation_does_not() -> None:
    human = np.array([1.5, 2.5, 3.5, 4.5, 3.0])
    names = list("abcde")
    assert weighted_kappa(human, human, names).mean == 1.0
    assert weighted_kappa(human, human + 1, names).mean < 0.75
    assert pearson(human, human + 1, names).mean == pytest.approx(1.0)


def test_a_judge_that_always_says_three_has_no_correlation() -> None:
    human, three, names = np.array([1.0, 2, 5]), np.full(3, 3.0), list("abc")
    assert weighted_kappa(human, three, names).mean == 0.0
    assert math.isnan(pearson(human, three, names).mean)
    assert math.isnan(spearman(human, three, names).mean)


def test_confusion_counts_people_by_row_and_rounds_halves_up() -> None:
    table = confusion(np.array([1.0, 1, 2.5, 5]), np.array([1.0, 3, 3, 4.6]), range(1, 6))
    assert table == [[1, 0, 1, 0, 0], [0] * 5, [0, 0, 1, 0, 0], [0] * 5, [0, 0, 0, 0, 1]]
