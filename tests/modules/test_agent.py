"""RAISE's step, its reading of answers, and its loop, on a scripted model."""

import asyncio
from collections.abc import Iterator

import dspy
import pytest
from pydantic import ValidationError

from modules import RAISE, AgentSettings, PathIndex, PlannedPath
from modules.answers import PLAIN_QUESTIONS
from modules.crisis.guard import help_first
from signatures import ATTRIBUTE_NAMES, Ask, Conversation, Respond, StopReason, Turn, UserContext
from tests.modules.scripted import NOISE, UNREADABLE, Person, Scripted, lm, rated

QUERY = "Should I quit my job without another offer?"
TALK = Conversation(query=QUERY)
STORED = PathIndex(
    [
        PlannedPath(
            query="Should I quit my job this week?",
            path=("emotional_state", "profession"),
            value=4.5,
            evaluations=9,
            origin="career-1",
        ),
        PlannedPath(
            query="Is it time to quit a job?", path=("economic_status",), value=4.0, evaluations=9, origin="career-2"
        ),
    ]
)


@pytest.fixture
def engine() -> Iterator[Scripted]:
    """The scripted model, in place for the test."""
    scripted = Scripted()
    with dspy.context(lm=lm(scripted)):
        yield scripted


def agent(paths: PathIndex | None = None, **settings: object) -> RAISE:
    return RAISE(paths, AgentSettings(**settings))


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
    assert agent(budget=0).step(TALK).reason is StopReason.SUFFICIENT


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


def test_contacts_can_be_given(engine: Scripted) -> None:
    engine.triage = {"danger": "acute"}
    move = agent(country="US", contacts={"US": "the campus nurse on extension 12"}).step(TALK)
    assert "extension 12" in move.text


# Abstention.


@pytest.mark.parametrize("threshold", range(6))
@pytest.mark.parametrize("completeness", range(6))
def test_at_or_above_the_threshold_it_answers_and_below_it_asks(
    engine: Scripted, threshold: int, completeness: int
) -> None:
    engine.abstain = {"missing": "age", "completeness": completeness}
    move = agent(threshold=threshold).step(TALK)
    assert isinstance(move, Respond if completeness >= threshold else Ask)


def test_abstention_sees_the_query_and_what_is_known(engine: Scripted) -> None:
    agent().step(Conversation(query=QUERY, context=UserContext(age="30s")))
    [shown] = engine.prompts("abstain")
    assert shown.inputs == {"query": QUERY, "context": "- age: 30s"}


def test_unreadable_abstention_asks_while_the_budget_lasts_and_is_counted(engine: Scripted) -> None:
    engine.abstain = UNREADABLE
    found = agent(budget=3)(query=QUERY, user=Person())
    assert (found.n_queries, found.stop_reason) == (3, StopReason.BUDGET)
    assert found.unreadable == 4  # before each of the three questions, and once before the answer


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
    move = agent(STORED, shortlist=2).step(TALK)
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
    assert agent(STORED).step(TALK).attribute == "marital_status"


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
    assert raise_.step(talk).attribute == "emotional_state"


def test_the_fallback_takes_the_first_open_attribute_of_the_best_path(engine: Scripted) -> None:
    engine.plan = UNREADABLE
    raise_ = agent(STORED)
    talk = Conversation(query=QUERY, context=UserContext(emotional_state="tired"))
    assert raise_.step(talk).attribute == "profession"
    talk = talk.model_copy(update={"declined": frozenset({"profession"})})
    assert raise_.step(talk).attribute == "economic_status"


def test_without_stored_paths_the_fallback_is_any_open_attribute(engine: Scripted) -> None:
    engine.plan = UNREADABLE
    talk = Conversation(query=QUERY, context=UserContext(age="30s"))
    assert agent().step(talk).attribute in set(ATTRIBUTE_NAMES) - {"age"}


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
    engine.ask = {"question": "  May I ask about hard times?  "}
    move = agent().step(TALK)
    assert (move.attribute, move.question) == ("self_harm_history", "May I ask about hard times?")
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
    assert agent().step(TALK).question == PLAIN_QUESTIONS["marital_status"]


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
    assert agent().hear(TALK, "anything").context == UserContext(gender="woman")


def test_a_contradiction_later_does_not_overwrite(engine: Scripted) -> None:
    found = agent(budget=2)(query=QUERY, user=Person("age=40", "age=60; gender=woman"))
    assert found.context == UserContext(age="40", gender="woman")


