"""One call a turn: n questions, n + 1 calls, every check of the separate steps, and a step for every missing part."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dspy
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lms import LanguageModels, ReplyStore, Role
from lms.simulation.prompt import Prompt
from modules import RAISE, AgentSettings, PathIndex, PlannedPath
from modules.answers import PLAIN_QUESTIONS
from modules.crisis.guard import help_first
from signatures import ATTRIBUTE_NAMES, Ask, Conversation, Respond, StopReason, UserContext
from tests.modules.scripted import (
    QUERY,
    STORED,
    TALK,
    UNREADABLE,
    Outputs,
    Person,
    Scripted,
    agent,
    answered,
    asked,
    candidates,
    lm,
)

LONG = "They closed the plant and I lost my job in March"
ASK = Ask(attribute="profession", question="What do you do?")
QUIET: Outputs = {"facts": {}, "declined": "False", "danger": "none"}
ENOUGH: Outputs = {**QUIET, "completeness": 5, "response": "Rest first."}


def turn(paths: PathIndex | None = None, **changes: object) -> RAISE:
    return agent(paths, abstention="turn", **changes)


def asking(attribute: str = "age", question: str = "How old are you?", **more: object) -> Outputs:
    return {**QUIET, "completeness": 1, "attribute": attribute, "question": question, **more}


def next_open(prompt: Prompt) -> Outputs:
    """Asks the first candidate, and answers once there is none."""
    name = candidates(prompt)[0]
    return {**ENOUGH, "completeness": 0} if name == "(none)" else asking(name, f"And how about it, number {name[:2]}?")


# How many calls.


@pytest.mark.parametrize("questions", [0, 1, 3])
@pytest.mark.parametrize("answer", [LONG, "34", "I'd rather not say", "it depends", ""])
def test_n_questions_take_n_plus_1_calls(engine: Scripted, questions: int, answer: str) -> None:
    engine.abstain = next_open
    program = turn(budget=questions)
    found = program(query=QUERY, user=Person(then=answer))
    alike = asyncio.run(program.acall(query=QUERY, user=Person(then=answer)))
    assert dict(found.items()) == dict(alike.items())
    assert engine.parts() == ["abstain"] * 2 * (questions + 1)
    assert (found.n_queries, found.response, found.stop_reason) == (questions, "Rest first.", StopReason.BUDGET)
    assert [spent["calls"] for spent in found.spent] == ([2, *[1] * (questions - 1), 0] if questions else [1])
    assert found.unreadable == 0


def test_the_prompt_shows_the_last_question_its_answer_and_what_may_still_be_asked(engine: Scripted) -> None:
    engine.abstain = next_open
    turn(STORED, budget=2, threshold=3)(query=QUERY, user=Person("34", LONG))
    first, second, last = engine.prompts("abstain")
    assert (first.input("last_question"), first.input("reply"), first.input("threshold")) == ("(none)", "(none)", "3")
    assert (second.input("last_question"), second.input("reply")) == (PLAIN_QUESTIONS["age"], "34")
    assert second.input("context") == "- age: 34"  # read by code, so the model knows it as known
    assert "age" not in candidates(second)
    assert "Should I quit my job this week?" in second.input("examples")
    assert (last.input("reply"), last.input("candidates")) == (LONG, "(none)")


# Reading.


def test_what_was_said_is_learnt_and_what_was_not_is_dropped_and_counted(engine: Scripted) -> None:
    read = {
        "facts": {"profession": "lost my job", "age": "25"},
        "quotes": {"profession": "lost my job", "age": "I'm 25"},
    }
    engine.abstain = asking("gender", "What is your gender?", **read)
    talk = turn().hear(TALK, LONG, ASK)
    assert talk.context == UserContext(profession="lost my job")
    assert asked(turn().step(talk)).attribute == "gender"
    found = turn(budget=1)(query=QUERY, user=Person(LONG))
    assert found.ungrounded == 3  # the first call makes up both


@pytest.mark.parametrize("facts", [{"age": "25"}, {"profession": "lost my job", "age": "25"}])
def test_an_answer_and_a_rating_that_rest_on_inventions_are_asked_for_again(
    engine: Scripted, facts: Mapping[str, str]
) -> None:
    def says(prompt: Prompt) -> Outputs:
        if "missing" in prompt.fields:
            return {"missing": "", "completeness": 5}
        return {**ENOUGH, "facts": facts, "quotes": {}}

    engine.abstain = says
    talk = turn().hear(TALK, LONG, ASK)
    assert engine.parts() == ["abstain", "abstain", "respond"]
    assert turn().step(talk) == Respond(text="Here is my advice.", reason=StopReason.SUFFICIENT)


def test_enough_only_by_inventions_is_not_enough(engine: Scripted) -> None:
    def says(prompt: Prompt) -> Outputs:
        if "missing" in prompt.fields:
            return {"missing": "age", "completeness": 1}
        return {**ENOUGH, "facts": {"age": "25"}, "quotes": {}}

    engine.abstain = says
    assert isinstance(turn().step(turn().hear(TALK, LONG, ASK)), Ask)


def test_what_is_known_already_is_no_invention_when_the_model_repeats_it(engine: Scripted) -> None:
    talk = TALK.model_copy(update={"context": UserContext(age="40", health_status="asthma since I was a child")})
    repeated = {"age": "40", "health_status": "asthma", "profession": "lost my job"}
    engine.abstain = {**ENOUGH, "facts": repeated, "quotes": {}}
    talk = turn().hear(talk, LONG, ASK)
    assert talk.context.known() == {**repeated, "health_status": "asthma since I was a child"}
    assert answered(turn().step(talk)).text == "Rest first."
    assert engine.parts() == ["abstain"]
    engine.abstain = {**ENOUGH, "facts": {"age": "25"}, "quotes": {}}  # another value is one
    turn().hear(TALK.model_copy(update={"context": UserContext(age="40")}), LONG, ASK)
    assert engine.parts()[1:3] == ["abstain", "abstain"]  # so the rating is asked for again


def test_an_answer_that_settles_a_contradiction_is_heard(engine: Scripted) -> None:
    talk = TALK.model_copy(update={"context": UserContext(age="40"), "contradicted": {"age": "60"}})
    engine.abstain = asking("gender", "And your gender?", facts={"age": "60"}, quotes={"age": "I am 60 years old"})
    settled = turn().hear(
        talk, "Oh dear, what did I say there? I am 60 years old.", Ask(attribute="age", question="How old are you?")
    )
    assert (settled.context.age, settled.contradicted) == ("60", {})


def test_plain_words_win_over_the_model(engine: Scripted) -> None:
    engine.abstain = asking("gender", "What is your gender?", facts={"age": "in their 50s"}, declined="True")
    talk = turn().hear(TALK, "34", Ask(attribute="age", question="How old are you?"))
    assert (talk.context, talk.declined) == (UserContext(age="34"), frozenset())


def test_a_refusal_that_only_the_model_sees_counts(engine: Scripted) -> None:
    engine.abstain = asking("profession", "What do you do?", declined="True")
    talk = turn().hear(TALK, "Why do all of you want to know such things about everybody?", ASK)
    assert talk.declined == {"profession"}
    assert asked(turn().step(talk)).attribute != "profession"


def test_words_nobody_asked_for_are_read_in_the_same_call(engine: Scripted) -> None:
    engine.abstain = asking("gender", "What is your gender?", facts={"age": "40"}, quotes={"age": "I'm 40 years old"})
    talk = turn().hear(TALK, "I'm 40 years old, by the way")
    assert (talk.context, talk.asked()) == (UserContext(age="40"), ())
    assert asked(turn().step(talk)).attribute == "gender"
    assert engine.parts() == ["abstain"]


# What is missing comes from its own step.

MISSING: list[tuple[str, Outputs, list[str]]] = [
    ("nothing can be read", UNREADABLE, ["read", "triage", "abstain", "plan", "ask"]),
    ("no facts", {**asking(), "facts": None}, ["read"]),
    ("facts are no object", {**asking(), "facts": "a worker"}, ["read"]),
    ("no danger", {**asking(), "danger": None}, ["triage"]),
    ("danger unclear", {**asking(), "danger": "perhaps"}, ["triage"]),
    ("no rating", {**asking(), "completeness": None}, ["abstain"]),
    ("two ratings", {**asking(), "completeness": "3 or 4"}, ["abstain"]),
    ("no attribute", asking(""), ["plan", "ask"]),
    ("no such attribute", asking("shoe size"), ["plan", "ask"]),
    ("the attribute is known", asking("marital_status"), ["plan", "ask"]),
    ("the attribute was asked", asking("profession"), ["plan", "ask"]),
    ("the attribute is forbidden", asking("gender"), ["plan", "ask"]),
    ("no question", asking("age", ""), ["ask"]),
    ("a question called none", asking("age", "(none)"), ["ask"]),
    ("no answer", {**ENOUGH, "response": ""}, ["respond"]),
    ("an answer called none", {**ENOUGH, "response": "None."}, ["respond"]),
]


@pytest.mark.parametrize(("reply", "steps"), [case[1:] for case in MISSING], ids=[case[0] for case in MISSING])
def test_only_what_is_missing_is_asked_for_by_its_own_step(engine: Scripted, reply: Outputs, steps: list[str]) -> None:
    engine.abstain = lambda prompt: {"missing": "", "completeness": 0} if "missing" in prompt.fields else _said(reply)
    talk = TALK.model_copy(update={"context": UserContext(marital_status="married")})
    program = turn(never_ask={"gender"})
    move = program.step(program.hear(talk, LONG, ASK))
    assert engine.parts() == ["abstain", *steps]
    if isinstance(move, Ask):
        assert move.attribute == "age"
    else:
        assert move.text == "Here is my advice."


def _said(reply: Outputs) -> Outputs:
    return {name: value for name, value in reply.items() if value is not None}


@pytest.mark.parametrize("part", ["facts", "danger", "completeness"])
def test_a_part_that_is_missing_is_counted_as_unreadable(engine: Scripted, part: str) -> None:
    engine.abstain = lambda prompt: (
        {"missing": "", "completeness": 0}
        if "missing" in prompt.fields
        else {name: value for name, value in next_open(prompt).items() if name != part}
    )
    found = turn(budget=2)(query=QUERY, user=Person(then=LONG))
    assert found.n_queries == 2
    assert found.unreadable == (2 if part == "facts" else 3)  # there is nothing to read at first


def test_what_may_not_be_asked_gives_way_to_the_plan_without_a_call(engine: Scripted) -> None:
    engine.abstain = asking("gender", "What is your gender?")
    move = asked(turn(STORED, never_ask={"gender"}).step(TALK))
    assert move.attribute == "emotional_state"
    assert engine.parts() == ["abstain", "ask"]  # a question about something else is of no use


def test_a_question_that_cannot_be_put_becomes_the_plain_one(engine: Scripted) -> None:
    engine.abstain = asking("marital_status", "What is your marital status?")
    assert asked(turn().step(TALK)).question == PLAIN_QUESTIONS["marital_status"]


def test_facts_as_a_python_dict_and_a_rating_out_of_five_can_be_read(engine: Scripted) -> None:
    engine.abstain = {**ENOUGH, "facts": "{'profession': 'lost my job'}", "quotes": "", "completeness": "4/5"}
    talk = turn().hear(TALK, LONG, ASK)
    assert talk.context == UserContext(profession="lost my job")
    assert answered(turn().step(talk)).text == "Rest first."
    assert engine.parts() == ["abstain"]


# Danger.


@pytest.mark.parametrize("where", ["query", "answer"])
def test_plain_danger_gets_help_before_any_call(engine: Scripted, where: str) -> None:
    words = "I want to kill myself tonight"
    talk = Conversation(query=words) if where == "query" else turn().hear(TALK, words, ASK)
    assert turn().step(talk) == Respond(text=help_first(), reason=StopReason.CRISIS)
    assert engine.calls == []


def test_danger_that_the_model_sees_gets_help_in_place_of_its_own_answer(engine: Scripted) -> None:
    engine.abstain = {**ENOUGH, "danger": "acute"}
    assert turn().step(turn().hear(TALK, LONG, ASK)).model_dump() == {"text": help_first(), "reason": StopReason.CRISIS}
    assert engine.parts() == ["abstain"]


def test_so_it_does_from_the_score_that_is_set(engine: Scripted) -> None:
    engine.abstain = {**ENOUGH, "danger": "acute"}
    heeding = turn(triage_from=0.2)
    move = heeding.step(heeding.hear(TALK, LONG, ASK))
    assert isinstance(move, Respond)
    assert move.reason is StopReason.SUFFICIENT


# The prepared move.


def test_a_prepared_move_survives_json_and_needs_no_call(engine: Scripted) -> None:
    engine.abstain = next_open
    program = turn(budget=2)
    talk = program.hear(TALK, "34", asked(program.step(TALK)))
    engine.calls.clear()
    back = Conversation.model_validate_json(talk.model_dump_json())
    assert back == talk
    assert program.step(back) == program.step(talk) == asyncio.run(program.astep(back))
    assert engine.calls == []


def test_a_prepared_move_is_good_for_one_state_only(engine: Scripted) -> None:
    engine.abstain = next_open
    program = turn(budget=4)
    talk = program.hear(TALK, "34", Ask(attribute="age", question="How old are you?"))
    before = asked(program.step(talk))
    for changed in (
        talk.model_copy(update={"context": UserContext(gender="woman", age="34")}),
        talk.model_copy(update={"declined": frozenset({before.attribute})}),
        program.hear(talk, "woman", before),
    ):
        after = asked(program.step(changed))
        assert (before.attribute, after.attribute) == ("gender", "marital_status")


def test_a_program_with_other_limits_does_not_ask_what_another_prepared(engine: Scripted) -> None:
    engine.abstain = next_open
    talk = turn().hear(TALK, "34", Ask(attribute="age", question="How old are you?"))
    assert asked(turn(never_ask={"gender"}).step(talk)).attribute == "marital_status"
    assert isinstance(turn(budget=1).step(talk), Respond)


def test_the_separate_steps_prepare_nothing(engine: Scripted) -> None:
    assert agent().hear(TALK, "34", ASK).prepared is None


# Whole conversations.

QUERIES = ("Is it a good idea to lend my brother money?", "Should I move abroad alone?")
PATHS = PathIndex(
    PlannedPath(query=query, path=("emotional_state", "health_status"), value=4.0, evaluations=5) for query in QUERIES
)
ANSWERS = ("I'm 34, and I'm a nurse. I'm divorced.", "I'd rather not say", "not sure", "asthma")


@pytest.mark.parametrize("model", ["gpt-4o", "mistral-7b", "gpt-4o?invent=0.5", "gpt-4o?misread=0.5"])
def test_sync_and_async_agree_and_a_run_goes_on_from_stored_replies(tmp_path: Path, model: str) -> None:
    def models() -> LanguageModels:
        fresh = LanguageModels(store=ReplyStore(tmp_path / "replies.db"))
        role = fresh.roles[Role.TARGET].model_copy(update={"model": f"sim/{model}"})
        return LanguageModels({Role.TARGET: role}, store=fresh.store)

    program = RAISE(PATHS, AgentSettings(abstention="turn", threshold=5))

    def talk(made: LanguageModels) -> list[dict[str, Any]]:
        with made.context(Role.TARGET):
            return [dict(program(query=query, user=Person(*ANSWERS)).items()) for query in QUERIES]

    async def talk_async(made: LanguageModels) -> list[dict[str, Any]]:
        with made.context(Role.TARGET):
            return [dict((await program.acall(query=query, user=Person(*ANSWERS))).items()) for query in QUERIES]

    first, again, anew = models(), models(), models()
    found = talk(first)
    assert talk(again) == asyncio.run(talk_async(anew)) == found
    assert first.ledger.snapshot().calls()
    assert not again.ledger.snapshot().calls()
    assert not anew.ledger.snapshot().calls()


ODD = """none acute True 0 4 5 9 4/5 {} {"age":"40"} {"gender":["woman"]} {'age':{'age':1}} {"age" null [1,2] ?"""
VALUE = st.text(max_size=30) | st.sampled_from(
    [*ATTRIBUTE_NAMES, *ODD.split(), "[[ ## response ## ]]", "age, gender", "How old are you?"]
)
FIELDS = ("quotes", "facts", "declined", "danger", "completeness", "attribute", "question", "response")
REPLY = st.just(UNREADABLE) | st.dictionaries(st.sampled_from(FIELDS), VALUE, min_size=1)


@given(
    replies=st.lists(REPLY, min_size=1, max_size=8),
    answers=st.lists(st.sampled_from(["34", LONG, "I'm a married nurse", "no comment", "", "age=40"]), max_size=6),
    budget=st.integers(0, 4),
    never=st.frozensets(st.sampled_from(ATTRIBUTE_NAMES)),
    shortlist=st.sampled_from([0, 1, 3]),
)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_the_model_says_nothing_forbidden_is_asked_and_it_ends(
    replies: list[Outputs], answers: list[str], budget: int, never: frozenset[str], shortlist: int
) -> None:
    told = iter(replies * 20)
    scripted = Scripted(abstain=lambda prompt: next(told) or NOTHING_READ)
    program = turn(STORED, budget=budget, never_ask=never, shortlist=shortlist)
    with dspy.context(lm=lm(scripted)):
        found = program(query=QUERY, user=Person(*answers))
    assert found.n_queries == len(set(found.asked)) <= budget
    assert not never & {*found.asked}
    assert found.response.strip()
    known: set[str] = set()
    for each in found.turns:
        assert each["attribute"] not in known  # known for certain, asked about, or declined
        assert each["question"].strip()
        assert all(_was_said(value, each["answer"]) for value in each["heard"].values())
        known = (known | {*each["heard"]}) - {*each["contradicts"]} | {each["attribute"]}


NOTHING_READ: Outputs = {"reasoning": "hm"}


def _was_said(value: str, answer: str) -> bool:
    return value.split(" (asked", maxsplit=1)[0] in answer
