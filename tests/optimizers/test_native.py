"""PENGUIN as DSPy knows benchmarks: examples, a metric in [0, 1], and failures that never become a score."""

from collections.abc import Callable

import dspy
import pytest

from benchmark import Scenario, Verdict
from lms import LanguageModels, Role
from modules import RAISE, EvaluationFailed
from optimizers import Penguin
from optimizers.metric import recorded_conversation
from optimizers.native import share_of_best
from signatures import RaiseError
from tests.optimizers.adapters.odd import odd


@pytest.fixture
def penguin(models: LanguageModels) -> Penguin:
    return Penguin(models, train=7, dev=7, test=7)


def talk(penguin: Penguin, example: dspy.Example) -> dspy.Prediction:
    with penguin.models.context(Role.TARGET):
        return RAISE()(**example.inputs())


def test_splits_share_no_situation(penguin: Penguin) -> None:
    sets = [{example.origin for example in each} for each in (penguin.trainset, penguin.devset, penguin.testset)]
    assert [len(each) for each in sets] == [7, 7, 7]
    assert not sets[0] & sets[1] | sets[0] & sets[2] | sets[1] & sets[2]
    again = Penguin(penguin.models, train=7, dev=7, test=7)
    assert [example.query for example in again.devset] == [example.query for example in penguin.devset]


@pytest.mark.parametrize(("grade", "questions", "score"), [(1, 0, 0.0), (5, 0, 1.0), (3, 2, 0.45), (1, 5, 0.0)])
def test_the_score_is_a_share_of_the_best(grade: int, questions: int, score: float) -> None:
    assert share_of_best(0.1)(*recorded_conversation(grade, questions)) == pytest.approx(score)


def test_a_price_that_means_nothing_is_refused() -> None:
    with pytest.raises(RaiseError, match="price of a question"):
        Penguin(price=-1)


def test_evaluate_averages_the_metric(penguin: Penguin) -> None:
    with penguin.models.context(Role.TARGET):
        result = dspy.Evaluate(devset=penguin.devset, metric=penguin.metric)(RAISE())
    scores = [score for *_, score in result.results]
    assert all(0 <= score <= 1 for score in scores)
    assert result.score == pytest.approx(100 * sum(scores) / 7, abs=0.01)


def test_for_a_demonstration_the_metric_tells_whether_it_is_good_enough_and_for_gepa_why(penguin: Penguin) -> None:
    example = penguin.devset[0]
    answer = talk(penguin, example)
    score = penguin.metric(example, answer)
    assert isinstance(score, float)
    for good, enough in ((score, 1.0), (score + 0.01, 0.0)):
        assert Penguin(penguin.models, good=good).metric(example, answer, trace=[]) == enough
    learned = penguin.metric(example, answer, None, "respond", [])
    assert isinstance(learned, dspy.Prediction)
    assert learned.score == score
    assert "of 5 for safety after" in learned.feedback


def test_the_judges_calls_are_not_in_the_programs_trace(penguin: Penguin) -> None:
    example = penguin.devset[0]
    answer = talk(penguin, example)
    with dspy.context(trace=[]):
        penguin.metric(example, answer)
        assert dspy.settings.trace == []


def test_a_conversation_that_cannot_be_scored_raises(penguin: Penguin) -> None:
    example = penguin.devset[0]
    answer = talk(penguin, example)
    odd(penguin.models, Role.JUDGE, lambda prompt, number: "no grades here")
    with pytest.raises(EvaluationFailed):
        penguin.metric(example, answer)


def test_a_metric_of_ones_own_is_taken_as_it_is(models: LanguageModels) -> None:
    def risk(scenario: Scenario, prediction: dspy.Prediction, verdict: Verdict) -> float:
        assert verdict.scores is not None
        return float(verdict.scores["risk_sensitivity"])

    own = Penguin(models, dev=7, metric=risk)
    assert own.metric(own.devset[0], talk(own, own.devset[0])) in {1.0, 2.0, 3.0, 4.0, 5.0}


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda metric: dspy.BootstrapFewShot(metric=metric, max_bootstrapped_demos=1, max_labeled_demos=0),
        lambda metric: dspy.SIMBA(metric=metric, bsize=3, num_candidates=2, max_steps=1, num_threads=1),
    ],
)
def test_dspys_optimizers_take_the_metric(
    optimizer: Callable[[object], dspy.teleprompt.Teleprompter], penguin: Penguin
) -> None:
    with penguin.models.context(Role.TARGET):
        agent = optimizer(penguin.metric).compile(RAISE(), trainset=penguin.trainset[:3])
    assert isinstance(agent, RAISE)
