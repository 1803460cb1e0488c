"""The reference points, behind RAISE's interface."""

import asyncio
from collections.abc import Callable

import dspy
import pytest

from modules import (
    AgentOnly,
    AgentSettings,
    ContextRich,
    GreedyPath,
    OraclePath,
    PartialContext,
    RandomPath,
    StaticPath,
    Vanilla,
)
from signatures import ATTRIBUTE_NAMES, Profile, RaiseError, StopReason, UserContext
from tests.modules.scripted import NOISE, UNREADABLE, Grading, Person, Scripted

pytestmark = pytest.mark.usefixtures("engine")
QUERY = "Should I quit my job without another offer?"
WHOLE = Profile(**dict.fromkeys(ATTRIBUTE_NAMES, "known"))
MAKE: dict[str, Callable[[], dspy.Module]] = {
    "vanilla": Vanilla,
    "context-rich": ContextRich,
    "partial": lambda: PartialContext(["age"]),
    "agent-only": AgentOnly,
    "random": lambda: RandomPath(2),
    "static": lambda: StaticPath(["age", "gender"]),
    "greedy": lambda: GreedyPath(1, Grading()),
    "oracle": lambda: OraclePath(1, Grading()),
}


@pytest.mark.parametrize("name", MAKE)
def test_all_share_raises_interface_in_sync_and_async(name: str) -> None:
    program = MAKE[name]()
    call = {"query": QUERY, "context": UserContext(age="30s") if program.sees_profile else None, "origin": "s"}
    found = program(user=Person("age=40"), **call)
    assert found.response == "Here is my advice."
    fields = "response context questions asked n_queries burden stop_reason turns spent unreadable ungrounded "
    fields += "off_target invalid falling invented invented_kept plain_answers harmful stopped"
    assert set(found.keys()) == set(fields.split())
    assert dict(asyncio.run(program.acall(user=Person("age=40"), **call)).items()) == dict(found.items())


def test_only_reference_points_are_shown_the_profile() -> None:
    assert [name for name, make in MAKE.items() if make().sees_profile] == [
        "context-rich",
        "partial",
        "greedy",
        "oracle",
    ]


def test_a_partial_context_answers_from_the_attributes_that_it_names(engine: Scripted) -> None:
    found = PartialContext(("profession", "age"))(query=QUERY, user=Person(), context=WHOLE.only(["age", "gender"]))
    assert (found.context, found.n_queries) == (UserContext(age="known"), 0)
    [shown] = engine.prompts("respond")
    assert shown.input("context") == "- age: known"
    assert PartialContext(("gender", "age")).names == ("age", "gender")


def test_a_partial_context_refuses_what_does_not_exist() -> None:
    with pytest.raises(RaiseError, match="shoe_size"):
        PartialContext(("shoe_size",))
    with pytest.raises(RaiseError, match="context"):
        PartialContext(())(query="?", user=Person())


def test_vanilla_answers_the_bare_query_at_once(engine: Scripted) -> None:
    user = Person()
    found = Vanilla()(query=QUERY, user=user)
    assert (found.n_queries, found.stop_reason, user.questions) == (0, StopReason.SUFFICIENT, [])
    assert engine.parts() == ["respond"]
    assert engine.calls[0][1].input("context") == UserContext().as_text()


def test_vanilla_uses_the_context_it_is_handed(engine: Scripted) -> None:
    found = Vanilla()(query=QUERY, context=UserContext(age="30s"))
    assert engine.calls[0][1].input("context") == "- age: 30s"
    assert found.context == UserContext(age="30s")


def test_context_rich_answers_from_the_whole_profile(engine: Scripted) -> None:
    ContextRich()(query=QUERY, user=Person(), context=WHOLE)
    assert engine.parts() == ["respond"]
    assert engine.calls[0][1].input("context") == WHOLE.as_text()


def test_context_rich_needs_the_profile() -> None:
    with pytest.raises(RaiseError, match="context"):
        ContextRich()(query=QUERY, user=Person())


@pytest.mark.parametrize("program", [Vanilla(), StaticPath([])], ids=["vanilla", "static"])
def test_an_answer_outside_the_form_is_taken_as_it_stands(engine: Scripted, program: dspy.Module) -> None:
    engine.respond = UNREADABLE
    assert program(query=QUERY, user=Person()).response == NOISE


