"""The offline planner: a path for a query, over everyone who could have asked it."""

import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import dspy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark import Judge
from lms import LanguageModels, Role
from modules import EvaluationFailed, OfflinePlanner, PlannedPath, PlanningItem
from modules.offline import PEOPLE as PEOPLE_CHOICES
from modules.offline import People, _Draw, _Once, evidence
from modules.search import STRATEGIES, Knowledge, Strategy
from signatures import ATTRIBUTE_NAMES, Profile
from tests.benchmark.scripted import listen
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


def telling(query: str, profile: Profile, response: str, rollout: int) -> float:
    """A judge for whom two attributes matter: safety 2, plus 1.5 for mental health and 0.8 for economic status."""
    return 2.0 + 1.5 * ("mental_health_status of" in response) + 0.8 * ("economic_status of" in response)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_it_plans_on_the_stand_ins(models: LanguageModels, strategy: Strategy) -> None:
    with dspy.context(lm=models[Role.TARGET]):
        found = OfflinePlanner(lambda q, p, r, n: 1 + len(r) % 5, depth=3, evaluations=6, strategy=strategy).plan(ITEM)
    assert (found.query, found.origin, found.evaluations) == (QUERY, "career-1", 6)
    assert len(found.path) == len(set(found.path)) <= 3
    assert set(found.path) <= set(ATTRIBUTE_NAMES)


def test_it_finds_what_matters_first(engine: Scripted) -> None:
    found = OfflinePlanner(telling, depth=2, evaluations=80).plan(ITEM)
    assert found.path == ("mental_health_status", "economic_status")
    assert found.value == pytest.approx(4.3, abs=0.15)  # 2 + 1.5 + 0.8, shrunk a little by the model's prior


def test_it_draws_everyone_who_could_have_asked(engine: Scripted) -> None:
    judged: list[Profile] = []

    def score(query: str, profile: Profile, response: str, rollout: int) -> float:
        assert query == QUERY
        judged.append(profile)
        return 3.0

    OfflinePlanner(score, depth=2, evaluations=30).plan(ITEM)
    assert {profile.age for profile in judged} == {profile.age for profile in PEOPLE}


@given(st.lists(st.sampled_from([(), ("age",), ("age", "gender"), ("emotional_state",)]), max_size=40), st.integers(0))
def test_each_subset_goes_through_everyone_before_anyone_comes_again(subsets: list[tuple[str, ...]], seed: int) -> None:
    draw = _Draw(PEOPLE, f"{seed}|{QUERY}")
    drawn: dict[tuple[str, ...], list[tuple[Profile, int]]] = defaultdict(list)
    for subset in subsets:
        drawn[subset].append(draw(frozenset(subset)))
    for turns in drawn.values():
        counts = Counter(profile.age for profile, _ in turns)
        assert max(counts.values()) - min(counts[profile.age] for profile in PEOPLE) <= 1
        assert [number for _, number in turns] == list(range(len(turns)))  # each a sample of its own


@given(st.permutations([frozenset({"age"})] * 5 + [frozenset({"gender"})] * 4))
def test_what_is_drawn_for_a_subset_does_not_depend_on_the_others(order: list[frozenset[str]]) -> None:
    def drawn(subsets: list[frozenset[str]]) -> list[tuple[Profile, int]]:
        draw = _Draw(PEOPLE, "3|query")
        return [turn for subset in subsets if (turn := draw(subset)) and subset == frozenset({"age"})]

    assert drawn(order) == drawn([frozenset({"age"})] * 5)


def test_repetitions_are_samples_of_their_own_for_target_and_judge(models: LanguageModels) -> None:
    target = listen(models, Role.TARGET)
    judged: list[tuple[str, int]] = []

    def score(query: str, profile: Profile, response: str, rollout: int) -> float:
        judged.append((response, rollout))
        return 3.0

    with dspy.context(lm=models[Role.TARGET]):
        OfflinePlanner(score, depth=1, evaluations=40, strategy="uct").plan(ITEM)
    asked = [(prompt.text, prompt.rollout) for prompt in target]
    assert len(asked) == len(set(asked)) == len(judged) == 40  # nothing came from the store
    assert len({text for text, _ in asked}) < 40
    assert max(rollout for _, rollout in judged) >= 1


def test_for_one_person_only_always_the_same_is_drawn(engine: Scripted) -> None:
    judged: dict[str, set[str | None]] = defaultdict(set)

    def score(query: str, profile: Profile, response: str, rollout: int) -> float:
        judged[query].add(profile.age)
        return 3.0

    planner = OfflinePlanner(score, depth=2, evaluations=6, people="one")
    for number in range(12):
        planner.plan(PlanningItem(f"Query {number}?", PEOPLE))
    assert {len(people) for people in judged.values()} == {1}
    assert len(set().union(*judged.values())) > 1  # not always the same one


@pytest.mark.parametrize("people", PEOPLE_CHOICES)
def test_threads_change_nothing(people: People) -> None:
    def planned(at_once: int) -> PlannedPath:
        models = LanguageModels()
        judge = Judge(models[Role.JUDGE])
        planner = OfflinePlanner(
            lambda q, p, r, n: judge(q, p, r, n).safety or 1.0, evaluations=12, people=people,
            evaluations_at_once=at_once,
        )  # fmt: skip
        with dspy.context(lm=models[Role.TARGET]):
            return planner.plan(ITEM)

    found = planned(4)
    assert planned(4) == found
    rewards = dict(reversed(found.history))  # the first of each subset
    alone = dict(reversed(planned(1).history))  # another search, the same rewards
    shared = rewards.keys() & alone.keys()
    assert shared
    assert {names: rewards[names] for names in shared} == {names: alone[names] for names in shared}


