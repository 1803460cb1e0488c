"""The search as a DSPy optimizer: what DSPy users pass in and get out."""

import dspy
import pytest

from benchmark import Scenario, Verdict, build_authored, sample, split
from lms import LanguageModels, Role
from modules import RAISE, PathIndex, PlannedPath
from optimizers import Constraints, Pareto, example_of
from signatures import RaiseError

DATA = build_authored()
TRAIN, DEV = (sample(split(DATA, part), count) for part, count in (("train", 7), ("dev", 7)))
STUDENT = RAISE(
    PathIndex(
        [PlannedPath(query=s.query, path=("emotional_state",), value=4.0, evaluations=5, origin="x") for s in TRAIN]
    )
)


def test_scenarios_go_in_and_the_picked_member_of_the_front_comes_out() -> None:
    optimizer = Pareto(trials=3, pick="max-safety")
    assert isinstance(optimizer, dspy.teleprompt.Teleprompter)
    program = optimizer.compile(STUDENT, trainset=TRAIN, valset=DEV)
    assert optimizer.search is not None
    best = max(optimizer.search.front, key=lambda candidate: candidate.point[0])
    assert program is best.program
    assert len(best.dev.frame) == len(DEV)
    with dspy.context(lm=optimizer.models[Role.TARGET]):
        assert program(query=DEV[0].query, user=lambda question: "I'd rather not say.").response


def test_examples_do_as_well_as_scenarios_and_a_metric_of_ones_own_chooses_demonstrations() -> None:
    asked: list[str] = []

    def empathy(scenario: Scenario, prediction: dspy.Prediction, verdict: Verdict) -> float:
        asked.append(scenario.id)
        return (verdict.scores or {})["emotional_empathy"]

    models = LanguageModels()
    examples = [[example_of(scenario, models) for scenario in part] for part in (TRAIN, DEV)]
    optimizer = Pareto(models, empathy, trials=2, constraints=Constraints(max_queries=1.0), seed=1)
    optimizer.compile(STUDENT, trainset=examples[0], valset=examples[1])
    assert set(asked) == {scenario.id for scenario in TRAIN}
    assert optimizer.search is not None
    assert all(candidate.point[1] <= 1.0 for candidate in optimizer.search.front)


def test_what_is_no_scenario_is_refused_in_one_sentence() -> None:
    with pytest.raises(RaiseError, match=r"no example of a scenario.*example_of"):
        Pareto(trials=2).compile(STUDENT, trainset=[dspy.Example(query="Should I?").with_inputs("query")])
    with pytest.raises(RaiseError, match="unknown pick"):
        Pareto(pick="best")
