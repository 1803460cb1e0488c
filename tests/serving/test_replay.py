"""A client that only sends its messages again has the conversation; whatever it does to them does no harm."""

import asyncio

import dspy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark import Scenario
from lms import LanguageModels, Role
from modules import RAISE
from modules.languages.detection import LANGUAGES
from modules.languages.texts import plain_question
from serving.replay import (
    Exchange,
    Message,
    anext_move,
    attribute_of,
    exchanges_in,
    is_question,
    next_move,
    words_of,
)
from signatures import ATTRIBUTE_NAMES, Ask, Conversation, Move, RaiseError, Respond, StopReason
from tests.modules.scripted import QUERY, Scripted, agent, answered, asked, lm

REFUSES = "I'd rather not say."


def user(text: object) -> Message:
    return {"role": "user", "content": text}


def assistant(text: object) -> Message:
    return {"role": "assistant", "content": text}


def told(scenario: Scenario, question: str) -> str:
    """What the person of ``scenario`` says to a question."""
    attribute = attribute_of(question, scenario.query)
    return (attribute and scenario.profile.known().get(attribute)) or REFUSES


def replayed(program: RAISE, scenario: Scenario) -> list[Move]:
    """The moves that a client gets which keeps nothing but messages."""
    messages, moves = [user(scenario.query)], [next_move(program, [user(scenario.query)])]
    while isinstance(moves[-1], Ask):
        messages += [assistant(words_of(moves[-1])), user(told(scenario, words_of(moves[-1])))]
        moves.append(next_move(program, messages))
    return moves


def stepped(program: RAISE, scenario: Scenario) -> list[Move]:
    """The moves of one conversation that is kept."""
    conversation = Conversation(query=scenario.query)
    moves = [program.step(conversation)]
    while isinstance(move := moves[-1], Ask):
        conversation = program.hear(conversation, told(scenario, move.question), move)
        moves.append(program.step(conversation))
    return moves


@pytest.mark.parametrize("abstention", ["scale", "turn"])
def test_messages_alone_lead_to_the_same_moves(
    models: LanguageModels, test_scenarios: list[Scenario], abstention: str
) -> None:
    program = agent(abstention=abstention)
    questions = 0
    with models.context(Role.TARGET):
        for scenario in test_scenarios[::3]:
            moves = replayed(program, scenario)
            assert [words_of(move) for move in moves] == [words_of(move) for move in stepped(program, scenario)]
            questions += len(moves) - 1
    assert questions > 7


def test_what_a_question_is_about_is_told_from_its_words(
    models: LanguageModels, test_scenarios: list[Scenario]
) -> None:
    missed = []
    with models.context(Role.TARGET):
        for scenario in test_scenarios:
            for move in stepped(agent(), scenario)[:-1]:
                question = asked(move)
                if attribute_of(question.question, scenario.query) != question.attribute:
                    missed.append(question)
    assert missed == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_plain_questions_are_known_again(language: str) -> None:
    plain = {name: plain_question(name, language) for name in ATTRIBUTE_NAMES}
    assert {attribute_of(question, QUERY): question for question in plain.values()} == plain
    assert all(map(is_question, plain.values()))


def test_a_question_that_fits_nothing_or_everything_is_about_nothing() -> None:
    assert attribute_of("What is your favourite colour?", QUERY) is None
    assert attribute_of("何歳ですか？", "仕事をやめるべきですか？") is None


def test_other_roles_and_what_leads_nowhere_are_left_out() -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        assistant("Hello! How can I help?"),
        user("Is it safe"),
        user("to stop my tablets?"),
        {"role": "tool", "content": "42", "tool_call_id": "1"},
        assistant("One moment."),
        assistant("How old are you?"),
        user([{"type": "text", "text": "I am 40."}, {"type": "image_url", "image_url": {"url": "x"}}]),
        assistant(None),
        user(None),
        assistant("Do you smoke?"),
    ]
    assert exchanges_in(messages) == [
        Exchange("", "Is it safe\nto stop my tablets?"),
        Exchange("How old are you?", "I am 40."),
    ]


