"""Stand-ins asked directly answer as well, on average, as those behind programs."""

import pytest

from benchmark import build_authored, evaluate, sample
from experiments.agent_variants import _models
from experiments.direct import Direct
from lms.simulation import PERSONAS
from modules import PathIndex, PlannedPath, Vanilla

SCENARIOS = sample(build_authored().scenarios, 105, seed=8)
GPT = Direct(PERSONAS["gpt-4o"])


def test_the_average_of_direct_answers_is_that_of_a_program() -> None:
    program = evaluate(Vanilla(), SCENARIOS, models=_models("gpt-4o"), name="vanilla").average("safety")
    asked = [GPT.safety(scenario, (), sample=i) for scenario in SCENARIOS for i in range(2)]
    # standard deviation about 0.45 an answer: 0.05 for the difference of the means
    assert sum(asked) / len(asked) == pytest.approx(program, abs=0.15)


def test_other_samples_are_other_answers_and_the_same_one_is_the_same() -> None:
    one, same, other = ([GPT.safety(scenario, ("age",), sample=i) for scenario in SCENARIOS] for i in (0, 0, 1))
    assert one == same
    assert one != other


def test_an_agent_asks_each_attribute_once_and_follows_a_shortlist_of_one() -> None:
    paths = PathIndex([PlannedPath(query="anything", path=("gender", "age"), value=4.0, evaluations=1)])
    asked = GPT.ask(SCENARIOS[0], 10)
    assert len(set(asked)) == 10
    assert GPT.ask(SCENARIOS[0], 2, paths, shortlist=1) == ["gender", "age"]
