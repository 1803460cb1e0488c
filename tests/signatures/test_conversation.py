"""Conversations are values; decisions are not conditions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from signatures import ATTRIBUTE_NAMES, Conversation, Decision, Respond, StopReason, Turn, UserContext

TURNS = st.builds(
    Turn,
    attribute=st.none() | st.sampled_from(ATTRIBUTE_NAMES),
    question=st.text(),
    answer=st.text(),
    heard=st.dictionaries(st.sampled_from(ATTRIBUTE_NAMES), st.text(), max_size=3),
    declined=st.booleans(),
)


def turn(attribute: str | None = "age", answer: str = "30s", **more: object) -> Turn:
    return Turn(attribute=attribute, question="How old are you?", answer=answer, **more)


def test_after_learns_the_facts_and_leaves_the_old_conversation_alone() -> None:
    before = Conversation(query="Should I quit?", origin="situation-1")
    after = before.after(turn(heard={"age": "30s", "gender": "woman"}))
    assert after.context == UserContext(age="30s", gender="woman")
    assert after.asked() == ("age",)
    assert (after.query, after.origin) == ("Should I quit?", "situation-1")
    assert before == Conversation(query="Should I quit?", origin="situation-1")


def test_a_later_contradiction_does_not_overwrite_what_was_said_first() -> None:
    talk = Conversation(query="q").after(turn(heard={"age": "30s"})).after(turn("gender", heard={"age": "60s"}))
    assert talk.context.age == "30s"


def test_declining_marks_the_attribute_asked_about_only() -> None:
    talk = Conversation(query="q").after(turn("health_status", "no", declined=True, heard={"age": "30s"}))
    assert talk.declined == {"health_status"}
    assert talk.context.known() == {"age": "30s"}


def test_declining_unasked_marks_nothing() -> None:
    talk = Conversation(query="q").after(turn(None, "leave me alone", declined=True))
    assert talk.declined == frozenset()
    assert talk.asked() == ()
    assert len(talk.turns) == 1


def test_latest_words_are_the_query_until_somebody_answers() -> None:
    talk = Conversation(query="Should I quit?")
    assert talk.latest_words() == "Should I quit?"
    assert talk.after(turn(answer="I am 30")).latest_words() == "I am 30"
    assert talk.after(turn(answer="")).latest_words() == ""


@given(st.lists(TURNS, max_size=6))
def test_nothing_said_is_ever_lost(turns: list[Turn]) -> None:
    talk = Conversation(query="q")
    for said in turns:
        before, talk = talk, talk.after(said)
        assert before.declined <= talk.declined
        assert before.context.known().items() <= talk.context.known().items()
    assert talk.turns == tuple(turns)
    assert talk.asked() == tuple(t.attribute for t in turns if t.attribute)
    assert Conversation.model_validate_json(talk.model_dump_json()) == talk


@pytest.mark.parametrize("decision", Decision)
def test_a_decision_has_no_truth_value(decision: Decision) -> None:
    with pytest.raises(TypeError, match="compare"):
        bool(decision)
    with pytest.raises(TypeError, match="compare"):
        _ = not decision
    assert decision is Decision(decision.value)


def test_stop_reasons_are_the_five_of_the_design() -> None:
    assert {str(reason) for reason in StopReason} == {"sufficient", "budget", "crisis", "exhausted", "declined"}


def test_a_response_needs_a_reason_that_exists() -> None:
    with pytest.raises(ValidationError, match="reason"):
        Respond(text="hello", reason="bored")
