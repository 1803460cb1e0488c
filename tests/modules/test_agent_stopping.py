"""Why a conversation of the agent ends, on a scripted model."""

from modules.crisis.guard import help_first
from signatures import ATTRIBUTE_NAMES, Ask, Respond, StopReason, UserContext
from tests.modules.scripted import NOISE, QUERY, TALK, UNREADABLE, Person, Scripted, agent, asked

# Declining, budget, and why it stops.


def test_a_declined_attribute_is_never_asked_again(engine: Scripted) -> None:
    engine.plan = {"attribute": "health_status"}
    raise_ = agent()
    talk = raise_.hear(TALK, "no", asked(raise_.step(TALK)))
    assert talk.declined == {"health_status"}
    assert asked(raise_.step(talk)).attribute != "health_status"


def test_someone_who_gives_the_fact_anyway_has_not_declined(engine: Scripted) -> None:
    engine.read = {"facts": {"age": "40"}, "declined": True}
    talk = agent().hear(TALK, "I'd rather not, but I'm 40", Ask(attribute="age", question="Your age?"))
    assert talk.declined == frozenset()
    assert talk.context.age == "40"


def test_the_uniform_budget_counts_questions(engine: Scripted) -> None:
    for budget in (0, 1, 2.5, 5, 10, 99):
        found = agent(budget=budget)(query=QUERY, user=Person())
        assert found.burden == found.n_queries == min(int(budget), 10), budget
        assert found.stop_reason is (StopReason.BUDGET if budget < 10 else StopReason.EXHAUSTED), budget


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


def test_triage_that_says_acute_in_whatever_form_is_heard(engine: Scripted) -> None:
    for danger in ("acute", "Acute.", "ACUTE danger", ' "acute"', "**acute**", "'acute'"):
        engine.triage = {"danger": danger}
        assert agent().step(TALK) == Respond(text=help_first(), reason=StopReason.CRISIS), danger


def test_triage_that_says_none_lets_the_conversation_go_on(engine: Scripted) -> None:
    for danger in ("none", "None.", "not acute", "no", "", "no acute danger"):
        engine.triage = {"danger": danger}
        assert isinstance(agent().step(TALK), Ask), danger


def test_triage_sees_the_latest_words(engine: Scripted) -> None:
    agent(budget=1)(query=QUERY, user=Person("age=40"))
    assert [shown.input("latest_words") for shown in engine.prompts("triage")] == [QUERY, "age=40"]
