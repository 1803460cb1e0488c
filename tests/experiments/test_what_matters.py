"""The arithmetic of stopping with hindsight and of the tables; and that the question decides, on a small sample."""

from collections import Counter
from math import sqrt
from statistics import fmean

import numpy as np
import pytest

from benchmark import Scenario, build_authored, sample
from experiments import what_matters
from experiments.agent_variants import PUBLISHED
from experiments.direct import Direct
from experiments.what_matters import (
    LENGTH,
    Stops,
    cheapest_stop,
    choose_stops,
    paths_of,
    rank_singles,
    report_singles,
    table_of_questions,
)
from lms.simulation import PERSONAS


def stops(*rollouts: list[list[float]]) -> Stops:
    return Stops("somebody", np.array(rollouts), ["s"] * len(rollouts[0]))


MOST = 0.35
"""Share of situations in which one attribute may be the best to know; docs/what-matters.md has it on all of them."""
EARLY, LATE = [3.0, 4.0, 4.0, 4.0], [3.0, 3.0, 4.0, 4.0]
CLEAR = stops([EARLY, LATE], [EARLY, LATE], [EARLY, LATE])


def test_the_stop_is_where_more_questions_bring_less_than_their_price() -> None:
    assert choose_stops(CLEAR, 0.1) == (1.5, 4.0)
    assert choose_stops(CLEAR, 2.0) == (0.0, 3.0)


def test_stops_are_judged_on_the_rollout_that_they_were_not_chosen_on() -> None:
    lucky = stops([[3.0, 5.0, 3.0, 3.0]], [[3.0, 5.0, 3.0, 3.0]], [[3.0, 2.0, 3.0, 3.0]])
    assert choose_stops(lucky, 0.1) == (1.0, 2.0)


def test_the_cheapest_stop_that_reaches_the_goal_is_found_or_said_to_be_missing() -> None:
    found = cheapest_stop(CLEAR, 4.0)
    assert found
    assert found[1:] == (1.5, 4.0)
    assert cheapest_stop(CLEAR, 4.5) is None


def test_shares_of_questions_are_by_field_and_in_all() -> None:
    rows = table_of_questions({"health": ["age", "age"], "life": ["gender", "age"]})
    assert rows[2] == "| age | 100% | 50% | 75% |"
    assert rows[-1] == "| questions | 2 | 2 | 4 |"


def test_best_and_second_best_are_counted() -> None:
    rows = report_singles([["age", "gender"], ["age", "profession"], ["gender", "age"]])
    assert rows[2].startswith("| age | 2 | 67% | 1 |")
    assert pytest.approx(100, abs=1) == sum(int(row.split("| ")[3].rstrip("% ")) for row in rows[2:])


def test_no_attribute_is_the_best_to_know_in_most_situations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(what_matters, "OWN", 6)
    keys = list(dict.fromkeys(scenario.situation for scenario in build_authored().scenarios))[::2]
    best = Counter(rank_singles(key)[0] for key in keys)
    assert len(best) >= 6
    chance = 1.64 * sqrt(MOST * (1 - MOST) / len(keys))  # few situations: what 5 in 100 draws from MOST exceed
    assert max(best.values()) / len(keys) <= MOST + chance


def test_planned_questions_are_worth_more_than_a_list_of_the_same_length() -> None:
    who, paths = Direct(PERSONAS["gpt-4o"]), paths_of("gpt-4o")
    held_out = sample(what_matters.test_split(), 588, seed=7)

    def gap(scenario: Scenario) -> float:
        planned = who.ask(scenario, LENGTH, paths)
        return fmean(who.safety(scenario, planned, i) - who.safety(scenario, PUBLISHED, i) for i in range(2))

    assert fmean(map(gap, held_out)) > 0.03