def test_agent_only_plans_without_examples(engine: Scripted) -> None:
    found = AgentOnly(AgentSettings(budget=2, retrieved=5))(query=QUERY, user=Person())
    assert found.n_queries == 2
    assert {shown.input("examples") for shown in engine.prompts("plan")} == {"(none)"}


def test_a_static_path_is_asked_in_order_whatever_the_query(engine: Scripted) -> None:
    path = ["self_harm_history", "age", "profession"]
    program = StaticPath(path)
    engine.abstain = {"missing": "", "completeness": 5}  # the path decides, not the model
    for query in (QUERY, "How can I lose weight?"):
        assert program(query=query, user=Person()).asked == path
    assert {"abstain", "plan"}.isdisjoint(engine.parts())


def test_a_static_path_is_kept_to_where_one_call_would_do_all(engine: Scripted) -> None:
    program = StaticPath(["gender", "age"], AgentSettings(abstention="turn"))
    assert program(query=QUERY, user=Person()).asked == ["gender", "age"]
    assert "abstain" not in engine.parts()


def test_a_static_path_may_have_all_ten(engine: Scripted) -> None:
    found = StaticPath(ATTRIBUTE_NAMES[::-1])(query=QUERY, user=Person())
    assert found.asked == list(ATTRIBUTE_NAMES[::-1])
    assert found.stop_reason is StopReason.EXHAUSTED


def test_an_empty_static_path_asks_nothing() -> None:
    assert StaticPath([])(query=QUERY, user=Person()).n_queries == 0


def test_a_static_path_skips_what_was_volunteered_or_is_known() -> None:
    program = StaticPath(["age", "gender", "profession"])
    assert program(query=QUERY, user=Person("age=40; gender=woman")).asked == ["age", "profession"]
    assert program(query=QUERY, user=Person(), context=UserContext(age="30s")).asked == ["gender", "profession"]


@pytest.mark.parametrize("program", [StaticPath(["age", "gender"]), RandomPath(3)], ids=["static", "random"])
def test_paths_have_the_crisis_floor_too(program: dspy.Module) -> None:
    found = program(query=QUERY, user=Person("I want to kill myself"))
    assert (found.stop_reason, found.n_queries) == (StopReason.CRISIS, 1)


@pytest.mark.parametrize("path", [["shoe_size"], ["age", "age"], ["age", "Gender"]], ids=str)
def test_a_static_path_that_cannot_be_asked_is_refused(path: list[str]) -> None:
    with pytest.raises(RaiseError, match="distinct attributes"):
        StaticPath(path)


def test_a_random_path_has_k_distinct_attributes() -> None:
    for k in range(len(ATTRIBUTE_NAMES) + 1):
        asked = RandomPath(k)(query=QUERY, user=Person()).asked
        assert len(asked) == len(set(asked)) == k


@pytest.mark.parametrize("k", [-1, 11])
def test_a_random_path_of_impossible_length_is_refused(k: int) -> None:
    with pytest.raises(RaiseError, match=f"random:{k}"):
        RandomPath(k)


def test_a_random_path_depends_on_query_and_seed_alone() -> None:
    def asked(query: str, seed: int) -> list[str]:
        path: list[str] = RandomPath(4, seed=seed)(query=query, user=Person()).asked
        return path

    assert asked(QUERY, 1) == asked(QUERY, 1)
    # 5,040 ordered paths: 20 equal draws by chance are out of the question
    assert len({tuple(asked(QUERY, seed)) for seed in range(20)}) > 1
    assert len({tuple(asked(f"{QUERY} {i}", 1)) for i in range(20)}) > 1


def test_random_paths_favour_no_attribute() -> None:
    # 600 draws of 3 of 10: each attribute 180 times on average, standard deviation sqrt(600 * 0.3 * 0.7) = 11.2
    drawn = [name for i in range(600) for name in RandomPath(3).path_for(f"query {i}")]
    assert all(abs(drawn.count(name) - 180) < 5 * 11.2 for name in ATTRIBUTE_NAMES)
