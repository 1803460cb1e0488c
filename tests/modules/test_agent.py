"""RAISE's step, its reading of answers, and its loop, on a scripted model."""

import asyncio

import pytest

from modules.crisis.guard import help_first
from signatures import Ask, Conversation, Respond, StopReason, UserContext
from tests.modules.scripted import QUERY, STORED, TALK, UNREADABLE, Person, Scripted, agent, answered, asked, rated

# The order of a step.


def test_a_step_that_asks_goes_triage_abstention_planner_questioner(engine: Scripted) -> None:
    move = agent().step(TALK)
    assert isinstance(move, Ask)
    assert engine.parts() == ["triage", "abstain", "plan", "ask"]


def test_a_step_that_knows_enough_never_reaches_the_planner(engine: Scripted) -> None:
    engine.abstain = {"missing": "", "completeness": 5}
    move = agent().step(TALK)
    assert move == Respond(text="Here is my advice.", reason=StopReason.SUFFICIENT)
    assert engine.parts() == ["triage", "abstain", "respond"]


def test_sufficient_comes_before_budget(engine: Scripted) -> None:
    engine.abstain = {"missing": "", "completeness": 5}
    assert answered(agent(budget=0).step(TALK)).reason is StopReason.SUFFICIENT


def test_a_spent_budget_never_reaches_the_planner(engine: Scripted) -> None:
    move = agent(budget=0).step(TALK)
    assert isinstance(move, Respond)
    assert move.reason is StopReason.BUDGET
    assert engine.parts() == ["triage", "abstain", "respond"]


def test_acute_danger_comes_before_everything(engine: Scripted) -> None:
    engine.triage = {"danger": "acute"}
    engine.abstain = {"missing": "", "completeness": 5}
    assert agent(country="US").step(TALK) == Respond(text=help_first("US"), reason=StopReason.CRISIS)
    assert engine.parts() == ["triage", "abstain"]  # side by side; nothing is asked and nothing else is called


VANISHED = "It would be easier for everyone if I just vanished"
"""Scores high, and does not fire by itself."""


def test_a_models_triage_counts_from_the_score_that_is_set(engine: Scripted) -> None:
    engine.triage = {"danger": "acute"}
    engine.abstain = {"missing": "", "completeness": 5}
    port, vanished = (Conversation(query=query) for query in ("How do I kill a process on a port?", VANISHED))
    assert answered(agent().step(port)).reason is StopReason.CRISIS
    assert answered(agent(triage_from=0.1).step(port)).reason is StopReason.SUFFICIENT
    assert answered(agent(triage_from=0.1).step(vanished)).reason is StopReason.CRISIS
    engine.triage = {"danger": "not acute"}
    assert asked(agent(triage_from=0.1).step(vanished)).attribute == "self_harm_history"  # of concern it stays


def test_contacts_can_be_given(engine: Scripted) -> None:
    engine.triage = {"danger": "acute"}
    move = answered(agent(country="US", contacts={"US": "the campus nurse on extension 12"}).step(TALK))
    assert "extension 12" in move.text


# Abstention.


def test_at_or_above_the_threshold_it_answers_and_below_it_asks(engine: Scripted) -> None:
    for completeness in range(6):
        engine.abstain = {"missing": "age", "completeness": completeness}
        answering = [threshold for threshold in range(6) if isinstance(agent(threshold=threshold).step(TALK), Respond)]
        assert answering == list(range(completeness + 1))


def test_abstention_sees_the_query_and_what_is_known(engine: Scripted) -> None:
    agent().step(Conversation(query=QUERY, context=UserContext(age="30s")))
    [shown] = engine.prompts("abstain")
    assert shown.inputs == {"query": QUERY, "context": "- age: 30s"}


def test_unreadable_abstention_asks_while_the_budget_lasts_and_is_counted(engine: Scripted) -> None:
    engine.abstain = UNREADABLE
    found = agent(budget=3)(query=QUERY, user=Person())
    assert (found.n_queries, found.stop_reason) == (3, StopReason.BUDGET)
    assert found.unreadable == 4  # before each of the three questions, and once before the answer


# Hearing.


def test_hearing_learns_and_says_what_was_asked(engine: Scripted) -> None:
    ask = Ask(attribute="age", question="How old are you?")
    talk = agent().hear(TALK, "age=40", ask)
    assert talk.context == UserContext(age="40")
    [turn] = talk.turns
    assert (turn.attribute, turn.question, turn.answer) == ("age", "How old are you?", "age=40")
    assert engine.prompts("read")[0].input("question") == "How old are you?"


def test_hearing_unasked_learns_without_an_attribute(engine: Scripted) -> None:
    talk = agent().hear(TALK, "age=40; gender=woman")
    assert talk.context == UserContext(age="40", gender="woman")
    assert talk.asked() == ()


