"""Who words a question: the model, the model if its question is about its attribute, or nobody."""

from typing import get_args

import pytest

from lms.simulation.prompt import Prompt
from modules import AgentSettings
from modules.answers import PLAIN_QUESTIONS
from modules.languages.detection import LANGUAGES
from modules.languages.texts import plain_question
from modules.reading.questions import fault_of
from modules.settings import PHRASINGS, Phrasing
from signatures import ATTRIBUTE_NAMES, Conversation
from tests.modules.lines import person_lines
from tests.modules.scripted import QUERY, TALK, UNREADABLE, Person, Scripted, agent, asked

MISSES = "Should you quit your job without another offer?"
HITS = "What do you do for a living?"
FUSED = {"missing": "x", "completeness": 0, "attribute": "profession"}


@pytest.fixture(autouse=True)
def _asks_about_work(engine: Scripted) -> None:
    engine.plan = {"attribute": "profession"}


def test_checked_is_the_default_and_puts_the_plain_question_for_one_that_misses(engine: Scripted) -> None:
    engine.ask = {"question": MISSES}
    found = agent(budget=1)(query=QUERY, user=Person())
    assert AgentSettings().phrasing == "checked"
    assert found.questions == [PLAIN_QUESTIONS["profession"]]
    assert found.off_target == ["repeats the query"]


def test_a_question_on_target_is_put_as_the_model_words_it(engine: Scripted) -> None:
    engine.ask = {"question": HITS}
    found = agent(budget=1)(query=QUERY, user=Person())
    assert (found.questions, found.off_target) == ([HITS], [])


def test_model_puts_whatever_the_model_asks_and_counts_what_misses(engine: Scripted) -> None:
    engine.ask = {"question": MISSES}
    found = agent(budget=1, phrasing="model")(query=QUERY, user=Person())
    assert (found.questions, found.off_target) == ([MISSES], ["repeats the query"])


def test_plain_makes_no_call_for_the_question(engine: Scripted) -> None:
    engine.ask = {"question": HITS}
    found = agent(budget=2, phrasing="plain")(query=QUERY, user=Person())
    assert found.questions == [PLAIN_QUESTIONS[name] for name in found.asked]
    assert "ask" not in engine.parts()


@pytest.mark.parametrize(
    ("phrasing", "question", "put", "faults"),
    [
        ("model", MISSES, MISSES, ["repeats the query"]),
        ("checked", MISSES, PLAIN_QUESTIONS["profession"], ["repeats the query"]),
        ("checked", HITS, HITS, []),
        ("plain", HITS, PLAIN_QUESTIONS["profession"], []),
    ],
)
def test_the_same_holds_for_the_question_of_a_fused_reply(
    engine: Scripted, phrasing: str, question: str, put: str, faults: list[str]
) -> None:
    engine.abstain = {**FUSED, "question": question}
    found = agent(budget=1, abstention="fused", phrasing=phrasing)(query=QUERY, user=Person())
    assert (found.questions, found.off_target) == ([put], faults)
    assert engine.parts().count("ask") == 0


def test_an_unreadable_question_is_unreadable_and_nothing_else(engine: Scripted) -> None:
    engine.ask = UNREADABLE
    found = agent(budget=1)(query=QUERY, user=Person())
    assert (found.unreadable, found.off_target) == (1, [])


def test_a_question_in_the_words_of_a_form_is_counted_too(engine: Scripted) -> None:
    engine.plan, engine.ask = {"attribute": "marital_status"}, {"question": "What is your marital status?"}
    assert agent(budget=1)(query=QUERY, user=Person()).off_target == ["not presentable"]


def test_plain_questions_are_in_the_language_of_the_query_where_there_are_any() -> None:
    german = Conversation(query="Soll ich meinen Job ohne neues Angebot kündigen?")
    assert asked(agent(phrasing="plain").step(german)).question == plain_question("profession", "de")
    assert plain_question("age", "de").startswith("Wie alt")
    assert plain_question("age", "sv") == PLAIN_QUESTIONS["age"]


@pytest.mark.parametrize("language", sorted({*LANGUAGES} - {"en"}))
def test_plain_questions_of_every_language_are_on_target(language: str) -> None:
    query = person_lines(language)[0]
    plain = {name: plain_question(name, language) for name in ATTRIBUTE_NAMES}
    assert not set(plain.values()) & set(PLAIN_QUESTIONS.values())
    assert {name: fault for name, each in plain.items() if (fault := fault_of(each, name, query))} == {}


def test_every_phrasing_is_a_setting_and_makes_another_program(engine: Scripted) -> None:
    assert set(PHRASINGS) == set(get_args(Phrasing))
    assert len({agent(phrasing=phrasing).identity() for phrasing in PHRASINGS}) == len(PHRASINGS)


def test_the_question_is_checked_against_the_attribute_that_was_chosen(engine: Scripted) -> None:
    def about_age(prompt: Prompt) -> dict[str, str]:
        return {"question": "How old are you?"}

    engine.ask, engine.plan = about_age, {"attribute": "gender"}
    assert asked(agent().step(TALK)).question == PLAIN_QUESTIONS["gender"]
