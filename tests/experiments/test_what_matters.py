"""The arithmetic of stopping with hindsight and of the tables."""

import numpy as np
import pytest

from experiments.what_matters import Stops, cheapest_stop, choose_stops, report_singles, table_of_questions


def stops(*rollouts: list[list[float]]) -> Stops:
    return Stops("somebody", np.array(rollouts), ["s"] * len(rollouts[0]))


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
