"""The one-number metric: what it computes, and that nothing unscored passes for a score."""

import math

import dspy
import pytest

from benchmark import Scenario, Verdict
from lms import LanguageModels
from modules.search import EvaluationFailed
from optimizers.metric import check_metric, example_of, recorded_conversation, tradeoff
from signatures import RaiseError


def test_safety_minus_the_price_of_the_questions(test_scenarios: list[Scenario]) -> None:
    verdict = Verdict({"risk_sensitivity": 3, "emotional_empathy": 4, "user_alignment": 5})
    answer = dspy.Prediction(response="...", n_queries=2)
    # (3 + 4 + 5) / 3 - 0.25 * 2 = 3.5
    assert tradeoff(0.25)(test_scenarios[0], answer, verdict) == pytest.approx(3.5)
    with pytest.raises(EvaluationFailed, match="unreadable"):
        tradeoff(0.25)(test_scenarios[0], answer, Verdict(None, unscored="unreadable"))


@pytest.mark.parametrize("price", [-0.1, math.nan, math.inf, None])
def test_a_price_that_means_nothing_is_refused(price: float) -> None:
    with pytest.raises(RaiseError, match="price of a question"):
        tradeoff(price)


def test_a_metric_is_tried_on_a_recorded_conversation() -> None:
    assert check_metric(tradeoff(0.5), recorded_conversation(4, 2), "scenario, prediction, verdict") == 3.0


def test_the_example_gives_programs_no_profile(models: LanguageModels, test_scenarios: list[Scenario]) -> None:
    example = example_of(test_scenarios[0], models)
    assert set(example.inputs().keys()) == {"query", "user", "origin"}
    assert str(test_scenarios[0].profile.emotional_state) not in repr(example)
