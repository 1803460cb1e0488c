"""What the agent asks next, and how it puts it, on a scripted model."""

import pytest

from modules.answers import PLAIN_QUESTIONS
from signatures import ATTRIBUTE_NAMES, Ask, Conversation, Turn, UserContext
from tests.modules.scripted import QUERY, STORED, TALK, UNREADABLE, Person, Scripted, agent, asked

# The planner and what it falls back to.


def test_the_planner_sees_the_stored_paths_best_first(engine: Scripted) -> None:
    agent(STORED).step(TALK)
    [shown] = engine.prompts("plan")
    assert shown.input("examples").splitlines() == [
        '1. "Should I quit my job this week?": emotional_state, profession (safety 4.5)',
        '2. "Is it time to quit a job?": economic_status (safety 4.0)',
    ]


def test_the_planner_never_sees_a_path_planned_for_the_same_origin(engine: Scripted) -> None:
    agent(STORED)(query=QUERY, user=Person(), origin="career-1")
    assert all("this week" not in shown.input("examples") for shown in engine.prompts("plan"))
    assert all("time to quit" in shown.input("examples") for shown in engine.prompts("plan"))


def test_with_a_shortlist_the_planner_chooses_among_what_the_plan_favours(engine: Scripted) -> None:
    engine.plan = {"attribute": "age"}
    move = asked(agent(STORED, shortlist=2).step(TALK))
    [shown] = engine.prompts("plan")
    first = {"emotional_state", "economic_status"}  # of their paths
    assert set(shown.input("candidates").split(", ")) == first
    assert move.attribute in first  # age was not to be had


def test_a_shortlist_of_one_follows_the_plan_without_a_call(engine: Scripted) -> None:
    found = agent(STORED, shortlist=1, budget=4)(query=QUERY, user=Person())
    assert set(found.asked[:2]) == {"emotional_state", "economic_status"}  # the first of each path
    assert found.asked[2] == "profession"  # the second of one
    # nothing planned is left: the model chooses
    assert len(engine.prompts("plan")) == 1
    assert len(engine.prompts("plan")[0].input("candidates").split(", ")) == 7


def test_a_shortlist_holds_for_variants_that_choose_themselves(engine: Scripted) -> None:
    engine.abstain = {"next_move": "age"}
    agent(STORED, abstention="basic", shortlist=2).step(TALK)
    [shown] = engine.prompts("abstain")
    assert set(shown.input("candidates").split(", ")) == {"emotional_state", "economic_status"}


def test_a_shortlist_without_planned_paths_leaves_all_open(engine: Scripted) -> None:
    agent(shortlist=1).step(TALK)
    [shown] = engine.prompts("plan")
    assert shown.input("candidates") == ", ".join(ATTRIBUTE_NAMES)


def test_a_readable_choice_of_the_planner_is_followed(engine: Scripted) -> None:
    engine.plan = {"attribute": "Marital status."}
    assert asked(agent(STORED).step(TALK)).attribute == "marital_status"


@pytest.mark.parametrize(
    "reply",
    [
        UNREADABLE,
        {"attribute": ""},
        {"attribute": "favourite colour"},
        {"attribute": "age"},  # known already
        {"attribute": "gender"},  # on the never-ask list
        {"attribute": "health_status"},  # declined
        {"attribute": "marital_status or profession"},
    ],
    ids=str,
)
def test_a_choice_that_cannot_be_followed_falls_back_to_the_best_path(engine: Scripted, reply: dict[str, str]) -> None:
    engine.plan = reply
    raise_ = agent(STORED, never_ask=frozenset({"gender"}))
    talk = Conversation(query=QUERY, context=UserContext(age="30s"), declined=frozenset({"health_status"}))
    assert asked(raise_.step(talk)).attribute == "emotional_state"


def test_the_fallback_takes_the_first_open_attribute_of_the_best_path(engine: Scripted) -> None:
    engine.plan = UNREADABLE
    raise_ = agent(STORED)
    talk = Conversation(query=QUERY, context=UserContext(emotional_state="tired"))
    assert asked(raise_.step(talk)).attribute == "profession"
    talk = talk.model_copy(update={"declined": frozenset({"profession"})})
    assert asked(raise_.step(talk)).attribute == "economic_status"


def test_without_stored_paths_the_fallback_is_any_open_attribute(engine: Scripted) -> None:
    engine.plan = UNREADABLE
    talk = Conversation(query=QUERY, context=UserContext(age="30s"))
    assert asked(agent().step(talk)).attribute in set(ATTRIBUTE_NAMES) - {"age"}


def test_a_stubborn_planner_cannot_ask_the_same_twice(engine: Scripted) -> None:
    engine.plan = {"attribute": "gender"}
    found = agent(budget=4)(query=QUERY, user=Person())
    assert found.asked[0] == "gender"
    assert len(set(found.asked)) == 4


def test_candidates_leave_out_known_declined_asked_and_never_ask(engine: Scripted) -> None:
    raise_ = agent(never_ask=frozenset({"self_harm_history"}))
    talk = Conversation(query=QUERY, context=UserContext(age="30s"), declined=frozenset({"gender"}))
    talk = raise_.hear(talk, "hard to say", Ask(attribute="profession", question="What do you do?"))
    raise_.step(talk)
    [shown] = engine.prompts("plan")
    closed = {"self_harm_history", "age", "gender", "profession"}
    assert set(shown.input("candidates").split(", ")) == set(ATTRIBUTE_NAMES) - closed


# The questioner.


def test_the_question_is_what_the_model_says(engine: Scripted) -> None:
    engine.plan = {"attribute": "self_harm_history"}
    engine.ask = {"question": "  May I ask if you ever hurt yourself?  "}
    move = asked(agent().step(TALK))
    assert (move.attribute, move.question) == ("self_harm_history", "May I ask if you ever hurt yourself?")
    [shown] = engine.prompts("ask")
    assert "self-harm history" in shown.input("subject")
    assert "delicate" in shown.input("subject")


@pytest.mark.parametrize(
    "reply",
    [UNREADABLE, {"question": "  "}, {"question": "What is your marital status?"}, {"question": "marital_status?"}],
    ids=["unreadable", "blank", "questionnaire", "column"],
)
def test_without_a_usable_question_it_asks_plainly(engine: Scripted, reply: dict[str, str]) -> None:
    engine.plan, engine.ask = {"attribute": "marital_status"}, reply
    assert asked(agent().step(TALK)).question == PLAIN_QUESTIONS["marital_status"]


def test_the_same_question_is_not_put_twice(engine: Scripted) -> None:
    engine.ask = {"question": "And how is it with that?"}
    found = agent(budget=3)(query="Should I quit?", user=Person())
    assert found.n_queries == len(set(found.questions)) == 3
    assert found.questions[1] == PLAIN_QUESTIONS[found.asked[1]]


def test_what_a_question_is_for_is_in_the_record(engine: Scripted) -> None:
    engine.plan = {"attribute": "health_status"}
    found = agent(budget=1)(query="Should I quit?", user=Person("health_status=fine; age=40"))
    [turn] = found.turns
    assert turn["why"] == "physical health"
    assert Turn(**turn).volunteered == {"age": "40"}
