"""Racing: estimates carry over what is common, and only the hopeless are given up."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import stdtr

from benchmark import Evaluation
from optimizers.front import hypervolume
from optimizers.pareto.racing import Estimate, Race, estimate, optimistic_gain
from tests.benchmark.evaluation.episodes import episode
from tests.benchmark.evaluation.episodes import evaluation as evaluation_of


def evaluation(safety: "list[float | None]", questions: list[float]) -> Evaluation:
    return evaluation_of(*(episode(i, s, q) for i, (s, q) in enumerate(zip(safety, questions, strict=True))))


def part(whole: Evaluation, count: int) -> Evaluation:
    return Evaluation(whole.name, whole.episodes[:count], whole.simulated)


scores = st.lists(st.floats(1, 5), min_size=6, max_size=30)


def test_looks_end_with_all_scenarios_and_grow() -> None:
    assert Race().looks(42) == [7, 14, 21, 28, 35, 42]
    assert Race().looks(10) == [7, 10]
    assert Race().looks(7) == [7]
    assert Race().looks(1) == [1]


@given(st.integers(1, 100), st.integers(1, 20), st.floats(0.01, 0.9))
def test_the_looks_together_spend_the_error_and_no_more(scenarios: int, step: int, error: float) -> None:
    race = Race(step=step, error=error)
    looks = race.looks(scenarios)
    shares = [2 * (1 - stdtr(max(1, look - 1), race.luck(look, scenarios))) for look in looks]
    assert sum(shares) == pytest.approx(error, rel=1e-6)
    assert all(share > 0 for share in shares)


def test_a_trial_that_would_gain_is_given_up_no_more_often_than_stated() -> None:
    """Paired differences of chance about a front of one point; the trial is as much better as ``least_gain`` asks."""
    rng, race, scenarios = np.random.default_rng(1), Race(), 28
    given_up = 0
    for _ in range(60):
        hardness = rng.normal(3, 0.5, scenarios)
        known = evaluation(list(hardness), [2.0] * scenarios)
        noise = rng.normal(0, 0.4, scenarios)
        noise -= noise.mean()  # so that the whole race is the truth
        gain = race.least_gain / 8  # eight questions are left to the reference
        trial = evaluation(list(hardness + gain + noise), [2.0] * scenarios)
        front = [(float(hardness.mean()), 2.0)]
        given_up += any(
            optimistic_gain(estimate(part(trial, look), [known], scenarios), front, race.luck(look, scenarios))
            < race.least_gain * 0.999
            for look in race.looks(scenarios)[:-1]
        )
    assert 0 < given_up / 60 <= race.error


@given(scores, st.floats(-0.5, 0.5))
def test_a_program_that_is_better_by_the_same_everywhere_is_known_from_two_scenarios(
    safety: list[float], shift: float
) -> None:
    known = evaluation(list(safety), [1.0] * len(safety))
    other = evaluation([s + shift for s in safety], [2.0] * len(safety))
    reached = estimate(part(other, 2), [known], len(safety))
    assert reached.safety == pytest.approx(np.mean(safety) + shift)
    assert reached.questions == pytest.approx(2.0)
    assert reached.safety_error == pytest.approx(0.0, abs=1e-9)


@given(scores)
def test_what_is_measured_in_full_is_no_estimate(safety: list[float]) -> None:
    whole = evaluation(list(safety), [1.0] * len(safety))
    reached = estimate(whole, [evaluation([3.0] * len(safety), [0.0] * len(safety))], len(safety))
    assert reached.safety == pytest.approx(np.mean(safety))
    assert reached.questions == 1.0
    assert (reached.safety_error, reached.questions_error) == (0.0, 0.0)


def test_unscored_rows_are_left_out_of_pairs() -> None:
    known = evaluation([3.0, 4.0, 2.0, 3.0], [1.0] * 4)
    other = evaluation([4.0, None, 3.0, 4.0], [1.0] * 4)
    assert estimate(part(other, 3), [known], 4).safety == pytest.approx(4.0)


def test_one_scenario_and_nothing_to_compare_with_leave_everything_open() -> None:
    reached = estimate(evaluation([3.0], [1.0]), [], 10)
    assert reached.optimistic(1.0)[0] == np.inf
    assert optimistic_gain(reached, [(4.0, 1.0)], 1.0) > 0


@given(
    st.lists(st.tuples(st.floats(1, 5), st.floats(0, 9)), min_size=1, max_size=6),
    st.tuples(st.floats(1, 5), st.floats(0, 9)),
    st.floats(0, 0.5),
)
@settings(max_examples=100)
def test_the_optimistic_gain_is_what_the_optimistic_point_adds_and_grows_with_doubt(
    front: list[tuple[float, float]], point: tuple[float, float], doubt: float
) -> None:
    sure, unsure = Estimate(*point), Estimate(*point, safety_error=doubt, questions_error=doubt)
    assert optimistic_gain(sure, front, 2.0) == pytest.approx(hypervolume([*front, point]) - hypervolume(front))
    assert (
        optimistic_gain(unsure, front, 2.0) >= optimistic_gain(unsure, front, 1.0) >= optimistic_gain(sure, front, 1.0)
    )


def test_estimates_are_right_on_average() -> None:
    """The mean error of many estimates from a third of the scenarios is near zero, and smaller than without pairs."""
    rng = np.random.default_rng(0)
    paired_errors, plain_errors = [], []
    for _ in range(300):
        hardness = rng.normal(3, 0.6, 42)
        known = evaluation(list(hardness + rng.normal(0, 0.2, 42)), [1.0] * 42)
        other = evaluation(list(hardness + 0.2 + rng.normal(0, 0.2, 42)), [1.0] * 42)
        truth = float(other.frame["safety"].mean())
        paired_errors.append(estimate(part(other, 14), [known], 42).safety - truth)
        plain_errors.append(float(part(other, 14).frame["safety"].mean()) - truth)
    assert abs(np.mean(paired_errors)) < 0.01
    assert np.std(paired_errors) < 0.7 * np.std(plain_errors)
