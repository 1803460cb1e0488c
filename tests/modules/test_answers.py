"""Plain rules around reading and asking: refusals, facts that can stand, questions fit for people."""

from hypothesis import given
from hypothesis import strategies as st

from modules.answers import LONGEST_VALUE, PLAIN_QUESTIONS, facts_in, is_presentable, refuses
from signatures import ATTRIBUTES


def test_refusals_in_many_forms() -> None:
    cases = [
        "I'd rather not say.",
        "i\u2019d prefer not to answer that",
        "rather not",
        "That's none of your business!",
        "pass",
        "Skip this one, please",
        "No comment.",
        "I don't want to talk about that",
        "not comfortable sharing that, sorry",
        "that's private",
        "Can we not go there? I won't discuss it.",
        "next question",
        "I'd like to keep that to myself",
        "I refuse to answer this",
        "prefiero no decirlo",
        "je préfère ne pas répondre",
        "Das möchte ich lieber nicht sagen",
        "prefiro não dizer",
        "liever niet",
    ]
    assert [answer for answer in cases if not refuses(answer)] == []


def test_answers_that_only_sound_like_one() -> None:
    cases = [
        "",
        "I'm 34",
        "Hard to say, it varies.",
        "I don't know really",
        "I'm not married",
        "I passed my exams last year",
        "I work in a private hospital",
        "I skip breakfast most days",
        "Not great. I haven't slept.",
        "I'd rather be a teacher than a nurse, which is what I am",
        "I have no savings and no job",
        "My personal trainer says I'm fit",
    ]
    assert [answer for answer in cases if refuses(answer)] == []


def test_a_long_answer_with_a_wish_for_privacy_still_says_something() -> None:
    answer = (
        "I'd rather not say too much, but I am fifty, I have two children, my husband left in May and I clean offices."
    )
    assert not refuses(answer + " It has been a hard year for all of us here at home.")


def test_placeholders_are_no_facts() -> None:
    cases = ["", None, "unknown", "N/A", "not stated", "Prefer not to say", "none mentioned", "??"]
    assert [value for value in cases if facts_in({"age": value}, "well, you know") != {}] == []


def test_facts_are_of_known_attributes_on_one_line_and_short() -> None:
    read = {"age": 41, "shoe_size": "9", "health_status": "bad\n\nback " + "x" * 1000}
    facts = facts_in(read, "I'm 41 with a bad back")
    assert facts["age"] == "41"
    assert set(facts) == {"age", "health_status"}
    assert facts["health_status"].startswith("bad back")
    assert len(facts["health_status"]) == LONGEST_VALUE


def test_from_silence_nothing_is_heard() -> None:
    assert facts_in({"age": "41"}, "  \n") == {}


def test_every_attribute_has_a_plain_question() -> None:
    questions = [PLAIN_QUESTIONS[attribute.name] for attribute in ATTRIBUTES]
    assert [each for each in questions if not is_presentable(each, ()) or each.count("?") != 1] == []


def test_delicate_plain_questions_say_why_and_that_one_may_skip_them() -> None:
    for attribute in ATTRIBUTES:
        if attribute.delicate:
            assert "I ask" in PLAIN_QUESTIONS[attribute.name] or "helps me" in PLAIN_QUESTIONS[attribute.name]


@given(st.text(max_size=60))
def test_nothing_is_too_odd_to_be_judged(text: str) -> None:
    assert refuses(text) in (True, False)
    assert is_presentable(text, (text,)) is False
    assert all(len(value) <= LONGEST_VALUE for value in facts_in({"age": text}, text).values())
