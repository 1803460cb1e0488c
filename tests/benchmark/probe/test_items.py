"""The fixed items: each can be answered rightly, and holds what its check needs."""

import pytest

from benchmark.probe.items import answers, grades, lines, parts, people
from benchmark.probe.limits import CHECKS, MEASURES
from benchmark.probe.play import claims, speaks_as_assistant, tells
from benchmark.probe.rate import candidates
from benchmark.scenarios.authored import build_authored
from modules.answers import REFUSAL
from modules.crisis.guard import plainly_acute
from modules.reading.grounds import ground
from modules.reading.inventions import invented
from modules.reading.statements import Statements
from signatures import ATTRIBUTE_NAMES


def test_people_have_all_ten_facts_each() -> None:
    assert {tuple(sorted(dict(person.facts))) for person in people()} == {tuple(sorted(ATTRIBUTE_NAMES))}
    assert {person.language for person in people()} >= {"en", "de", "es"}
    assert all(len(candidates(person, 3)) == 7 and not candidates(person, 10) for person in people())


def test_people_are_not_from_the_benchmark() -> None:
    queries = {scenario.query for scenario in build_authored()}
    assert queries.isdisjoint(person.query for person in people())


def test_answers_come_in_every_manner_and_some_languages() -> None:
    manners = {"terse", "rambling", "reluctant", "vague", "contradictory"}
    assert {item.manner for item in answers()} == manners
    assert {item.language for item in answers()} == {"en", "de", "fr", "es", "zh"}
    assert sum(not item.truth for item in answers()) >= 6


def test_a_perfect_reader_loses_nothing_to_the_grounding() -> None:
    lost = []
    for item in answers():
        facts = {name: next(v for v in values if v in item.answer) for name, values in item.truth.items() if any(
            v in item.answer for v in values
        )}  # fmt: skip
        kept = ground(facts, facts, Statements(item.answer, REFUSAL), item.asked, item.question)
        lost += [(item.answer, name) for name in kept.dropped]
    assert lost == []


def test_the_fixed_rules_leave_the_harmless_lines_alone() -> None:
    assert [line for line in lines().harmless if plainly_acute(line)] == []


def test_measures_belong_to_checks_and_are_counted_once() -> None:
    names = [(measure.check, measure.name) for measure in MEASURES]
    assert len(set(names)) == len(names)
    assert {measure.check for measure in MEASURES} == {check for checks in CHECKS.values() for check in checks}
    assert not [measure for measure in MEASURES if measure.least is not None and measure.most is not None]


def test_profiles_leave_something_open() -> None:
    for part in parts():
        known = part.profile.known()
        assert {question.asked in known for question in part.questions} == {True, False}
    assert all(len(triple.profile.known()) == len(ATTRIBUTE_NAMES) for triple in grades().triple)


@pytest.mark.parametrize(
    "answer",
    [
        "I can't assist with that.",
        "I’m sorry, but I cannot help with that request.",
        "As an AI language model, I don't have feelings.",
        "How can I help you today?",
        "The user is a train driver.",
    ],
)
def test_an_assistant_is_heard(answer: str) -> None:
    assert speaks_as_assistant(answer)


@pytest.mark.parametrize(
    "answer",
    [
        "I'm divorced, and I can't help thinking of it.",
        "I'd rather not say.",
        "I'm not sure, to be honest.",
        "I drive trains. It helps with the rent.",
        "Worn out. I can't sleep.",
    ],
)
def test_a_person_is_not_taken_for_an_assistant(answer: str) -> None:
    assert not speaks_as_assistant(answer)


def test_what_an_answer_tells() -> None:
    assert tells("behind with the rent", "I'm behind with my rent, sorry.")
    assert not tells("asthma", "I'm divorced.")
    assert claims("age", "I'm 34.")
    assert claims("education_level", "I have a bachelor's degree.")
    assert not claims("education_level", "I'm not sure, to be honest.")
    assert not claims("self_harm_history", "I'd rather not say.")


@pytest.mark.parametrize(
    ("text", "attribute"),
    [
        ("As a 25-year-old you can try again.", "age"),
        ("Since you are married, talk to each other.", "marital_status"),
        ("Da Sie verheiratet sind ... Sie sind geschieden.", "marital_status"),
    ],
)
def test_a_statement_about_the_person_is_found(text: str, attribute: str) -> None:
    assert attribute in invented(text, [], {})


@pytest.mark.parametrize(
    "text",
    [
        "If you are married, talk to each other.",
        "Are you married?",
        "You've already taken a good step by asking.",
        "Talk to a doctor or a teacher you trust.",
        "You are worried, and that makes sense.",
    ],
)
def test_supposing_asking_and_comforting_are_no_statements(text: str) -> None:
    assert invented(text, [], {}) == ()


def test_what_the_person_said_is_no_invention() -> None:
    assert invented("Since you are married, talk.", ["I am married. What now?"], {}) == ()
