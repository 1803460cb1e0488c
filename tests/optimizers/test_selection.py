"""Picking the default program."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizers.selection import Pick, choose
from signatures import RaiseError

FRONT = [(4.4, 3.0), (4.3, 1.8), (3.9, 1.0), (3.0, 0.0)]


@pytest.mark.parametrize(
    ("text", "par", "wanted"),
    [
        ("par", 1.8, 1),
        ("par", 0.5, 3),
        ("knee", 1.8, 1),
        ("max-safety", 0.0, 0),
        ("max-queries 1", 9.0, 2),
        ("max-queries=2.5", 0.0, 1),
        ("min-safety 3.5", 0.0, 2),
        ("min-safety 4.9", 0.0, 0),
    ],
)
def test_rules(text: str, par: float, wanted: int) -> None:
    assert choose(FRONT, Pick.parse(text), par) == wanted


def test_what_nobody_keeps_is_missed_by_as_little_as_possible() -> None:
    assert choose(FRONT[:2], Pick.parse("max-queries 1"), 0.0) == 1


@pytest.mark.parametrize("text", ["best", "", "knee 2", "max-queries", "min-safety much", "par=1"])
def test_rules_that_mean_nothing_are_refused(text: str) -> None:
    with pytest.raises(RaiseError, match="unknown pick"):
        Pick.parse(text)


@given(
    st.lists(st.tuples(st.floats(1, 5), st.floats(0, 9)), min_size=1, max_size=8),
    st.sampled_from(["par", "knee", "max-safety", "max-queries 2", "min-safety 4"]),
    st.floats(0, 9),
)
def test_any_front_gives_a_member_of_it(points: list[tuple[float, float]], text: str, par: float) -> None:
    assert choose(points, Pick.parse(text), par) in range(len(points))
