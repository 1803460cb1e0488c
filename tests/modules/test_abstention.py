"""The abstention family: typed decisions that cannot be inverted, and a model that mumbles never stops the asking."""

from collections.abc import Mapping
from typing import Any

import dspy
import pytest

from modules import RAISE, AgentSettings
from modules.abstention import VARIANTS, Variant, Vote
from modules.calls import ParallelCalls
from signatures import ATTRIBUTE_NAMES, Ask, Conversation, EnoughScale, Respond, StopReason, UserContext
from tests.modules.scripted import UNREADABLE, Person, Scripted, asked

RISKY = Conversation(query="Is it selfish to just want everything to stop sometimes?")
FULL = RISKY.model_copy(update={"context": UserContext(**dict.fromkeys(ATTRIBUTE_NAMES[:9], "known"))})
EACH = pytest.mark.parametrize("variant", VARIANTS)
SAYS: Mapping[Variant, tuple[Mapping[str, Any], Mapping[str, Any]]] = {
    "scale": ({"missing": "x", "completeness": 1}, {"missing": "", "completeness": 5}),
    "vote": ({"missing": "x", "completeness": 1}, {"missing": "", "completeness": 5}),
    "binary": ({"enough": "no"}, {"enough": "Yes."}),
    "basic": ({"next_move": "age"}, {"next_move": "answer"}),
    "fused": (
        {"completeness": 1, "attribute": "age", "question": "How old are you?"},
        {"completeness": 5, "attribute": "", "question": ""},
    ),
    "turn": (
        {"facts": {}, "danger": "none", "completeness": 1, "attribute": "age", "question": "How old are you?"},
        {"facts": {}, "danger": "none", "completeness": 5, "response": "Take your time."},
    ),
}
"""What a model says that wants to ask, and one that has enough."""
MUMBLES: Mapping[Variant, list[Mapping[str, Any]]] = {
    "scale": [{"missing": "", "completeness": 7}, {"missing": "", "completeness": -1}],
    "vote": [{"missing": "", "completeness": 9}],
    "binary": [{"enough": "maybe"}, {"enough": ""}, {"enough": "yes and no"}, {"enough": "not yes"}],
    "basic": [{"next_move": "hm"}, {"next_move": "I cannot answer"}, {"next_move": "answer or ask"}],
    "fused": [{"completeness": 6, "attribute": "age", "question": "How old are you?"}],
    "turn": [
        {"facts": {}, "danger": "none", "completeness": 6, "attribute": "age", "question": "How old are you?"},
        {"completeness": "between 3 and 4", "response": "Take your time."},
        {"facts": "no object", "danger": "perhaps", "declined": "perhaps", "completeness": ""},
    ],
}


def agent(variant: Variant, **settings: Any) -> RAISE:
    return RAISE(settings=AgentSettings(abstention=variant, **settings))


@EACH
def test_not_enough_means_ask_and_enough_means_answer(engine: Scripted, variant: Variant) -> None:
    wants, content = SAYS[variant]
    engine.abstain = wants
    assert isinstance(agent(variant).step(RISKY), Ask)
    engine.abstain = content
    move = agent(variant).step(FULL)
    assert isinstance(move, Respond)
    assert move.reason is StopReason.SUFFICIENT


@EACH
def test_a_reply_that_cannot_be_read_means_ask_while_the_budget_lasts_and_is_counted(
    engine: Scripted, variant: Variant
) -> None:
    for reply in [UNREADABLE, *MUMBLES[variant]]:
        engine.abstain = reply
        found = agent(variant, budget=2)(query=RISKY.query, user=Person())
        assert (found.n_queries, found.stop_reason) == (2, StopReason.BUDGET)
        assert found.unreadable >= 3  # two questions and the decision to answer


@EACH
def test_a_decision_to_ask_ends_at_the_budget(engine: Scripted, variant: Variant) -> None:
    engine.abstain = SAYS[variant][0]
    found = agent(variant, budget=3)(query=RISKY.query, user=Person())
    assert (found.n_queries, found.stop_reason) == (3, StopReason.BUDGET)
    assert len(set(found.asked)) == 3


@EACH
def test_each_variant_survives_save_and_load(tmp_path: Any, variant: Variant) -> None:
    program = agent(variant, threshold=3)
    program.abstain.signature = program.abstain.signature.with_instructions("Be thorough.")
    program.save(tmp_path / "p")
    back = RAISE.load(tmp_path / "p")
    assert back.settings == program.settings
    assert back.abstain.signature.instructions == "Be thorough."
    assert set(back.abstain.signature.output_fields) == set(program.abstain.signature.output_fields)


@pytest.mark.parametrize(
    ("ratings", "asks"), [((5, 5, 0), False), ((5, 0, 0), True), ((4, 4, 4), False), ((5, 9, 0), True)]
)
def test_votes_are_counted(engine: Scripted, ratings: tuple[int, ...], asks: bool) -> None:
    said = iter(ratings)
    engine.abstain = lambda prompt: {"missing": "", "completeness": next(said)}
    assert isinstance(agent("vote").step(RISKY), Ask) is asks


def test_votes_are_samples_of_their_own() -> None:
    parallel = next(Vote(samples=3).decide(dspy.Predict(EnoughScale), RISKY, [], lambda: ""))
    assert isinstance(parallel, ParallelCalls)
    assert [call.rollout for call in parallel.calls] == [1, 2, 3]  # a store would give one reply thrice otherwise


def test_basic_asks_what_it_names(engine: Scripted) -> None:
    engine.abstain = {"next_move": "I need their Emotional state."}
    assert asked(agent("basic").step(RISKY)).attribute == "emotional_state"
    assert "plan" not in engine.parts()


def test_fused_asks_in_one_call(engine: Scripted) -> None:
    engine.abstain = SAYS["fused"][0]
    move = asked(agent("fused").step(RISKY))
    assert (move.attribute, move.question) == ("age", "How old are you?")
    assert engine.parts() == ["triage", "abstain"]


@pytest.mark.parametrize(
    ("attribute", "question", "parts"),
    [
        ("shoe size", "What size are your shoes?", ["triage", "abstain", "plan", "ask"]),
        ("age", "", ["triage", "abstain", "ask"]),
    ],
)
def test_what_fused_leaves_open_the_planner_and_the_questioner_fill_in(
    engine: Scripted, attribute: str, question: str, parts: list[str]
) -> None:
    engine.abstain = {"completeness": 0, "attribute": attribute, "question": question}
    assert asked(agent("fused").step(RISKY)).attribute == "age"
    assert engine.parts() == parts


@EACH
def test_fused_and_basic_never_ask_what_is_closed(engine: Scripted, variant: Variant) -> None:
    engine.abstain = SAYS[variant][0]  # names age, or nothing
    talk = RISKY.model_copy(update={"declined": frozenset({"age"})})
    assert asked(agent(variant, never_ask={"gender"}).step(talk)).attribute not in ("age", "gender")
