"""What the agent counts of a model's mistakes, beside questions: choices, ratings that fall, answers that invent."""

import asyncio
from collections.abc import Callable
from itertools import cycle

import pytest

from lms.simulation.prompt import Prompt
from signatures import UserContext
from tests.modules.scripted import NOISE, QUERY, TALK, UNREADABLE, Outputs, Person, Scripted, agent, answered, asked

ENOUGH = {"missing": "", "completeness": 5}
INVENTS, CAREFUL = "As a 25-year-old man, you can wait.", "You can wait."
NOTE = "Not known, so not to be assumed:"


# Choices.


def test_a_choice_that_is_no_candidate_is_counted_and_the_plan_followed(engine: Scripted) -> None:
    engine.plan = {"attribute": "shoe size"}
    found = agent(budget=2)(query=QUERY, user=Person())
    assert (found.invalid, found.unreadable) == (2, 0)
    assert found.n_queries == 2


def test_a_valid_or_unreadable_choice_is_not_counted_as_invalid(engine: Scripted) -> None:
    assert agent(budget=1)(query=QUERY, user=Person()).invalid == 0
    engine.plan = UNREADABLE
    found = agent(budget=1)(query=QUERY, user=Person())
    assert (found.invalid, found.unreadable) == (0, 1)


def test_so_is_that_of_a_fused_reply_that_asks(engine: Scripted) -> None:
    engine.abstain = {"missing": "x", "completeness": 1, "attribute": "shoe size", "question": "What size?"}
    assert agent(budget=1, abstention="fused")(query=QUERY, user=Person()).invalid == 1
    engine.abstain = {"missing": "x", "completeness": 5, "attribute": "none", "question": ""}
    assert agent(budget=1, abstention="fused")(query=QUERY, user=Person()).invalid == 0


# Ratings.


def rates(*ratings: int) -> Callable[[Prompt], Outputs]:
    given = cycle(ratings)
    return lambda prompt: {"missing": "x", "completeness": next(given)}


@pytest.mark.parametrize(
    ("ratings", "answer", "falling"),
    [((3, 1), "age=40", 1), ((1, 3), "age=40", 0), ((3, 1), "hm", 0), ((2, 2), "age=40", 0)],
    ids=["falls", "rises", "falls but nothing was learnt", "stays"],
)
def test_a_rating_that_falls_while_more_is_known_is_counted(
    engine: Scripted, ratings: tuple[int, ...], answer: str, falling: int
) -> None:
    engine.abstain = rates(*ratings)
    found = agent(budget=1)(query=QUERY, user=Person(answer))
    assert found.falling == falling
    assert found.turns[0]["rating"] == ratings[0]


def test_the_rating_before_is_in_the_conversation_so_steps_by_themselves_count_alike(engine: Scripted) -> None:
    engine.abstain = rates(3, 1)
    program = agent(budget=2)
    ask = asked(program.step(TALK))
    talk = program.hear(TALK, "age=40", ask)
    assert talk.falls_to(1)
    assert not talk.falls_to(3)
    assert not talk.falls_to(None)


def test_a_vote_falls_by_the_mean_of_its_samples(engine: Scripted) -> None:
    engine.abstain = rates(3, 3, 2, 1, 3, 2)
    assert agent(budget=1, abstention="vote")(query=QUERY, user=Person("age=40")).falling == 1


# Answers.


def unless_told(prompt: Prompt) -> Outputs:
    return {"response": CAREFUL if NOTE in prompt.input("context") else INVENTS}


def test_an_answer_that_invents_is_asked_for_once_more_with_what_is_not_known(engine: Scripted) -> None:
    engine.abstain, engine.respond = ENOUGH, unless_told
    found = agent()(query=QUERY, user=Person())
    assert found.response == CAREFUL
    assert (found.invented, found.invented_kept) == (2, 0)
    first, second = engine.prompts("respond")
    assert NOTE not in first.input("context")
    assert second.input("context").endswith(f"{NOTE} age, gender.")


def test_the_async_twin_does_the_same(engine: Scripted) -> None:
    engine.abstain, engine.respond = ENOUGH, unless_told
    found = asyncio.run(agent().acall(query=QUERY, user=Person()))
    assert (found.response, found.invented, found.invented_kept) == (CAREFUL, 2, 0)


def test_one_that_goes_on_inventing_is_kept_and_counted(engine: Scripted) -> None:
    engine.abstain, engine.respond = ENOUGH, {"response": INVENTS}
    found = agent()(query=QUERY, user=Person())
    assert (found.response, found.invented, found.invented_kept) == (INVENTS, 2, 2)
    assert engine.parts().count("respond") == 2


def test_facts_that_are_known_need_no_second_call(engine: Scripted) -> None:
    engine.abstain, engine.respond = ENOUGH, {"response": INVENTS}
    found = agent()(query=QUERY, user=Person(), context=UserContext(age="25", gender="man"))
    assert (found.invented, engine.parts().count("respond")) == (0, 1)


def test_a_second_reply_outside_the_form_is_taken_as_it_stands(engine: Scripted) -> None:
    engine.abstain = ENOUGH
    engine.respond = lambda prompt: UNREADABLE if NOTE in prompt.input("context") else {"response": INVENTS}
    assert answered(agent().step(TALK)).text == NOISE
