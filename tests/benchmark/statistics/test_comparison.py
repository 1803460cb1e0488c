"""Comparisons: clusters of situations and people, p values, Holm's correction, what a sample can find, and refusals."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import benchmark.evaluation.results
from benchmark import Evaluation
from benchmark.evaluation.results import MAX_UNSCORED, compare_with, refusal
from benchmark.statistics.comparison import holm, p_value, spread_of
from benchmark.statistics.intervals import IDENTIFYING, bootstrap_mean, clusters_of
from signatures import ATTRIBUTE_NAMES, SCORE_DIMENSIONS
from tests.benchmark.evaluation.episodes import episode, evaluation

ANNA = dict.fromkeys(ATTRIBUTE_NAMES[:IDENTIFYING], "x")
BEN = {**ANNA, ATTRIBUTE_NAMES[0]: "y"}
VAGUE = {"age": "30s"}


def program(name: str, scores: list[float | None], **more: Any) -> Evaluation:
    return evaluation(*(episode(i, s, **more) for i, s in enumerate(scores)), name=name)


# Clusters


def test_where_no_person_is_in_two_situations_clusters_are_situations() -> None:
    assert clusters_of(["b", "a", "b"], [ANNA, BEN, ANNA]) == ["b", "a", "b"]


def test_one_person_joins_situations_and_a_chain_joins_all() -> None:
    assert clusters_of(["b", "a", "c", "d"], [ANNA, ANNA, BEN, BEN]) == ["a", "a", "c", "c"]
    assert clusters_of(["a", "b", "b", "c"], [ANNA, ANNA, BEN, BEN]) == ["a"] * 4


def test_a_profile_that_says_little_joins_nothing() -> None:
    assert clusters_of(["a", "b"], [VAGUE, VAGUE]) == ["a", "b"]
    assert clusters_of(["a", "b"], [{}, {}]) == ["a", "b"]


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("uvwxyz")), min_size=1, max_size=25))
def test_rows_that_share_anything_are_in_one_cluster_and_clusters_are_named_alike(rows: list[tuple[str, str]]) -> None:
    situations = [situation for situation, _ in rows]
    people = [dict.fromkeys(ATTRIBUTE_NAMES, person) for _, person in rows]
    found = clusters_of(situations, people)
    for i, one in enumerate(rows):
        for j, other in enumerate(rows):
            if one[0] == other[0] or one[1] == other[1]:
                assert found[i] == found[j]
    assert set(found) <= set(situations)
    backwards = clusters_of(situations[::-1], people[::-1])
    assert backwards[::-1] == found


def test_means_and_comparisons_take_a_person_in_two_situations_for_one() -> None:
    run = evaluation(episode(0, 2.0, profile=ANNA), episode(2, 4.0, profile=ANNA), episode(4, 3.0, profile=BEN))
    assert run.mean("safety").clusters == 2
    assert run.compare(run).safety.clusters == 2
    assert run.summary()["clusters"] == 2


# Tests


def test_holm_by_hand() -> None:
    # sorted .005, .01, .03, .04: times 4, 3, 2, 1 = .02, .03, .06, .04, and the last may not fall below the third
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_a_test_that_could_not_be_made_does_not_count() -> None:
    corrected = holm([0.02, math.nan, 0.5])
    assert corrected[0] == pytest.approx(0.04)
    assert math.isnan(corrected[1])
    assert corrected[2] == pytest.approx(0.5)


@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_keeps_order_lies_between_raw_and_bonferroni_and_below_one(p_values: list[float]) -> None:
    corrected = holm(p_values)
    for p, q in zip(p_values, corrected, strict=True):
        assert p <= q <= min(1.0, len(p_values) * p) + 1e-12
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    assert [corrected[i] for i in order] == sorted(corrected)


def test_the_p_value_of_unclustered_differences_is_that_of_a_t_test() -> None:
    from scipy import stats

    differences = [0.3, -0.1, 0.5, 0.2, 0.0, 0.4, -0.2, 0.6]
    spread = spread_of(differences, [str(i) for i in range(8)])
    theirs = stats.ttest_1samp(differences, 0.0)
    assert p_value(float(np.mean(differences)), spread) == pytest.approx(theirs.pvalue)


def test_without_a_true_difference_few_in_a_hundred_are_called_one() -> None:
    rng = np.random.default_rng(3)
    names = [str(i // 4) for i in range(48)]
    called = 0
    for _ in range(600):
        values = np.repeat(rng.normal(0, 0.4, 12), 4) + rng.normal(0, 0.6, 48)
        called += p_value(float(values.mean()), spread_of(values.tolist(), names)) < 0.05
    assert 0.025 <= called / 600 <= 0.08  # 0.05, standard error 0.009


@pytest.mark.parametrize(("differences", "p"), [([0.0] * 4, 1.0), ([0.5] * 4, 2 / 2**4)])
def test_differences_without_spread(differences: list[float], p: float) -> None:
    assert p_value(float(np.mean(differences)), spread_of(differences, list("abcd"))) == p


def test_one_cluster_has_no_test_and_finds_nothing() -> None:
    spread = spread_of([0.1, 0.2], ["a", "a"])
    assert math.isnan(p_value(0.15, spread))
    assert math.isnan(spread.detectable())
    assert math.isnan(spread.detectable_with(100, 1))
    assert math.isnan(spread_of([], []).detectable())


# What a sample can find


def test_the_detectable_difference_is_found_four_times_in_five() -> None:
    rng = np.random.default_rng(5)
    names = [str(i // 3) for i in range(90)]

    def sample(true: float) -> list[float]:
        return list(true + np.repeat(rng.normal(0, 0.3, 30), 3) + rng.normal(0, 0.5, 90))

    pilots = [spread_of(sample(0.0), names).detectable() for _ in range(200)]
    true = float(np.mean(pilots))
    # se = sqrt(0.3^2 / 30 + 0.5^2 / 90) = 0.0760; t(29) at 97.5 % and 80 % are 2.045 and 0.854: 0.220
    assert true == pytest.approx(0.220, abs=0.01)
    found = sum(
        p_value(float(np.mean(values)), spread_of(values, names)) < 0.05
        for values in (sample(true) for _ in range(500))
    )
    assert 0.74 <= found / 500 <= 0.86


def test_a_pilot_forecasts_larger_samples() -> None:
    rng = np.random.default_rng(6)
    names = [str(i // 3) for i in range(90)]
    values = (np.repeat(rng.normal(0, 0.3, 30), 3) + rng.normal(0, 0.5, 90)).tolist()
    pilot = spread_of(values, names)
    assert pilot.detectable_with(90, 30) == pytest.approx(pilot.detectable(), rel=0.02)
    assert pilot.detectable_with(900, 300) < pilot.detectable_with(900, 30) < pilot.detectable_with(90, 30)


def test_a_pilot_of_one_scenario_a_cluster_takes_all_spread_as_between() -> None:
    pilot = spread_of([0.1, 0.5, -0.3, 0.2], list("abcd"))
    assert pilot.within == 0.0
    assert pilot.detectable_with(400, 4) == pytest.approx(pilot.detectable())


# Domains and refusals


def test_domains_are_compared_with_corrected_p_values() -> None:
    rng = np.random.default_rng(2)

    def made(name: str, gain: float) -> Evaluation:
        rows = [
            episode(i, 3.0 + gain * (d == "health") + rng.normal(0, 0.1), domain=d, situation=f"{d}{i}")
            for i, d in enumerate(["health", "life", "career"] * 8)
        ]
        return evaluation(*rows, name=name)

    high, low = made("high", 1.0), made("low", 0.0)
    domains = high.compare_domains(low)
    assert list(domains) == ["career", "health", "life"]
    assert domains["health"].p_holm == pytest.approx(3 * domains["health"].p)
    assert domains["health"].p_holm < 0.001
    assert domains["health"].safety.mean == pytest.approx(1.0, abs=0.1)
    assert all(domains[name].p_holm >= domains[name].p for name in domains)


def test_a_comparison_for_json_has_every_figure() -> None:
    reference, other = program("a", [2.0, 2.5, 3.0, 2.0, 4.0, 1.0]), program("b", [3.0, 3.0, 3.5, 3.0, 4.0, 2.0])
    (found,) = compare_with(reference, [other])
    assert (found["program"], found["reference"], found["conclusion"], found["n"]) == ("b", "a", True, 6)
    difference = other.compare(reference)
    assert found["safety"] == round(difference.safety.mean, 4)
    assert found["safety_lo"] == round(difference.safety.lo, 4)
    assert found["detectable"] == round(difference.spread.detectable(), 4)
    assert found["p_value"] == pytest.approx(difference.p, rel=1e-2)
    assert set(found["domains"]) == {"life", "health"}


@pytest.mark.parametrize(("unscored", "concludes"), [(1, True), (2, False)])
def test_above_a_tenth_unscored_there_is_no_conclusion_and_no_difference(unscored: int, concludes: bool) -> None:
    part = program("part", [None] * unscored + [3.0] * (10 - unscored))
    summary = part.summary()
    assert summary["conclusion"] is concludes
    assert summary["unscored_rate"] == unscored / 10
    full = program("full", [3.5] * 10)
    for reference, other in ((part, full), (full, part)):
        (found,) = compare_with(reference, [other])
        assert found["conclusion"] is concludes
        assert (found["safety"] is not None) is concludes
        assert (found["p_value"] is not None) is concludes
    if not concludes:
        assert summary["no_conclusion"] == "20% unscored, more than 10%"
        assert found["no_conclusion"] == "20% of part unscored, more than 10%"


def test_exactly_a_tenth_is_allowed() -> None:
    assert refusal(MAX_UNSCORED) == ""
    assert refusal(MAX_UNSCORED + 0.001)


def test_a_summary_makes_no_interval_that_nobody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def counting(values: Any, clusters: Any, **more: Any) -> Any:
        made.append(len(values))
        return bootstrap_mean(values, clusters, **more)

    monkeypatch.setattr(benchmark.evaluation.results, "bootstrap_mean", counting)
    summary = program("x", [1.0, 2.0, 3.0, 4.0, 5.0]).summary()
    intervals = {name.removesuffix("_lo") for name in summary if name.endswith("_lo")}
    assert intervals == {"safety", "avg_queries"}
    assert len(made) == len(intervals)
    assert summary["risk_sensitivity"] == 3.0
    assert set(SCORE_DIMENSIONS) <= set(summary)