def test_an_unreadable_reading_loses_the_answer_but_not_the_conversation(engine: Scripted) -> None:
    engine.read = UNREADABLE
    found = agent(budget=2)(query=QUERY, user=Person("age=40"))
    assert found.context == UserContext()
    assert (found.unreadable, len(set(found.asked))) == (2, 2)


@pytest.mark.parametrize("facts", [{"age": 34}, {"age": "34", "gender": None}], ids=["number", "null"])
def test_facts_written_as_numbers_or_null_are_still_read(engine: Scripted, facts: dict[str, object]) -> None:
    engine.read = {"facts": facts, "declined": False}
    assert agent().hear(TALK, "I am 34").context == UserContext(age="34")


# Declining, budget, and why it stops.


def test_a_declined_attribute_is_never_asked_again(engine: Scripted) -> None:
    engine.plan = {"attribute": "health_status"}
    raise_ = agent()
    talk = raise_.hear(TALK, "no", raise_.step(TALK))
    assert talk.declined == {"health_status"}
    assert raise_.step(talk).attribute != "health_status"


def test_someone_who_gives_the_fact_anyway_has_not_declined(engine: Scripted) -> None:
    engine.read = {"facts": {"age": "40"}, "declined": True}
    talk = agent().hear(TALK, "I'd rather not, but I'm 40", Ask(attribute="age", question="Your age?"))
    assert talk.declined == frozenset()
    assert talk.context.age == "40"


@pytest.mark.parametrize("budget", [0, 1, 2.5, 5, 10, 99])
def test_the_uniform_budget_counts_questions(engine: Scripted, budget: float) -> None:
    found = agent(budget=budget)(query=QUERY, user=Person())
    assert found.n_queries == min(int(budget), 10)
    assert found.burden == found.n_queries
    assert found.stop_reason is (StopReason.BUDGET if budget < 10 else StopReason.EXHAUSTED)


def test_a_burden_too_high_for_what_is_left_is_not_asked(engine: Scripted) -> None:
    # budget 3: self-harm costs 2.5, so after the first question at 1.0 it no longer fits into the 2.0 left
    engine.plan = lambda prompt: {"attribute": prompt.input("candidates").split(", ")[0]}
    found = agent(budget=3, burdens={"self_harm_history": 2.5})(query=QUERY, user=Person())
    assert found.n_queries == 3
    offered = [shown.input("candidates").split(", ") for shown in engine.prompts("plan")]
    assert ["self_harm_history" in names for names in offered] == [True, False, False]


def test_burden_is_the_sum_of_what_was_asked(engine: Scripted) -> None:
    engine.plan = {"attribute": "self_harm_history"}
    found = agent(budget=4, burdens={"self_harm_history": 2.5})(query=QUERY, user=Person())
    assert found.asked[0] == "self_harm_history"
    assert found.burden == 3.5  # 2.5 + 1.0; a third question would make 4.5, more than the budget of 4
    assert found.stop_reason is StopReason.BUDGET


def test_free_attributes_still_end(engine: Scripted) -> None:
    found = agent(budget=0, burdens=dict.fromkeys(ATTRIBUTE_NAMES, 0.0))(query=QUERY, user=Person())
    assert (found.n_queries, found.stop_reason) == (10, StopReason.EXHAUSTED)


def test_exhausted_when_everything_is_known(engine: Scripted) -> None:
    everything = UserContext(**dict.fromkeys(ATTRIBUTE_NAMES, "known"))
    found = agent()(query=QUERY, user=Person(), context=everything)
    assert (found.n_queries, found.stop_reason) == (0, StopReason.EXHAUSTED)


def test_declined_when_what_is_left_was_declined(engine: Scripted) -> None:
    found = agent(budget=99)(query=QUERY, user=Person(then="no"))
    assert (found.n_queries, found.stop_reason) == (10, StopReason.DECLINED)


def test_what_is_known_beforehand_is_not_asked(engine: Scripted) -> None:
    found = agent(budget=99)(query=QUERY, user=Person(), context=UserContext(age="30s"))
    assert found.n_queries == 9
    assert "age" not in found.asked


