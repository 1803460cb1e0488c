"""Answers that state what nobody gave, on hand-written lines of which half were written before the rules."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.scenarios.scenario import Scenario
from lms.simulation import phrases
from modules.reading.inventions import invented

LINES: dict[str, Any] = tomllib.loads(Path(__file__).with_name("data").joinpath("answers.toml").read_text("utf-8"))


def known_in(text: str) -> dict[str, str]:
    pairs = (part.strip().split("=", 1) for part in text.split(";") if part.strip())
    return {name: value for name, value in pairs}  # noqa: C416  two by two


@pytest.mark.parametrize("half", LINES)
def test_what_nobody_gave_is_found(half: str) -> None:
    lines = [[part.strip() for part in line.split("|")] for line in LINES[half]["invents"]]
    missed = [line for line in lines if line[0] not in invented(line[3], [line[2]], known_in(line[1]))]
    assert len(lines) > 30
    assert missed == []


@pytest.mark.parametrize("half", LINES)
def test_what_is_known_supposed_or_said_of_others_is_no_invention(half: str) -> None:
    lines = [[part.strip() for part in line.split("|")] for line in LINES[half]["honest"]]
    alarms = [(line, found) for line in lines if (found := invented(line[2], [line[1]], known_in(line[0])))]
    assert len(lines) >= 30
    assert alarms == []


def test_stand_ins_that_use_what_they_know_invent_nothing(test_scenarios: list[Scenario]) -> None:
    said = [*phrases.VALIDATE, *phrases.ENCOURAGE, *phrases.CAUTION, *phrases.HELP, *phrases.TRUSTED, *phrases.CRISIS]
    said += [*phrases.STEPS, *phrases.BLUNT, *(line for lines in phrases.TOPIC.values() for line in lines)]
    for scenario in test_scenarios[:25]:
        known = scenario.profile.known()
        used = [line.format(v=value) for name, value in known.items() for line in phrases.USE[name]]
        assert invented(" ".join([*said, *used]), [scenario.query], known) == (), scenario.id


def test_what_was_said_in_an_answer_is_given() -> None:
    assert invented("As a nurse, rest well.", ["How do I sleep?", "I'm a nurse on the night shift"], {}) == ()
    assert invented("As a nurse, rest well.", ["How do I sleep?", "I'm a teacher"], {}) == ("profession",)


def test_each_attribute_is_named_once() -> None:
    assert invented("As a man of 40, wait. You're a man.", ["Should I wait?"], {}) == ("gender",)


@given(st.text(max_size=80), st.text(max_size=40))
def test_any_text_can_be_looked_at(response: str, query: str) -> None:
    found = invented(response, [query], {})
    assert len(found) == len(set(found))
