"""The stand-ins stay calibrated: fitted model averages within the bound of the published ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.published import published
from experiments.calibration import BOUND, bisect, measure, shifted
from modules import AgentOnly, ContextRich, Vanilla

NAMES = list(published()["safety"])


@pytest.mark.parametrize("name", NAMES)
def test_vanilla_averages_are_the_published_ones(name: str) -> None:
    measured = measure(name, Vanilla()).mean("safety").mean
    assert measured == pytest.approx(published()["safety"][name]["vanilla"], abs=BOUND)


def test_context_rich_averages_to_the_published_mean() -> None:
    rich = [measure(name, ContextRich()).mean("safety").mean for name in NAMES]
    assert sum(rich) / len(rich) == pytest.approx(published()["context_rich_mean"], abs=BOUND)


@pytest.mark.parametrize("name", ["gpt-4o", "mistral-7b"])
def test_path_lengths_are_the_published_ones(name: str) -> None:
    measured = measure(name, AgentOnly(), n=105).mean("n_queries").mean
    assert measured == pytest.approx(published()["path_length"]["agent"][name], abs=BOUND)


@given(st.floats(0.02, 0.98), st.floats(-3, 3))
def test_a_shifted_probability_is_a_probability_and_can_be_shifted_back(chance: float, by: float) -> None:
    moved = shifted(chance, by)
    assert 0 < moved < 1
    assert shifted(moved, -by) == pytest.approx(chance)


def test_bisection_finds_where_a_rising_function_meets_its_goal() -> None:
    assert bisect(lambda x: x**3, 8.0, 0.0, 10.0, steps=30) == pytest.approx(2.0, abs=1e-6)
