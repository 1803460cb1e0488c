"""The settings of the agent: what is refused, and what is filled in."""

import pytest
from pydantic import ValidationError

from modules import AgentSettings
from signatures import ATTRIBUTE_NAMES

WRONG: list[dict[str, object]] = [
    {"threshold": -1},
    {"threshold": 6},
    {"budget": -0.1},
    {"budget": float("nan")},
    {"budget": float("inf")},  # no JSON number
    {"retrieved": -1},
    {"burdens": {"shoe_size": 1.0}},
    {"burdens": {"age": -1.0}},
    {"burdens": {"age": float("nan")}},
    {"never_ask": {"shoe_size"}},
    {"abstention": "astrology"},
    {"colour": "red"},
]


def test_settings_out_of_range_are_refused() -> None:
    for wrong in WRONG:
        with pytest.raises(ValidationError):
            AgentSettings(**wrong)


def test_burdens_not_given_stay_one() -> None:
    burdens = AgentSettings(burdens={"age": 3}).burdens
    assert burdens == {**dict.fromkeys(ATTRIBUTE_NAMES, 1.0), "age": 3.0}
