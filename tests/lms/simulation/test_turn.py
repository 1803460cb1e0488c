"""A stand-in that takes a whole turn in one call does what it does part by part, from its prompt alone."""

from dataclasses import replace
from typing import Any

import dspy
import pytest

from lms.simulation import Persona
from modules.turn import NONE
from signatures import ATTRIBUTE_NAMES, ReadAnswer, TakeTurn, UserContext, default_vocabulary
from tests.lms.simulation.asking import persona, stand_in

MEANINGS = default_vocabulary().meanings
GPT = persona("gpt-4o")
ANSWER = "I'm 22. I'm divorced, too. And I have epilepsy."
SAID = "I'm a beekeeper in Wales."
QUERY = "Should I quit my job without another offer?"


def take(
    who: Persona = GPT, seed: int = 0, demos: list[dict[str, Any]] | None = None, **inputs: str
) -> dspy.Prediction:
    """One turn about the question for the person's age."""
    shown = {
        "attributes": MEANINGS,
        "threshold": "4",
        "query": QUERY,
        "examples": NONE,
        "candidates": ", ".join(ATTRIBUTE_NAMES[1:]),
        "context": UserContext().as_text(),
        "last_question": "How old are you?",
        "reply": ANSWER,
    }
    predictor = dspy.Predict(TakeTurn)
    predictor.demos = [dspy.Example(**demo) for demo in demos or []]
    return predictor(**{**shown, **inputs}, lm=stand_in(who, seed=seed))


def facts(found: dspy.Prediction) -> dict[str, str]:
    return dict(dspy.adapters.utils.parse_value(found.facts, dict[str, str]))


def test_it_reads_what_it_reads_in_a_call_of_its_own() -> None:
    alone = dspy.Predict(ReadAnswer)(question="How old are you?", answer=ANSWER, attributes=MEANINGS, lm=stand_in(GPT))
    found = take()
    assert facts(found) == alone.facts
    assert set(alone.facts) == {"age", "marital_status", "health_status"}
    assert found.declined == "false"
    assert take(reply="I'd rather not say").declined == "true"
    assert facts(take(reply=NONE, last_question=NONE)) == {}


def test_it_asks_below_the_threshold_and_answers_from_it_on() -> None:
    for seed in range(30):
        found = take(seed=seed, reply=NONE, last_question=NONE)
        asks = int(found.completeness) < 4
        assert bool(found.question) == bool(found.attribute) == asks == (not found.response)
    assert {bool(take(seed=seed, threshold="0").response) for seed in range(5)} == {True}
    assert {bool(take(seed=seed, candidates=NONE).response) for seed in range(5)} == {True}


def test_it_asks_about_a_candidate_that_was_not_just_told() -> None:
    offered = ("age", "marital_status", "profession")
    asked = {take(seed=seed, threshold="6", candidates=", ".join(offered)).attribute for seed in range(20)}
    assert asked == {"profession"}


@pytest.mark.parametrize("place", ["context", "reply"])
def test_only_what_its_prompt_says_comes_up_in_the_answer(place: str) -> None:
    talkative = persona("gpt-4o", use=1.0, capacity=10)
    known = "- profession: beekeeper in Wales" if place == "context" else NONE
    reply, question = (ANSWER, "How old are you?") if place == "context" else (SAID, "What do you do for work?")
    told = [
        take(talkative, seed, threshold="0", context=known, reply=reply, last_question=question).response
        for seed in range(20)
    ]
    untold = [take(talkative, seed, threshold="0").response for seed in range(20)]
    assert sum("beekeeper in Wales" in text for text in told) >= 8
    assert not any("beekeeper" in text for text in untold)


def test_one_that_invents_does_so_as_often_and_believes_it() -> None:
    inventing = persona("gpt-4o", invent=0.5)
    found = [take(inventing, seed, reply="I'm 22.") for seed in range(100)]
    made_up = [len(facts(each)) > 1 for each in found]
    assert 35 <= sum(made_up) <= 65  # as in test_user.py
    ratings = [int(each.completeness) for each in found]
    believed, honest = (
        [rating for rating, invented in zip(ratings, made_up, strict=True) if invented is which]
        for which in (True, False)
    )
    assert sum(believed) / len(believed) > sum(honest) / len(honest) + 0.5


def test_one_that_misreads_says_nothing_that_can_be_read() -> None:
    found = take(replace(GPT, misread=1.0))
    assert (found.facts, found.danger, found.completeness, found.response) == (None, None, None, "")


def test_danger_is_seen_in_the_reply_or_else_in_the_query() -> None:
    assert take(reply="I want to kill myself").danger == "acute"
    assert take(query="I want to die", reply=NONE).danger == "acute"
    assert take(query="I want to die").danger == "none"


def test_demonstrated_ratings_move_its_own() -> None:
    demo = {"query": "q", "context": "- age: 65", "reply": "hm", "completeness": "5", "response": "It makes sense."}
    plain = [int(take(seed=seed, reply=NONE).completeness) for seed in range(20)]
    shown = [int(take(seed=seed, reply=NONE, demos=[demo] * 4).completeness) for seed in range(20)]
    assert sum(shown) > sum(plain)