@pytest.mark.parametrize(
    ("messages", "wrong"),
    [
        ([], "no message has the role user"),
        ([assistant("Hello")], "no message has the role user"),
        ([user("  ")], "no message has the role user"),
        ([user({"text": "hello"})], "content of message 1"),
        ([user("hello"), {"content": "no role"}], "message 2 is no object with a role"),
        ([user("hello"), "hello"], "message 2 is no object with a role"),
    ],
)
def test_what_is_no_chat_is_one_sentence(messages: list[Message], wrong: str) -> None:
    with pytest.raises(RaiseError, match=wrong):
        exchanges_in(messages)


def test_what_follows_an_answer_is_asked_in_addition(engine: Scripted) -> None:
    engine.abstain = {"missing": "", "completeness": 5}
    answer = "Here is my advice.\n\nFirst, save some money. Second, look for another offer. Would you like more?"
    answered(next_move(agent(), [user(QUERY), assistant(answer), user("And with children?")]))
    assert engine.prompts("respond")[-1].input("query") == f"{QUERY}\n\nAnd with children?"


def test_what_was_said_or_declined_is_not_asked_again(engine: Scripted) -> None:
    messages = [user(QUERY)]
    attributes = []
    for said in ("age=40", "no", "profession=nurse; gender=woman", "no", "no"):
        move = asked(next_move(agent(phrasing="plain"), messages))
        attributes.append(move.attribute)
        messages += [assistant(move.question), user(said)]
    assert len(set(attributes)) == len(attributes)
    assert answered(next_move(agent(phrasing="plain"), messages)).reason is StopReason.BUDGET


def test_questions_that_nobody_can_place_count_all_the_same(engine: Scripted) -> None:
    """A model that asks beside the point, and a person who says nothing: it ends."""
    messages = [user(QUERY)]
    for n in range(5):
        asked(next_move(agent(), messages))
        messages += [assistant(f"What is your favourite colour, number {n}?"), user("no")]
    assert answered(next_move(agent(), messages)).reason is StopReason.BUDGET


def test_a_question_in_a_language_without_words_here_is_known_by_making_the_move_again(engine: Scripted) -> None:
    query, question = "仕事をやめるべきですか？", "何歳ですか？"
    engine.ask = {"question": question}
    engine.plan = lambda prompt: {"attribute": "age" if "age" in prompt.input("candidates") else "gender"}
    move = asked(next_move(agent(), [user(query), assistant(question), user("no")]))
    assert move.attribute == "gender"


def test_acute_danger_gets_help_without_a_call(engine: Scripted) -> None:
    messages = [user(QUERY), assistant("How are you feeling right now?"), user("I want to kill myself tonight")]
    move = answered(next_move(agent(abstention="turn"), messages))
    assert move.reason is StopReason.CRISIS
    assert "respond" not in engine.parts()


def test_the_async_twin_makes_the_same_move(models: LanguageModels) -> None:
    messages = [user(QUERY), assistant(plain_question("age", "en")), user("I'm 40, and a nurse.")]
    with models.context(Role.TARGET):
        expected = next_move(agent(), messages)
        assert asyncio.run(anext_move(agent(), messages)) == expected


TURNS = st.lists(
    st.one_of(
        st.sampled_from([user(QUERY), user("age=40"), user("no"), user("why?"), user("")]),
        st.sampled_from([assistant("How old are you?"), assistant("Here is my advice."), assistant("Do you smoke?")]),
        st.sampled_from([{"role": "system", "content": "x"}, {"role": "tool", "content": None}]),
    ),
    max_size=12,
)


@settings(max_examples=60)
@given(messages=TURNS)
def test_any_history_gives_a_move(messages: list[Message]) -> None:
    """Cut, reordered, repeated: a question or an answer, or the sentence that nothing was asked."""
    with dspy.context(lm=lm(Scripted())):
        if any(message["role"] == "user" and message["content"] for message in messages):
            assert isinstance(next_move(agent(), messages), Ask | Respond)
        else:
            with pytest.raises(RaiseError):
                next_move(agent(), messages)
