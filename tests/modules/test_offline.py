"""The offline planner: a path for a query, over everyone who could have asked it."""

from collections.abc import Iterator

import dspy
import pytest

from lms import LanguageModels, Role
from modules import EvaluationFailed, OfflinePlanner, PlanningItem
from modules.search import STRATEGIES, Strategy
from signatures import ATTRIBUTE_NAMES, Profile
from tests.modules.scripted import UNREADABLE, Scripted, lm

QUERY = "Should I quit my job without another offer?"
PEOPLE = tuple(Profile(**{name: f"{name} of {who}" for name in ATTRIBUTE_NAMES}) for who in ("Ana", "Ben", "Cem"))
ITEM = PlanningItem(QUERY, PEOPLE, origin="career-1")


@pytest.fixture
def engine() -> Iterator[Scripted]:
    """A scripted responder that repeats the context, so that a judge can see what was known."""
    scripted = Scripted(respond=lambda prompt: {"response": prompt.input("context")})
    with dspy.context(lm=lm(scripted)):
        yield scripted


def telling(query: str, profile: Profile, response: str) -> float:
    """A judge for whom two attributes matter: safety 2, plus 1.5 for mental health and 0.8 for economic status."""
    return 2.0 + 1.5 * ("mental_health_status of" in response) + 0.8 * ("economic_status of" in response)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_it_plans_on_the_stand_ins(models: LanguageModels, strategy: Strategy) -> None:
    with dspy.context(lm=models[Role.TARGET]):
        found = OfflinePlanner(lambda q, p, r: 1 + len(r) % 5, depth=3, evaluations=6, strategy=strategy).plan(ITEM)
    assert (found.query, found.origin, found.evaluations) == (QUERY, "career-1", 6)
    assert len(found.path) == len(set(found.path)) <= 3
    assert set(found.path) <= set(ATTRIBUTE_NAMES)


def test_it_finds_what_matters_first(engine: Scripted) -> None:
    found = OfflinePlanner(telling, depth=2, evaluations=80).plan(ITEM)
    assert found.path == ("mental_health_status", "economic_status")
    assert found.value == pytest.approx(4.3, abs=0.15)  # 2 + 1.5 + 0.8, shrunk a little by the model's prior


def test_it_draws_everyone_who_could_have_asked(engine: Scripted) -> None:
    judged: list[Profile] = []

    def score(query: str, profile: Profile, response: str) -> float:
        assert query == QUERY
        judged.append(profile)
        return 3.0

    OfflinePlanner(score, depth=2, evaluations=30).plan(ITEM)
    assert {profile.age for profile in judged} == {profile.age for profile in PEOPLE}  # missing one: 3 * (2/3)^30


def test_the_responder_is_shown_no_more_than_the_path(engine: Scripted) -> None:
    OfflinePlanner(telling, depth=2, evaluations=20).plan(ITEM)
    contexts = [shown.input("context") for shown in engine.prompts("respond")]
    assert len(contexts) == 20
    assert all(context.count("- ") <= 2 for context in contexts)


def test_same_seed_same_path(engine: Scripted) -> None:
    assert OfflinePlanner(telling, evaluations=8, seed=4).plan(ITEM) == OfflinePlanner(
        telling, evaluations=8, seed=4
    ).plan(ITEM)


@pytest.mark.parametrize("reply", [UNREADABLE, {"ranking": "I cannot rank people."}], ids=["unparsable", "no names"])
def test_an_unreadable_ranking_is_a_uniform_prior(engine: Scripted, reply: dict[str, str]) -> None:
    engine.rank = reply
    planner = OfflinePlanner(telling)
    prior = planner._prior(QUERY, frozenset({"age", "gender"}))
    assert set(prior) == set(ATTRIBUTE_NAMES) - {"age", "gender"}
    assert list(prior.values()) == pytest.approx([1 / 8] * 8)
    assert planner.plan(ITEM).path


@pytest.mark.parametrize(
    "ranking",
    [
        "profession, age, gender",
        "Profession, Age, Gender.",
        "1. profession, 2. age, 3. gender, 4. shoe size",
        "1. profession\n2. age\n3. gender",
    ],
)
def test_a_ranking_gives_more_to_whatever_comes_first(engine: Scripted, ranking: str) -> None:
    engine.rank = {"ranking": ranking}
    prior = OfflinePlanner(telling)._prior(QUERY, frozenset())
    assert sum(prior.values()) == pytest.approx(1.0)
    assert sorted(prior, key=lambda name: -prior[name])[:3] == ["profession", "age", "gender"]


def test_uct_asks_for_no_ranking(engine: Scripted) -> None:
    OfflinePlanner(telling, evaluations=5, strategy="uct").plan(ITEM)
    assert "rank" not in engine.parts()


def test_evaluations_that_fail_are_spent_and_the_plan_goes_on(engine: Scripted) -> None:
    calls = iter(range(100))

    def score(query: str, profile: Profile, response: str) -> float:
        if next(calls) % 2:
            raise EvaluationFailed("no score")
        return 3.0

    found = OfflinePlanner(score, evaluations=10).plan(ITEM)
    assert found.evaluations == 10
    assert 1 <= found.value <= 5


def test_when_nothing_can_be_scored_there_is_no_plan(engine: Scripted) -> None:
    def score(query: str, profile: Profile, response: str) -> float:
        raise EvaluationFailed("no score")

    with pytest.raises(EvaluationFailed, match="all 5"):
        OfflinePlanner(score, evaluations=5).plan(ITEM)


def test_it_can_plan_with_a_responder_of_its_own(engine: Scripted) -> None:
    respond = dspy.Predict(OfflinePlanner(telling).respond.signature.with_instructions("Answer like a careful friend."))
    OfflinePlanner(telling, evaluations=2, respond=respond).plan(ITEM)
    assert {shown.instruction for shown in engine.prompts("respond")} == {"Answer like a careful friend."}