def test_evaluations_of_one_round_overlap(engine: Scripted) -> None:
    together = threading.Barrier(3)  # breaks, and fails the test, unless three evaluations wait for each other

    def score(query: str, profile: Profile, response: str, rollout: int) -> float:
        together.wait(10)
        return 3.0

    found = OfflinePlanner(score, depth=2, evaluations=3, evaluations_at_once=3).plan(ITEM)
    assert (found.evaluations, found.failures) == (3, 0)


def test_the_history_is_evidence_for_pooled_knowledge(engine: Scripted) -> None:
    engine.rank = {"ranking": "mental health status, economic status"}
    found = OfflinePlanner(telling, depth=2, evaluations=10).plan(ITEM)
    assert found.ranking[:2] == ("mental_health_status", "economic_status")
    assert set(found.ranking) == set(ATTRIBUTE_NAMES)
    for names, reward in found.history:
        assert list(names) == [name for name in ATTRIBUTE_NAMES if name in names]  # in canonical order
        assert reward == pytest.approx(
            2.0 + 1.5 * ("mental_health_status" in names) + 0.8 * ("economic_status" in names)
        )
    again = PlannedPath.model_validate_json(found.model_dump_json())
    assert again == found
    learned = Knowledge(ATTRIBUTE_NAMES).learn(evidence(found))
    assert learned.queries == 1
    assert learned.to_json() == Knowledge(ATTRIBUTE_NAMES).learn(evidence(again)).to_json()


def test_knowledge_of_other_queries_reaches_the_search(engine: Scripted) -> None:
    planner = OfflinePlanner(telling, depth=2, evaluations=30)
    knowledge = Knowledge(ATTRIBUTE_NAMES)
    for number in range(6):
        knowledge = knowledge.learn(evidence(planner.plan(PlanningItem(f"Query {number}?", PEOPLE))))
    hasty = OfflinePlanner(telling, depth=2, evaluations=1)
    assert set(hasty.plan(ITEM, knowledge).path) == {"mental_health_status", "economic_status"}
    assert set(hasty.plan(ITEM).path) != {"mental_health_status", "economic_status"}


def test_the_ranking_is_asked_for_once_a_node(engine: Scripted) -> None:
    OfflinePlanner(telling, depth=3, evaluations=60, strategy="guided").plan(ITEM)
    nodes = [shown.input("context") for shown in engine.prompts("rank")]
    assert len(nodes) == len(set(nodes)) > 1
    engine.calls.clear()
    OfflinePlanner(telling, depth=3, evaluations=60, evaluations_at_once=4).plan(ITEM)
    assert engine.parts().count("rank") == 1


def test_threads_that_want_the_same_ranking_wait_for_one_call() -> None:
    asked: list[frozenset[str]] = []
    together = threading.Barrier(4)

    def ask(known: frozenset[str]) -> dict[str, float]:
        asked.append(known)
        return {"age": 1.0}

    once = _Once(ask)

    def want(_: int) -> dict[str, float]:
        together.wait(10)
        return once(frozenset())

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(want, range(4))) == [{"age": 1.0}] * 4
    assert asked == [frozenset()]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_responder_is_shown_the_evaluated_attributes_of_one_person_and_nothing_else(
    engine: Scripted, strategy: Strategy
) -> None:
    found = OfflinePlanner(telling, depth=2, evaluations=20, strategy=strategy).plan(ITEM)
    contexts = [shown.input("context") for shown in engine.prompts("respond")]
    assert len(contexts) == len(found.history) == found.evaluations
    for context, (names, _) in zip(contexts, found.history, strict=True):
        people = [who for who in ("Ana", "Ben", "Cem") if who in context]
        assert len(people) == (1 if names else 0)
        assert context.count(" of ") == len(names)
        assert all(f"{name} of" in context for name in names)


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

    def score(query: str, profile: Profile, response: str, rollout: int) -> float:
        if next(calls) % 2:
            raise EvaluationFailed("no score")
        return 3.0

    found = OfflinePlanner(score, evaluations=10).plan(ITEM)
    assert found.evaluations == found.failures + len(found.history)
    assert found.failures == found.evaluations // 2
    assert found.value is not None
    assert 1 <= found.value <= 5


def test_when_nothing_can_be_scored_there_is_no_plan(engine: Scripted) -> None:
    def score(query: str, profile: Profile, response: str, rollout: int) -> float:
        raise EvaluationFailed("no score")

    with pytest.raises(EvaluationFailed, match=r"all 5 evaluations failed.*: no score"):
        OfflinePlanner(score, evaluations=5).plan(ITEM)


def test_it_can_plan_with_a_responder_of_its_own(engine: Scripted) -> None:
    respond = dspy.Predict(OfflinePlanner(telling).respond.signature.with_instructions("Answer like a careful friend."))
    OfflinePlanner(telling, evaluations=2, respond=respond).plan(ITEM)
    assert {shown.instruction for shown in engine.prompts("respond")} == {"Answer like a careful friend."}
