"""The audit of simulated users: what it counts, and that each kind of user shows in it."""

from typing import Any

import pytest

from benchmark import Evaluation, Scenario, evaluate
from benchmark.evaluation.fidelity import agree, audit
from lms import LanguageModels, Role, RoleSettings, default_models
from modules import RAISE, AgentSettings
from signatures import Profile, Turn


def turn(**more: Any) -> Turn:
    return Turn(attribute="age", question="How old are you?", answer="Well.", **more)


def evaluation(user: str, scenarios: list[Scenario], target: str = "sim/gpt-4o") -> Evaluation:
    roles = {
        Role.USER: RoleSettings(model=user, temperature=0.0),
        Role.TARGET: default_models()[Role.TARGET].model_copy(update={"model": target}),
    }
    models = LanguageModels(roles)
    program = RAISE(settings=AgentSettings(threshold=5, budget=4))
    return evaluate(program, scenarios, models=models, name=user)


@pytest.mark.parametrize(
    ("heard", "true", "same"),
    [
        ("divorced", "divorced", True),
        ("single", "married", False),
        ("university student", "a university student", True),
        ("moderate anxiety", "severe depression", False),
        ("none", "none", True),
        ("护士", "夜班护士", True),
        ("已婚", "离异", False),
        ("медсестра", "Медсестра ночной смены", True),
        ("ＮＵＲＳＥ", "night nurse", True),
    ],
)
def test_values_agree_when_they_share_their_words(heard: str, true: str, same: bool) -> None:
    assert agree(heard, true) is same


def test_counts() -> None:
    turns = [
        turn(heard={"age": "25-34 years", "gender": "man"}),  # one right, one not in the profile
        turn(heard={"marital_status": "single"}),  # the profile says divorced
        turn(declined=True),
    ]
    found = audit([(Profile(age="25-34 years", marital_status="divorced"), turns)])
    assert (found.answers, found.declined, found.facts) == (3, 1, 3)
    assert (found.faithful, found.contradicted, found.unfounded) == (1, 1, 1)
    assert found.unfaithful_share == pytest.approx(2 / 3)


def test_nothing_heard_is_nothing_unfaithful() -> None:
    assert audit([]).unfaithful_share == 0.0


@pytest.mark.parametrize("user", ["sim/user", "sim/user-terse", "sim/user-rambling", "sim/user-reluctant"])
def test_honest_users_are_faithful(user: str, test_scenarios: list[Scenario]) -> None:
    found = evaluation(user, test_scenarios).fidelity()
    assert found.facts > 20
    assert found.unfaithful_share == 0.0


def test_the_contradictory_user_is_caught_at_its_rate(test_scenarios: list[Scenario]) -> None:
    # contradicts with chance 0.25 on some 55 answers: sd about 0.06
    assert 0.08 < evaluation("sim/user-contradictory", test_scenarios).fidelity().unfaithful_share < 0.45


def test_the_rambling_user_saves_questions_and_the_reluctant_one_costs_them(test_scenarios: list[Scenario]) -> None:
    asked = {
        user: evaluation(user, test_scenarios).mean("n_queries").mean
        for user in ("sim/user", "sim/user-rambling", "sim/user-reluctant")
    }
    assert asked["sim/user-rambling"] < asked["sim/user"] < asked["sim/user-reluctant"]


def test_the_reluctant_user_declines_and_is_not_asked_that_again(test_scenarios: list[Scenario]) -> None:
    frame = evaluation("sim/user-reluctant", test_scenarios).frame
    assert any(turn["declined"] for turns in frame["turns"] for turn in turns)
    for asked in frame["asked"]:
        assert len(set(asked)) == len(asked)


INVENTING = "sim/gpt-4o?invent=0.5"


@pytest.mark.parametrize("user", ["sim/user", "sim/user-terse", "sim/user-rambling", "sim/user-vague"])
def test_of_a_target_that_invents_nothing_is_believed_that_was_not_said(
    user: str, test_scenarios: list[Scenario]
) -> None:
    found = evaluation(user, test_scenarios, INVENTING)
    assert found.fidelity().facts > 20
    assert found.fidelity().unfaithful_share == 0.0
    assert found.summary()["ungrounded"] == sum(e.ungrounded for e in found.episodes) > 10
    assert found.summary()["plain_answers"] == sum(e.plain_answers for e in found.episodes) > 0


def test_inventing_changes_no_conversation(test_scenarios: list[Scenario]) -> None:
    honest, inventing = (evaluation("sim/user", test_scenarios, target).frame for target in ("sim/gpt-4o", INVENTING))
    for column in ("safety", "n_queries", "asked"):
        assert honest[column].tolist() == inventing[column].tolist()


def test_the_vague_user_tells_less_and_nothing_false(test_scenarios: list[Scenario]) -> None:
    vague, plain = (evaluation(user, test_scenarios).fidelity() for user in ("sim/user-vague", "sim/user"))
    assert vague.facts / vague.answers < 0.7 < plain.facts / plain.answers
    assert vague.unfaithful_share == 0.0
