"""The independent ratings: complete, typed, and about the shipped situations."""

import pytest
from pydantic import ValidationError

from benchmark.scenarios.stakes import HIGHEST, LOWEST, Rating, Stake, agreement, stakes
from benchmark.scenarios.taxonomy import situations
from signatures import ATTRIBUTE_NAMES


def test_three_raters_rated_every_attribute_of_every_situation() -> None:
    assert {(stake.situation, stake.attribute) for stake in stakes()} == {
        (situation.id, name) for situation in situations() for name in ATTRIBUTE_NAMES
    }
    assert all(len(stake.ratings) == 3 for stake in stakes())


def test_each_rating_says_why_and_names_values_where_something_is_at_stake() -> None:
    given = [rating for stake in stakes() for rating in stake.ratings.values()]
    assert all(LOWEST <= rating.rating <= HIGHEST and rating.why for rating in given)
    assert all(rating.values for rating in given if rating.rating >= 2)


def test_median_and_spread_keep_disagreement() -> None:
    given = {name: Rating(rating=n, why="so") for name, n in (("a", 0), ("b", 3), ("c", 1))}
    stake = Stake(situation="s", attribute="age", ratings=given)
    assert (stake.median, stake.spread) == (1.0, 3)
    assert stake.mean == pytest.approx(4 / 3)


def test_a_rating_off_the_scale_is_refused() -> None:
    with pytest.raises(ValidationError):
        Rating(rating=4, why="too much")


def test_raters_agree_as_documented() -> None:
    assert agreement().mean == pytest.approx(0.88, abs=0.005)
    assert 0.6 < agreement("emotional_state").mean < agreement("health_status").mean
