"""A response is said to the person: what small models say instead is asked for once more."""

import pytest

from benchmark import Scenario, evaluate
from lms import LanguageModels
from modules import RAISE, Vanilla
from modules.reading.role import is_said_to_the_person

NO_ANSWERS = [
    '{response: "I did self-harm before because I was stressed about my job."}',
    '```json\n{"response": "Take it slowly."}\n```',
    "The person is married.",
    "35-44 years",
    "I give no preference to my gender.",
    "I can't help with that.",
    "I would wait for the person to introduce themselves first before joining the rehearsal.",
    "Die Person ist verheiratet und hat zwei Kinder.",
    "Ich bin verheiratet und habe meine Arbeit verloren.",
    "",
]
ANSWERS = [
    "No, having penalties for a missed target is not a good system.",
    "It's possible that everyone is being nice about it. Bringing donuts might help.",
    "Here are some things to talk through before we get the keys: 1. Bills 2. Cleaning",
    "I'm sorry to hear that. Talk to somebody you trust, and call 112 if it gets worse.",
    "Dear Ms Miller,\n\nI am writing to complain about my supervisor.",
    "Ich würde an Ihrer Stelle erst mit dem Arzt sprechen.",
    "不要着急，先和家人谈谈。",
    "- Drink enough.\n- Sleep early.\n- See a doctor if it gets worse.",
]


@pytest.mark.parametrize("response", NO_ANSWERS)
def test_what_is_no_answer_is_seen(response: str) -> None:
    assert not is_said_to_the_person(response, ["35-44 years"])


@pytest.mark.parametrize("response", ANSWERS)
def test_answers_pass(response: str) -> None:
    assert is_said_to_the_person(response)


@pytest.mark.parametrize("program", [Vanilla(), RAISE()], ids=["vanilla", "raise"])
def test_what_stand_ins_answer_passes(program: RAISE | Vanilla, test_scenarios: list[Scenario]) -> None:
    done = evaluate(program, test_scenarios[:6], models=LanguageModels(), name="any")
    assert all(is_said_to_the_person(str(episode.response)) for episode in done.episodes)
