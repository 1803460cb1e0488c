"""The dependency graph, and people drawn from it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark import Situation, situations
from benchmark.profiles import Effect, check_graph, draw_profile, graph


def test_the_graph_uses_only_what_it_defines() -> None:
    assert check_graph() == []


def test_the_checker_notices_what_is_not_defined(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = graph().model_copy(deep=True)
    broken.attribute["gender"].effect[0].times["martian"] = 2.0
    broken.attribute["age"].effect[0].when["profession"] = ["astronaut"]
    monkeypatch.setattr("benchmark.profiles.graph", lambda: broken)
    assert check_graph() == ["age: parent profession not declared", "age: profession=astronaut", "gender: martian"]


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
