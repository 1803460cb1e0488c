"""The dependency graph, and people drawn from it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark import Situation, situations
from benchmark.scenarios.profiles import Effect, calm_limits, chances, check_graph, draw_profile, graph


def test_the_graph_uses_only_what_it_defines() -> None:
    assert check_graph() == []


def test_the_checker_notices_what_is_not_defined(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = graph().model_copy(deep=True)
    broken.attribute["gender"].effect[0].times["martian"] = 2.0
    broken.attribute["age"].effect[0].when["profession"] = ["astronaut"]
    monkeypatch.setattr("benchmark.scenarios.profiles.graph", lambda: broken)
    broken.attribute["health_status"].base["asthma"] += 0.5
    broken.attribute["self_harm_history"].parents.append("education_level")
    broken.attribute["education_level"].effect[0].__dict__["why"] = " "
    assert check_graph() == [
        "age: parent profession not declared",
        "age: profession=astronaut",
        "gender: martian",
        "education_level: no reason given",
        "health_status: probabilities sum to 1.5",
        "self_harm_history: no effect of parent education_level",
    ]


def test_the_ten_dependencies_of_the_paper_and_one_of_ours() -> None:
    # paper, A.3: what each attribute depends on; the age of the marital status is ours
    depends = {
        "age": {"scenario"},
        "gender": {"scenario"},
        "marital_status": {"scenario", "gender"},
        "education_level": {"scenario", "age"},
        "profession": {"scenario", "age", "education_level"},
        "economic_status": {"profession", "marital_status"},
        "health_status": {"scenario", "age"},
        "mental_health_status": {"economic_status", "health_status", "education_level"},
        "self_harm_history": {"mental_health_status"},
        "emotional_state": {"mental_health_status", "education_level"},
    }
    ours = {"marital_status": {"age"}}
    assert {n: set(node.parents) for n, node in graph().attribute.items()} == {
        name: parents | ours.get(name, set()) for name, parents in depends.items()
    }


@given(situation=st.sampled_from(situations()), calm=st.booleans(), seed=st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=40)
def test_chances_are_probabilities_of_what_may_be_drawn(situation: Situation, calm: bool, seed: int) -> None:
    limits = calm_limits(situation) if calm else situation.only
    values = draw_profile(situation, np.random.default_rng(seed), calm=calm).known()
    drawn = {**values, "scenario": situation.domain}
    for name in graph().attribute:
        found = chances(name, drawn, limits, situation.likelier)
        assert sum(found.values()) == pytest.approx(1)
        assert min(found.values()) > 0
        assert set(found) <= set(limits.get(name, graph().attribute[name].base))
        assert name == "emotional_state" or values[name] in found


@pytest.mark.parametrize("rule", graph().never, ids=lambda rule: rule.why)
def test_every_rule_can_fire_and_names_values_that_exist(rule: Effect) -> None:
    when = rule.when
    assert all(value in graph().attribute[name].base for name, values in when.items() for value in values)
    assert rule.why in graph().violations({name: values[0] for name, values in when.items()})


@given(situation=st.sampled_from(situations()), seed=st.integers(0, 2**32 - 1), calm=st.booleans())
def test_whoever_is_drawn_is_possible(situation: Situation, seed: int, calm: bool) -> None:
    profile = draw_profile(situation, np.random.default_rng(seed), calm=calm)
    values = profile.known()
    assert len(values) == 10
    assert graph().violations(values) == []
    assert all(values[name] in allowed for name, allowed in situation.only.items())
    if calm:
        assert profile.emotional_state in situation.emotions["calm"]


def test_limits_that_leave_nobody_are_an_error() -> None:
    nobody = situations()[0].model_copy(update={"only": {"gender": ["man"], "health_status": ["pregnant"]}})
    with pytest.raises(ValueError, match="leave no consistent profile"):
        draw_profile(nobody, np.random.default_rng(0))
