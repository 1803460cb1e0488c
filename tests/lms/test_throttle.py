"""Rate limits: calls are spaced evenly, by arithmetic on the time given."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.throttle import Throttle

RATES = st.floats(0.5, 6000)
PAUSES = st.lists(st.floats(0, 120), min_size=1, max_size=30)


def starts(per_minute: float, pauses: list[float]) -> tuple[list[float], list[float]]:
    """When calls arrive, each a pause after the one before, and when they may start."""
    throttle, now = Throttle(per_minute), 1000.0
    arrivals, begun = [], []
    for pause in pauses:
        now += pause
        arrivals.append(now)
        begun.append(now + throttle.reserve(now))
    return arrivals, begun


def test_calls_that_come_together_are_spread_over_the_minute() -> None:
    # 30 a minute is one every 2 s
    assert starts(30, [0, 0, 0, 0])[1] == [1000, 1002, 1004, 1006]


def test_a_late_call_does_not_wait_and_saves_nothing_up() -> None:
    # 60 a minute; the second call comes 10 s later: it and only it starts at once
    assert starts(60, [0, 10, 0, 0])[1] == [1000, 1010, 1011, 1012]


@given(RATES, PAUSES)
def test_starts_are_at_least_the_gap_apart(per_minute: float, pauses: list[float]) -> None:
    begun = starts(per_minute, pauses)[1]
    assert all(b - a >= 60 / per_minute - 1e-6 for a, b in itertools.pairwise(begun))


@given(RATES, PAUSES)
def test_nobody_waits_longer_than_the_gap_asks(per_minute: float, pauses: list[float]) -> None:
    arrivals, begun = starts(per_minute, pauses)
    for i, (arrival, start) in enumerate(zip(arrivals, begun, strict=True)):
        earliest = max(arrival, begun[i - 1] + 60 / per_minute) if i else arrival
        assert start == pytest.approx(earliest, abs=1e-6)


@given(RATES, PAUSES)
def test_the_same_times_give_the_same_waits(per_minute: float, pauses: list[float]) -> None:
    assert starts(per_minute, pauses) == starts(per_minute, pauses)


def test_without_a_limit_nobody_waits() -> None:
    throttle = Throttle(None)
    assert [throttle.reserve(0.0) for _ in range(100)] == [0.0] * 100