def test_volunteered_facts_shorten_the_conversation(engine: Scripted) -> None:
    engine.abstain = rated("age: 40", "gender: woman", "profession: nurse")
    engine.plan = lambda prompt: {"attribute": prompt.input("candidates").split(", ")[0]}
    brief = agent()(query=QUERY, user=Person("age=40; gender=woman; profession=nurse"))
    assert (brief.n_queries, brief.stop_reason) == (1, StopReason.SUFFICIENT)
    assert brief.context == UserContext(age="40", gender="woman", profession="nurse")
    # candidates come in canonical order: age, gender, marital_status, profession
    long = agent()(query=QUERY, user=Person("age=40", "gender=woman", "hm", "profession=nurse"))
    assert (long.n_queries, long.stop_reason) == (4, StopReason.SUFFICIENT)


def test_facts_that_are_no_attributes_or_blank_are_dropped(engine: Scripted) -> None:
    engine.read = {"facts": {"shoe_size": "44", "age": "  ", "gender": " woman "}, "declined": False}
    assert agent().hear(TALK, "a woman of size 44").context == UserContext(gender="woman")


def test_a_contradiction_later_does_not_overwrite(engine: Scripted) -> None:
    found = agent(budget=2)(query=QUERY, user=Person("age=40", "age=60; gender=woman"))
    assert found.context == UserContext(age="40", gender="woman")


def test_an_unreadable_reading_loses_the_answer_but_not_the_conversation(engine: Scripted) -> None:
    engine.read = UNREADABLE
    found = agent(budget=2)(query=QUERY, user=Person("age=40", "gender=woman"))
    assert found.context == UserContext()
    assert (found.unreadable, len(set(found.asked))) == (2, 2)


@pytest.mark.parametrize("facts", [{"age": 34}, {"age": "34", "gender": None}], ids=["number", "null"])
def test_facts_written_as_numbers_or_null_are_still_read(engine: Scripted, facts: dict[str, object]) -> None:
    engine.read = {"facts": facts, "declined": False}
    assert agent().hear(TALK, "I am 34").context == UserContext(age="34")


# Grounds.


def test_a_fact_that_was_not_said_is_dropped_and_counted(engine: Scripted) -> None:
    engine.read = {
        "quotes": {"age": "I'm 25", "profession": "lost my job", "marital_status": "lost my job"},
        "facts": {"age": "25", "profession": "unemployed", "marital_status": "single"},
        "declined": False,
    }
    engine.plan = {"attribute": "profession"}
    found = agent(budget=1)(query=QUERY, user=Person("They closed the plant and I lost my job in March"))
    assert found.context == UserContext(profession="lost my job")
    assert (found.ungrounded, found.unreadable) == (2, 0)


def test_a_plain_answer_doubt_and_a_refusal_need_no_call(engine: Scripted) -> None:
    found = agent(budget=3)(query=QUERY, user=Person("45 to 54", "I'm not sure, to be honest", "I'd rather not say"))
    assert engine.prompts("read") == []
    assert found.context == UserContext(age="45 to 54")
    assert [turn["declined"] for turn in found.turns] == [False, False, True]
    assert found.plain_answers == 3
    assert [turn["calls"] for turn in found.spent] == [4, 4, 4, 3]  # triage, abstention, planner, question; the answer


def test_what_is_contradicted_is_shown_with_both_sides_and_may_be_asked_about_once(engine: Scripted) -> None:
    engine.plan = lambda prompt: {"attribute": "age" if "age" in prompt.input("candidates").split(", ") else "gender"}
    raise_ = agent(budget=9)
    engine.read = {"facts": {"age": "40"}, "declined": False}
    talk = raise_.hear(TALK, "I'm 40 years old, by the way")
    engine.read = {"facts": {"age": "60"}, "declined": False}
    talk = raise_.hear(talk, "I'm 60 years old, after all")
    assert (talk.context.age, talk.contradicted) == ("40", {"age": "60"})
    assert talk.prompt_inputs()["context"] == "- age: 40; later said: 60"
    ask = asked(raise_.step(talk))
    assert ask.attribute == "age"
    settled = raise_.hear(talk, "61", ask)
    assert (settled.context.age, settled.contradicted) == ("61", {})
    assert asked(raise_.step(settled)).attribute == "gender"
    dodged = raise_.hear(talk, "hard to say", ask)
    assert dodged.prompt_inputs()["context"] == "- age: 40; later said: 60"
    assert asked(raise_.step(dodged)).attribute == "gender"


# Async.


def test_a_coroutine_function_can_be_the_user(engine: Scripted) -> None:
    async def user(question: str) -> str:
        await asyncio.sleep(0)
        return "age=40"

    found = asyncio.run(agent(budget=1).acall(query=QUERY, user=user))
    assert found.context == UserContext(age="40")


def test_a_plain_function_can_be_the_user_of_the_async_agent(engine: Scripted) -> None:
    found = asyncio.run(agent(budget=1).acall(query=QUERY, user=Person("age=40")))
    assert found.context == UserContext(age="40")


def test_async_step_and_hear_are_the_same_as_sync(engine: Scripted) -> None:
    raise_ = agent(STORED)

    async def steps() -> tuple[Ask, Conversation]:
        move = asked(await raise_.astep(TALK))
        return move, await raise_.ahear(TALK, "age=40; gender=woman", move)

    move = asked(raise_.step(TALK))
    assert asyncio.run(steps()) == (move, raise_.hear(TALK, "age=40; gender=woman", move))
