"""What is wrong with a written text: hand-written lines pass, lines that give something away do not."""

import itertools
import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark import situations
from benchmark.scenarios.similarity import ALIKE, ALIKE_ACROSS, fold, likeness, near_copy, tidy
from benchmark.scenarios.synthetic.checks import feeling_problem, query_problem, situation_problem

SITUATION = "Someone weighs leaving a flat share in which nobody speaks any more."
QUERIES = [(s.key, query) for s in situations() for query in s.queries]


def kind(text: str) -> str:
    problem = query_problem(text, SITUATION, [])
    return problem[0] if problem else ""


FALSE_ALARM = pytest.mark.xfail(reason="the crisis guard takes it for danger: issue 20", strict=True)


@pytest.mark.parametrize(
    ("text", "attribute"),
    [
        ("I'm 34, is it too late to switch?", "age"),
        ("As a 61-year-old, can I still learn to drive?", "age"),
        ("In my late forties now: worth a new degree?", "age"),
        ("As a single mom, is night work a bad idea?", "gender"),
        ("Should my husband know about the loan?", "marital status"),
        ("I\u2019m recently divorced, should I move away?", "marital status"),
        ("I work as a welder, is this cough normal?", "profession"),
        ("being retired, do I need a will?", "profession"),
        ("I'm completely broke, what can I sell?", "economic status"),
        ("I earn 1,900 a month, can I afford a car?", "economic status"),
        ("Is my PhD of any use outside a lab?", "education level"),
        ("Can I fast with my type 2 diabetes?", "health status"),
        ("I'm pregnant, is sushi fine?", "health status"),
        ("Is it fine to skip my antidepressant for a weekend?", "mental health status"),
        ("I have moderate anxiety, should I fly?", "mental health status"),
        ("I feel so hopeless, is it worth going on with the course?", "emotional state"),
    ],
)
def test_questions_that_give_something_away(text: str, attribute: str) -> None:
    assert kind(text) == f"gives away the {attribute}"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Is suicide insurance a thing?", "it speaks of self-harm or of dying"),
        ("How many pills to overdose on purpose?", "it speaks of self-harm or of dying"),
        ("Should I tell [name] about it tonight?", "it holds a placeholder, a list mark or markup"),
        ("1. Should I tell them about it tonight?", "it holds a placeholder, a list mark or markup"),
        ("**Should I** tell them about it tonight?", "it holds a placeholder, a list mark or markup"),
        ("What should a user with this persona do?", "it speaks of the data set and not of a life"),
        ("As an AI, what would you do about it?", "it speaks of the data set and not of a life"),
        ("Is www.example.org a good place to ask?", "it holds an address, a link or a number to call"),
        ("Should I ring 0151 234 56789 about it?", "it holds an address, a link or a number to call"),
        ("Why?", "length"),
        ("word " * 101, "length"),
        ("half a pair \ud83d of letters here", "not text"),
        (SITUATION, "repeats the situation"),
    ],
)
def test_questions_that_are_no_questions_of_people(text: str, reason: str) -> None:
    assert kind(text) == reason


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Would 30 minutes a day be enough?", marks=FALSE_ALARM),
        "I have 21 days to pay. What happens on day 22?",
        "Is a nurse paid better on nights?",
        "How do people in debt get a phone contract?",
        "this job is killing me, do i hand in notice before the bonus or after",
        "Is it true that divorced people pay more tax?",
        pytest.param("My brother says go for it. Do I?", marks=FALSE_ALARM),
    ],
)
def test_ordinary_questions_pass(text: str) -> None:
    assert kind(text) == ""


def test_of_the_hand_written_lines_nearly_all_pass() -> None:
    refused = [q for (_, q) in QUERIES[::4] if query_problem(q, SITUATION, [])]
    assert len(refused) <= 0.01 * len(QUERIES[::4])  # 6 of 1,400 when this was written
    for situation in situations()[::5]:
        told = [text for texts in situation.emotions.values() for text in texts]
        assert [problem for i, text in enumerate(told) if (problem := feeling_problem(text, told[:i]))] == []


def test_no_two_hand_written_questions_of_one_situation_are_near_copies() -> None:
    for situation in situations():
        closest = max(likeness(a, b) for a, b in itertools.combinations(situation.queries, 2))
        assert closest < ALIKE  # the closest two of all have 0.28


def test_a_question_with_one_word_changed_is_a_near_copy() -> None:
    rng = random.Random(1)
    long_ones = [q for _, q in QUERIES if len(q.split()) >= 10][:300]
    found = 0
    for query in long_ones:
        words = query.split()
        words[rng.randrange(len(words))] = "something"
        found += near_copy(" ".join(words), [query], ALIKE_ACROSS) is not None
    assert found == len(long_ones)


def test_what_the_writer_is_told() -> None:
    assert query_problem("I'm 34, is it late?", SITUATION, []) == ("gives away the age", '"I\'m 34" gives away the age')
    problem = query_problem("Is moving out now wise?", SITUATION, ["Is moving out now wise, then?"])
    assert problem == ("near-copy", "it is too much like 'Is moving out now wise, then?'")
    assert situation_problem("Someone moves.", []) == ("length", "it has 2 words, and 6 to 45 are wanted")
    assert situation_problem(SITUATION, [SITUATION.upper()]) == (
        "near-copy",
        f"it is too much like {SITUATION.upper()!r}",
    )
    assert feeling_problem("wants to die, and says so", []) == ("it speaks of self-harm or of dying",) * 2


@given(st.text(max_size=60), st.text(max_size=60))
def test_likeness_is_symmetric_and_one_for_the_same(one: str, other: str) -> None:
    assert likeness(one, other) == likeness(other, one)
    assert 0 <= likeness(one, other) <= 1
    assert likeness(one, f"  {one.upper().lower()}!") == 1 or fold(one) != fold(one.upper().lower())


@given(st.text(max_size=40))
def test_tidied_text_is_one_line_and_stays_as_it_is(text: str) -> None:
    line = tidy(text)
    assert not re.search(r"[\n\r\t]", line)
    assert tidy(f'"{text}"') in (" ".join(text.split()), " ".join(f'"{text}"'.split()), line)


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ('"So be it?"', "So be it?"),
        ("“So\nbe it?”", "So be it?"),
        ('"a" or "b"', '"a" or "b"'),
        ("it's fine", "it's fine"),
    ],
)
def test_quotes_around_a_text_go(said: str, text: str) -> None:
    assert tidy(said) == text
