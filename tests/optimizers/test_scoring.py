"""Scores for DSPy: one rule for what cannot be scored, whatever the order; too much of it ends the search."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import dspy
import pytest
from dspy.utils.exceptions import LMAuthError, LMTransportError

from benchmark import Judge, Scenario, Verdict, evaluate
from lms import LanguageModels, Role
from modules import Vanilla
from optimizers.metric import example_of, tradeoff
from optimizers.scoring import GOOD, ConversationScorer
from signatures import Profile, RaiseError

UNSCORED = Verdict(None, unscored="unreadable")
ANSWER = dspy.Prediction(response="...", n_queries=1)


def graded(grade: int) -> Verdict:
    return Verdict({"risk_sensitivity": grade, "emotional_empathy": grade, "user_alignment": grade})


class SayingJudge(Judge):
    """A judge that says of each query what it is given for it, or raises it."""

    def __init__(self, lm: dspy.LM, said: Mapping[str, Verdict | Exception]) -> None:
        super().__init__(lm)
        self._said = said

    def __call__(self, query: str, profile: Profile, response: str, rollout: int = 0) -> Verdict:
        verdict = self._said[query]
        if isinstance(verdict, Exception):
            raise verdict
        return verdict


def scorer_of(
    said: Sequence[Verdict | Exception], models: LanguageModels, scenarios: Sequence[Scenario]
) -> ConversationScorer:
    """A scorer whose judge says of each scenario what ``said`` has for it."""
    scorer = ConversationScorer(models, tradeoff(0.1))
    by_query = dict(zip([scenario.query for scenario in scenarios], said, strict=False))
    scorer.judge = SayingJudge(models[Role.JUDGE], by_query)
    return scorer


def test_the_uncompiled_program_says_what_is_average_and_what_is_good(
    models: LanguageModels, test_scenarios: list[Scenario]
) -> None:
    evaluation = evaluate(Vanilla(), test_scenarios, models=models, name="vanilla")
    scorer = ConversationScorer(models, tradeoff(0.1))
    found = scorer.calibrate(evaluation, test_scenarios)
    safety = evaluation.frame["safety"].astype(float)
    assert {i: c.score for i, c in found.items()} == dict(zip(evaluation.frame["scenario_id"], safety, strict=True))
    assert scorer.neutral == pytest.approx(safety.mean())
    assert scorer.threshold == pytest.approx(safety.quantile(GOOD))
    assert (scorer.scored, scorer.unscored) == (len(test_scenarios), 0)


def test_what_cannot_be_scored_is_neutral_and_no_demonstration_whoever_comes_first(
    models: LanguageModels, test_scenarios: list[Scenario]
) -> None:
    said = [graded(5), graded(1), UNSCORED, LMTransportError("no route"), graded(4), graded(2)]
    scorer = scorer_of(said, models, test_scenarios)
    scorer.neutral, scorer.threshold = 3.25, 3.9
    examples = [example_of(scenario, models) for scenario in test_scenarios[:6]]
    for order in (range(6), reversed(range(6))):
        values = {i: scorer(examples[i], ANSWER) for i in order}
        assert [values[i] for i in range(6)] == pytest.approx([4.9, 0.9, 3.25, 3.25, 3.9, 1.9])
    assert [scorer(example, ANSWER, trace=[]) for example in examples] == [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    assert scorer.issues == {"responses that could not be graded": 6}
    assert (scorer.scored, scorer.unscored) == (12, 6)


def test_counts_are_right_under_threads(models: LanguageModels, test_scenarios: list[Scenario]) -> None:
    said = [graded(3), UNSCORED] * (len(test_scenarios) // 2)
    scorer = scorer_of(said, models, test_scenarios)
    examples = [example_of(scenario, models) for scenario in test_scenarios[: len(said)]] * 10
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda example: scorer(example, ANSWER), examples))
    assert scorer.scored == scorer.unscored == len(examples) // 2


def test_a_conversation_that_failed_asks_nobody_and_says_why(
    models: LanguageModels, test_scenarios: list[Scenario]
) -> None:
    scorer = ConversationScorer(models, tradeoff(0.1))
    conversation = scorer.score(test_scenarios[0], ANSWER, failure="KeyError: x")
    assert (conversation.score, conversation.failure, conversation.verdict.unscored) == (
        None,
        "KeyError: x",
        "KeyError: x",
    )
    assert models.ledger.snapshot().total().calls == 0
    assert scorer.issues == {"conversations that failed": 1}


def test_a_metric_that_fails_leaves_the_conversation_unscored(
    models: LanguageModels, test_scenarios: list[Scenario]
) -> None:
    for failing in (lambda *_: 1 / 0, lambda *_: float("nan")):
        scorer = scorer_of([graded(4)], models, test_scenarios)
        scorer.metric = failing
        conversation = scorer.score(test_scenarios[0], ANSWER)
        assert conversation.score is None
        assert "the metric failed" in conversation.verdict.unscored
        assert scorer.issues == {"metric failures": 1}


def test_too_much_unscored_ends_the_search_with_the_reasons(
    models: LanguageModels, test_scenarios: list[Scenario]
) -> None:
    scorer = scorer_of([graded(3)] * 8 + [UNSCORED], models, test_scenarios)
    for scenario in test_scenarios[:9]:
        scorer.score(scenario, ANSWER)
    scorer.check(at_least=20)
    with pytest.raises(RaiseError, match=r"1 of 9 conversations could not be scored.*unreadable \(1\)"):
        scorer.check()  # 11 % is above 10 %


def test_nothing_scored_at_all_is_said(models: LanguageModels, test_scenarios: list[Scenario]) -> None:
    scorer = scorer_of([], models, test_scenarios)
    scorer.metric = lambda *_: float("nan")
    evaluation = evaluate(Vanilla(), test_scenarios[:2], models=models, name="vanilla")
    with pytest.raises(RaiseError, match="could not score any conversation of the uncompiled program"):
        scorer.calibrate(evaluation, test_scenarios[:2])


def test_a_key_that_is_refused_is_raised_as_it_is(models: LanguageModels, test_scenarios: list[Scenario]) -> None:
    scorer = scorer_of([LMAuthError("revoked")], models, test_scenarios)
    with pytest.raises(LMAuthError, match="revoked"):
        scorer.score(test_scenarios[0], ANSWER)