def test_the_prediction_tells_the_whole_conversation(engine: Scripted) -> None:
    user = Person("age=40", "no")
    found = agent(budget=2)(query=QUERY, user=user)
    assert found.response == "Here is my advice."
    assert found.questions == user.questions
    assert found.asked == ["age", "gender"]
    assert [turn["answer"] for turn in found.turns] == ["age=40", "no"]
    assert [turn["declined"] for turn in found.turns] == [False, True]
    assert (found.n_queries, found.burden, found.unreadable) == (2, 2.0, 0)


def test_the_responder_sees_what_was_learned(engine: Scripted) -> None:
    agent(budget=1)(query=QUERY, user=Person("age=40"))
    [shown] = engine.prompts("respond")
    assert shown.inputs == {"query": QUERY, "context": "- age: 40"}


def test_an_answer_outside_the_form_is_given_as_it_stands(engine: Scripted) -> None:
    engine.respond = UNREADABLE
    assert agent(budget=0)(query=QUERY, user=Person()).response == NOISE


# Crisis.


def test_acute_danger_in_the_query_is_met_without_any_call(engine: Scripted) -> None:
    found = agent()(query="I want to kill myself", user=Person())
    assert (found.stop_reason, found.n_queries, found.response) == (StopReason.CRISIS, 0, help_first())
    assert engine.calls == []


def test_acute_danger_in_an_answer_stops_the_questions(engine: Scripted) -> None:
    user = Person("age=40", "I'm going to kill myself tonight")
    found = agent()(query=QUERY, user=user)
    assert (found.stop_reason, found.n_queries, found.response) == (StopReason.CRISIS, 2, help_first())
    assert len(user.questions) == 2


def test_the_guard_works_when_no_reply_of_the_model_is_readable(engine: Scripted) -> None:
    engine.triage = engine.abstain = engine.plan = engine.ask = engine.read = UNREADABLE
    found = agent()(query=QUERY, user=Person("I want to die"))
    assert (found.stop_reason, found.n_queries) == (StopReason.CRISIS, 1)


def test_unreadable_triage_is_counted_and_the_conversation_goes_on(engine: Scripted) -> None:
    engine.triage = UNREADABLE
    found = agent(budget=2)(query=QUERY, user=Person())
    assert (found.stop_reason, found.unreadable) == (StopReason.BUDGET, 3)  # triage before each of three moves


@pytest.mark.parametrize("danger", ["acute", "Acute.", "ACUTE danger", ' "acute"', "**acute**", "'acute'"])
def test_triage_that_says_acute_in_any_dress_is_heard(engine: Scripted, danger: str) -> None:
    engine.triage = {"danger": danger}
    assert agent().step(TALK) == Respond(text=help_first(), reason=StopReason.CRISIS)


@pytest.mark.parametrize("danger", ["none", "None.", "not acute", "no", "", "no acute danger"])
def test_triage_that_says_none_lets_the_conversation_go_on(engine: Scripted, danger: str) -> None:
    engine.triage = {"danger": danger}
    assert isinstance(agent().step(TALK), Ask)


def test_triage_sees_the_latest_words(engine: Scripted) -> None:
    agent(budget=1)(query=QUERY, user=Person("age=40"))
    assert [shown.input("latest_words") for shown in engine.prompts("triage")] == [QUERY, "age=40"]


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

    async def steps() -> tuple[object, Conversation]:
        move = await raise_.astep(TALK)
        return move, await raise_.ahear(TALK, "age=40; gender=woman", move)

    move = raise_.step(TALK)
    assert asyncio.run(steps()) == (move, raise_.hear(TALK, "age=40; gender=woman", move))


# Settings.


@pytest.mark.parametrize(
    "wrong",
    [
        {"threshold": -1},
        {"threshold": 6},
        {"budget": -0.1},
        {"budget": float("nan")},
        {"budget": float("inf")},  # no JSON number
        {"retrieved": -1},
        {"burdens": {"shoe_size": 1.0}},
        {"burdens": {"age": -1.0}},
        {"burdens": {"age": float("nan")}},
        {"never_ask": {"shoe_size"}},
        {"abstention": "astrology"},
        {"colour": "red"},
    ],
    ids=str,
)
def test_settings_out_of_range_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        AgentSettings(**wrong)


def test_burdens_not_given_stay_one() -> None:
    burdens = AgentSettings(burdens={"age": 3}).burdens
    assert burdens == {**dict.fromkeys(ATTRIBUTE_NAMES, 1.0), "age": 3.0}
