"""Concern: the responder is told, self-harm is asked about early, whom to call is added; for others nothing changes."""

import math
from pathlib import Path

import pytest

from modules.crisis.concern import (
    LIKELY,
    NOTE,
    has_history,
    is_at_risk,
    tells_of_harm,
    with_contacts,
    words_tell_of_risk,
)
from modules.crisis.ensemble import ENCODED, FALSE_ALARMS, FILE, load_stacks
from modules.languages.detection import LANGUAGES
from modules.languages.texts import texts_in
from signatures import Conversation, StopReason, Turn, UserContext
from tests.modules.scripted import QUERY, TALK, Person, Scripted, agent, answered, asked

ENOUGH = {"missing": "", "completeness": 5}
ATTEMPT = UserContext(self_harm_history="past suicide attempt")


@pytest.fixture
def worried(monkeypatch: pytest.MonkeyPatch) -> Conversation:
    """A conversation whose words score as danger, whatever today's weights say of them."""
    monkeypatch.setattr("modules.crisis.concern.LIKELY", 0.0)
    return Conversation(query="Should I change jobs?")


def test_who_has_told_of_self_harm_is_at_risk() -> None:
    assert not is_at_risk(TALK)
    assert not is_at_risk(TALK.model_copy(update={"context": UserContext(self_harm_history="never")}))
    assert has_history(TALK.model_copy(update={"context": ATTEMPT}))
    assert words_tell_of_risk(TALK.after(Turn(attribute=None, question="", answer="I want to kill myself")))


@pytest.mark.parametrize("file", [FILE, ENCODED], ids=["without the encoder", "with it"])
def test_there_is_room_for_concern_below_what_is_acute(file: Path) -> None:
    for stack in load_stacks(file).values():
        assert 1 / (1 + math.exp(-stack.threshold(FALSE_ALARMS))) >= 2 * LIKELY


@pytest.mark.parametrize("value", ["none", "No.", "never did", "nein", "not that I know"])
def test_no_history_is_no_risk(value: str) -> None:
    assert not tells_of_harm(value)
    assert tells_of_harm(f"I tried once; {value}")


def test_the_responder_is_told_and_contacts_are_added(engine: Scripted) -> None:
    engine.abstain = ENOUGH
    found = agent(country="gb")(query=QUERY, user=Person(), context=ATTEMPT)
    assert engine.prompts("respond")[0].input("context").endswith(NOTE)
    assert found.response.startswith("Here is my advice.\n\nIf thoughts of hurting yourself come")
    assert "116 123" in found.response
    assert found.stop_reason is StopReason.SUFFICIENT


def test_prompts_and_answers_of_all_others_are_the_same_with_and_without(engine: Scripted) -> None:
    engine.abstain = ENOUGH
    found = [agent(concern=on)(query=QUERY, user=Person(), context=UserContext(age="40")) for on in (True, False)]
    first, second = engine.prompts("respond")
    assert first == second
    assert found[0].response == found[1].response == "Here is my advice."


def test_it_can_be_switched_off(engine: Scripted) -> None:
    engine.abstain = ENOUGH
    found = agent(concern=False)(query=QUERY, user=Person(), context=ATTEMPT)
    assert found.response == "Here is my advice."
    assert NOTE not in engine.prompts("respond")[0].input("context")


def test_self_harm_is_asked_about_first_and_once_whatever_is_enough(engine: Scripted, worried: Conversation) -> None:
    engine.abstain = ENOUGH
    program = agent(phrasing="plain")
    ask = asked(program.step(worried))
    assert ask.attribute == "self_harm_history"
    assert "plan" not in engine.parts()
    for answer in ("never", "I'd rather not say"):
        told = program.hear(worried, answer, ask)
        assert answered(program.step(told)).reason is StopReason.SUFFICIENT


def test_it_is_not_asked_if_it_may_not_be(engine: Scripted, worried: Conversation) -> None:
    engine.abstain = ENOUGH
    assert answered(agent(never_ask={"self_harm_history"}).step(worried)).reason is StopReason.SUFFICIENT
    assert answered(agent(budget=0).step(worried)).reason is StopReason.SUFFICIENT
    assert answered(agent(concern=False).step(worried)).reason is StopReason.SUFFICIENT


def test_contacts_stand_once_and_in_the_persons_language() -> None:
    german = Conversation(
        query="Ich bin so m\u00fcde von allem, soll ich die Arbeit wechseln oder noch ein Jahr warten?"
    )
    added = with_contacts("Warten Sie.", german, "DE", {})
    assert "0800 111 0 111" in added
    assert added.startswith("Warten Sie.\n\nWenn Gedanken kommen")
    assert with_contacts(added, german, "DE", {}) == added
    own = with_contacts("Wait.", TALK, "GB", {"GB": "our line on 0800 12 34"})
    assert "our line on 0800 12 34" in own


def test_every_language_says_it_with_a_place_for_contacts() -> None:
    texts = [texts_in(code).help.concern for code in LANGUAGES]
    assert len(set(texts)) == len(LANGUAGES)
    assert all(text.count("{contacts}") == 1 for text in texts)
