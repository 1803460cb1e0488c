"""Whether a question is about its attribute, on hand-written lines of which half were written before the rules."""

import tomllib
from collections.abc import Iterator
from itertools import cycle, product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.scenarios.scenario import Scenario
from lms.simulation import phrases
from modules.answers import PLAIN_QUESTIONS
from modules.languages.detection import language_of
from modules.reading.questions import Fault, fault_of
from signatures import ATTRIBUTE_NAMES

LINES: dict[str, Any] = tomllib.loads(Path(__file__).with_name("data").joinpath("questions.toml").read_text("utf-8"))
MOST_REJECTED = {"build": 0, "heldout": 0, "fresh": 1}
"""Questions on target that are turned down, as measured."""


def on_target(half: str) -> Iterator[tuple[str, str, str]]:
    """Query, attribute and question of the lines that are to pass."""
    for language, by_attribute in LINES[half]["on"].items():
        queries = cycle(LINES["queries"][language])
        for attribute, questions in by_attribute.items():
            yield from ((next(queries), attribute, question) for question in questions)


@pytest.mark.parametrize("half", MOST_REJECTED)
def test_questions_about_their_attribute_pass(half: str) -> None:
    lines = [(line, fault_of(line[2], line[1], line[0])) for line in on_target(half)]
    rejected = [line for line in lines if line[1]]
    assert len(rejected) <= MOST_REJECTED[half], rejected


@pytest.mark.parametrize("half", MOST_REJECTED)
def test_questions_off_target_do_not(half: str) -> None:
    lines = [line.split(" | ") for line in LINES[half]["off"]]
    assert [line for line in lines if fault_of(line[2], line[0], line[1]) is None] == []


def test_plain_questions_and_those_of_the_stand_ins_pass_whatever_was_asked() -> None:
    ours = [*PLAIN_QUESTIONS.items(), *((name, each) for name, known in phrases.QUESTIONS.items() for each in known)]
    queries = [*LINES["queries"]["en"], *LINES["queries"]["sv"], "How old is too old to marry?"]
    assert [case for case in product(ours, queries) if fault_of(case[0][1], case[0][0], case[1])] == []


@pytest.mark.parametrize(
    ("fault", "attribute", "query", "question"),
    [
        ("off target", "emotional_state", "Should I text my ex?", "Why haven't you been talking with me? I miss you."),
        (
            "repeats the query",
            "profession",
            "Do I need insurance to ride a few hours?",
            "Do you need insurance to ride a few hours?",
        ),
        ("somebody else", "gender", "Should I tell her?", "What gender is the person's partner?"),
        ("several questions", "age", "Should I move?", "How old are you? And what do you do for work?"),
        ("no question", "emotional_state", "Should I move?", "You feel better soon."),
        ("other language", "age", "Should I move?", "Wie alt bist du?"),
        ("blank", "age", "Should I move?", " "),
    ],
)
def test_what_is_wrong_is_said(fault: Fault, attribute: str, query: str, question: str) -> None:
    assert fault_of(question, attribute, query) == fault


def test_one_lead_that_asks_for_leave_is_no_second_question() -> None:
    assert fault_of("May I ask you something? How old are you?", "age", "Should I move?") is None


def test_mental_health_is_not_health() -> None:
    assert fault_of("How is your mental health?", "health_status", "Should I move?") == "off target"
    assert fault_of("How is your health, mental and physical?", "health_status", "Should I move?") is None


def test_languages_without_words_here_are_left_alone_if_the_person_uses_one() -> None:
    query = "次の仕事が決まる前に辞めてもいいですか？"
    assert fault_of("ご結婚されていますか？", "marital_status", query) is None
    assert fault_of(query, "marital_status", query) == "repeats the query"
    assert fault_of("ご結婚されていますか？", "marital_status", "Should I move?") == "other language"


def test_an_english_question_stands_where_the_plain_one_is_english_too() -> None:
    assert fault_of("How old are you?", "age", "Borde jag säga upp mig utan ett nytt erbjudande?") is None
    assert fault_of("How old are you?", "age", "Стоит ли мне уволиться, не найдя новой работы?") == "other language"


@pytest.mark.parametrize(
    ("language", "half"), [(code, half) for code in ("en", "de", "fr", "es", "zh") for half in ("build", "heldout")]
)
def test_languages_are_told_apart(language: str, half: str) -> None:
    told = [language_of(each) for questions in LINES[half]["on"][language].values() for each in questions]
    assert set(told) <= {language, ""}
    assert told.count(language) >= 0.8 * len(told)


@given(st.text(max_size=60), st.sampled_from(ATTRIBUTE_NAMES), st.text(max_size=60))
def test_any_text_gets_a_verdict(question: str, attribute: str, query: str) -> None:
    assert fault_of(question, attribute, query) == fault_of(question, attribute, query)
    if not question.strip():
        assert fault_of(question, attribute, query) == "blank"


def test_english_is_never_taken_for_another_language(test_scenarios: list[Scenario]) -> None:
    queries = {scenario.query for scenario in test_scenarios}
    assert {query: told for query in queries if (told := language_of(query)) not in {"en", ""}} == {}
