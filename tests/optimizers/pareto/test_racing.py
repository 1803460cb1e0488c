"""Racing: estimates carry over what is common, and only the hopeless are given up."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark import Evaluation
from optimizers.front import hypervolume
from optimizers.pareto.racing import Estimate, estimate, optimistic_gain, rungs
from tests.benchmark.evaluation.episodes import episode
from tests.benchmark.evaluation.episodes import evaluation as evaluation_of


def evaluation(safety: "list[float | None]", questions: list[float]) -> Evaluation:
    return evaluation_of(*(episode(i, s, q) for i, (s, q) in enumerate(zip(safety, questions, strict=True))))


def part(whole: Evaluation, count: int) -> Evaluation:
    return Evaluation(whole.name, whole.episodes[:count], whole.simulated)


scores = st.lists(st.floats(1, 5), min_size=6, max_size=30)


def test_rungs_end_with_all_scenarios_and_grow() -> None:
    assert rungs(42) == [14, 28, 42]
    assert rungs(2) == [1, 2]
    assert rungs(1) == [1]


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
    assert reached.optimistic[0] == np.inf
    assert optimistic_gain(reached, [(4.0, 1.0)]) > 0


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
    assert optimistic_gain(sure, front) == pytest.approx(hypervolume([*front, point]) - hypervolume(front))
    assert optimistic_gain(unsure, front) >= optimistic_gain(sure, front) - 1e-9


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
