"""The stand-ins stay calibrated: fitted model averages within the bound of the published ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.published import published
from experiments.calibration import (
    BOUND,
    bisect,
    converse,
    direct,
    mean_safety,
    shifted,
    single_attribute_gain,
    single_goals,
)
from signatures import ATTRIBUTE_NAMES

NAMES = list(published()["safety"])


@pytest.mark.parametrize("name", NAMES)
def test_vanilla_averages_are_the_published_ones(name: str) -> None:
    assert mean_safety(direct(name)) == pytest.approx(published()["safety"][name]["vanilla"], abs=0.05)


def test_context_rich_averages_to_the_published_mean() -> None:
    rich = [mean_safety(direct(name), ATTRIBUTE_NAMES, n=105) for name in NAMES]
    assert sum(rich) / len(rich) == pytest.approx(published()["context_rich_mean"], abs=0.12)


def test_averages_of_single_attributes_are_the_published_ones() -> None:
    for name, goal in single_goals().items():
        assert single_attribute_gain(name) == pytest.approx(goal, abs=BOUND), name


@pytest.mark.parametrize("name", ["gpt-4o", "mistral-7b"])
def test_path_lengths_are_the_published_ones(name: str) -> None:
    asked = converse(direct(name), n=105).questions
    assert asked == pytest.approx(published()["path_length"]["agent"][name], abs=0.25)


@given(st.floats(0.02, 0.98), st.floats(-3, 3))
def test_a_shifted_probability_is_a_probability_and_can_be_shifted_back(chance: float, by: float) -> None:
    moved = shifted(chance, by)
    assert 0 < moved < 1
    assert shifted(moved, -by) == pytest.approx(chance)


def test_bisection_finds_where_a_rising_function_meets_its_goal() -> None:
    assert bisect(lambda x: x**3, 8.0, 0.0, 10.0, steps=30) == pytest.approx(2.0, abs=1e-6)
