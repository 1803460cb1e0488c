"""What a model says of a post is believed only as far as the post supports it, and never repeats it."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.scenarios.reddit.reading import PostReader, Reading
from benchmark.scenarios.reddit.support import Minor, find_support
from benchmark.scenarios.reddit.wording import GRAM, carried_names, find_shared_words, leaks, spoken, tells
from benchmark.scenarios.reddit.yields import Drop, Stage, share
from signatures import ATTRIBUTE_NAMES, Profile, StatedFact
from tests.benchmark.scripted import Scripted

POST = (
    "I'm 34F, separated from my husband. I work as a nurse at Gullmark Clinic on nights and I'm living paycheck to "
    "paycheck. I have a bachelor's degree. I've had chronic back pain for years, I was diagnosed with depression, and "
    "I never hurt myself. I feel so overwhelmed that I cry in the car. Should I move back in with him by autumn?"
)
FACTS = {
    "age": ("34", "I'm 34F"),
    "gender": ("woman", "I'm 34F"),
    "marital_status": ("separated", "separated from my husband"),
    "profession": ("nurse on night shifts", "I work as a nurse"),
    "economic_status": ("just getting by", "living paycheck to paycheck"),
    "education_level": ("bachelor's degree", "I have a bachelor's degree"),
    "health_status": ("chronic back pain", "chronic back pain for years"),
    "mental_health_status": ("depression", "I was diagnosed with depression"),
    "self_harm_history": ("none", "I never hurt myself"),
    "emotional_state": ("overwhelmed and close to tears", "I feel so overwhelmed that I cry"),
}
ASKED = "Should I move back in with my husband by autumn?"
NEW = "Would returning to live together be a wise step?"


def fact(attribute: str, value: str, quote: str) -> StatedFact:
    return StatedFact(attribute=attribute, value=value, quote=quote)


def stated(**changes: tuple[str, str] | None) -> list[dict[str, str]]:
    """All facts as a model gives them, some changed or left out."""
    kept = {**FACTS, **changes}
    return [{"attribute": n, "value": v[0], "quote": v[1]} for n, v in kept.items() if v is not None]


def refusal(attribute: str, value: str, quote: str) -> str:
    """Why a value is not taken; empty if it is."""
    support = find_support([fact(attribute, value, quote)], POST)
    assert len(support.facts) + support.refused.total() == 1
    return next(iter(support.refused), "")


def read(*replies: Any, at_least: int = 7) -> tuple[Reading, Scripted]:
    model = Scripted(replies)
    return PostReader(model.lm(), at_least=at_least).read(POST), model


def reworded(*wordings: str) -> tuple[Reading, Scripted]:
    return read({"revealed": list(FACTS)}, {"stated": stated(), "query": ASKED}, *({"reworded": w} for w in wordings))


# Values


def test_what_the_post_says_is_taken_in_canonical_order_with_age_as_a_band() -> None:
    support = find_support([fact(n, *v) for n, v in reversed(FACTS.items())], POST)
    assert not support.refused
    assert list(support.facts) == list(ATTRIBUTE_NAMES)
    assert support.facts["age"] == "25-34 years"
    assert support.facts["marital_status"] == "separated"


@pytest.mark.parametrize(
    ("attribute", "value", "quote", "why"),
    [
        ("shoe size", "41", "I'm 34F", "no such attribute"),
        ("profession", "pilot", "I work as a pilot", "quote is not in the post"),
        ("profession", "nurse", "", "quote is not in the post"),
        ("profession", "nurse", POST, "quote is not in the post"),  # the whole post supports nothing
        ("profession", "nurse", "I work as a ... at nights", "quote is not in the post"),
        ("profession", "nurse", "I work as a ... on nights", ""),
        ("Profession", "Nurse.", "i WORK, as a nurse!", ""),
        ("profession", "nurse at gullmark", "I work as a nurse at Gullmark", "value may hold personal data"),
        ("profession", "nurse, jo@example.com", "I work as a nurse", "value may hold personal data"),
        ("profession", "nurse at [name]", "I work as a nurse", "value may hold personal data"),
        ("profession", "i work as a nurse at", "I work as a nurse", "value is copied from the post"),
        ("profession", "a b c d e f g h i j k l m", "nurse", "value is copied from the post"),
        ("profession", "unknown", "I work as a nurse", "says nothing"),
        ("profession", "not stated", "I work as a nurse", "says nothing"),
        ("health_status", "chronic pain", "I was diagnosed with depression", ""),  # "diagnosed" points to health
        ("health_status", "asthma", "I'm living paycheck to", "quote is about something else"),
        ("economic_status", "earns 40000", "living paycheck to paycheck", "number is not in the quote"),
        ("self_harm_history", "none", "I feel so overwhelmed", "denial without words for it"),
        ("self_harm_history", "no self-harm", "I never hurt myself", ""),
        ("age", "45", "I'm 34F", "age does not fit its quote"),
        ("age", "30-39", "I'm 34F", ""),
        ("age", "middle-aged", "I'm 34F", "age does not fit its quote"),
    ],
)  # fmt: skip
def test_a_value_needs_words_of_the_post(attribute: str, value: str, quote: str, why: str) -> None:
    assert refusal(attribute, value, quote) == why


@pytest.mark.parametrize(
    ("value", "quote", "band"),
    [
        ("early thirties", "in my early thirties", "25-34 years"),
        ("late twenties", "in my late 20s", "25-34 years"),
        ("38", "thirty-eight", "35-44 years"),
        ("50", "turned fifty", "45-54 years"),
        ("71 years", "71", "65 years or older"),
        ("18", "18", "18-24 years"),
        ("in their thirties", "in my thirties", "in their thirties"),
    ],
)
def test_ages_become_bands(value: str, quote: str, band: str) -> None:
    assert find_support([fact("age", value, quote)], f"I'm {quote} years old").facts == {"age": band}


@pytest.mark.parametrize(("value", "quote"), [("16", "I'm 16"), ("sixteen", "I'm a teenager"), ("15-17", "I'm 16")])
def test_a_minor_is_not_read_any_further(value: str, quote: str) -> None:
    with pytest.raises(Minor):
        find_support([fact("age", value, quote)], f"{quote} and lost")


def test_the_first_value_of_an_attribute_stays() -> None:
    support = find_support([fact("profession", "nurse", "nurse"), fact("profession", "night work", "on nights")], POST)
    assert (support.facts, support.refused) == ({"profession": "nurse"}, {"stated twice": 1})


# Wordings


def test_six_words_in_a_row_are_a_repetition_and_five_are_not() -> None:
    assert find_shared_words("Well: should I move back in with them?", POST) == ["should i move back in with"]
    assert find_shared_words("well, I move back in with them", POST) == []
    assert find_shared_words("I cry in the car", POST) == []
    assert find_shared_words("I cry in the car", POST, least=4) == ["i cry in the car"]


@settings(max_examples=200)
@given(st.lists(st.sampled_from("abcdefgh"), max_size=30), st.lists(st.sampled_from("abcdefgh"), max_size=30))
def test_shared_runs_are_in_both_texts(ours: list[str], theirs: list[str]) -> None:
    runs = find_shared_words(" ".join(ours), " ".join(theirs))
    for run in runs:
        assert len(run.split()) == GRAM
        assert run in " ".join(ours)
        assert run in " ".join(theirs)
    naive = {tuple(ours[i : i + GRAM]) for i in range(len(ours) - GRAM + 1)}
    naive &= {tuple(theirs[i : i + GRAM]) for i in range(len(theirs) - GRAM + 1)}
    assert {tuple(run.split()) for run in runs} == naive


def test_names_that_no_rule_knows_are_told_by_their_capitals() -> None:
    assert carried_names(POST) == {"gullmark", "clinic"}
    assert leaks("is gullmark a good place to stay?", POST)
    assert not leaks("is a clinical job a good thing to keep?", POST)
    assert carried_names("so I told Rowan. rowan laughed") == frozenset()  # an ordinary word as well
    assert carried_names("i HATE this, WHY ME, it is SO BAD and they NEVER CALL") <= {"hate", "bad", "never", "call"}


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("I'm 34, is that too old?", True),
        ("As a nurse, what do I do?", True),
        ("Is my depression to blame for it?", True),
        ("Is a separated person free to date?", True),
        ("Would going back be a mistake?", False),
        ("Can women say no to this?", False),
    ],
)
def test_a_question_must_not_tell_the_profile(query: str, told: bool) -> None:
    assert tells(query, Profile(gender="women", marital_status="separated", self_harm_history="none")) is told


@given(st.text(max_size=100))
def test_words_are_the_same_in_any_case_and_spacing(text: str) -> None:
    assert spoken(text.replace(" ", "  ")) == spoken(text)


# Reading a post


def test_a_rich_post_becomes_a_scenario_in_three_calls() -> None:
    reading, model = reworded(NEW)
    assert reading.drop is None
    assert reading.stages == (Stage.READ, Stage.FILTER, Stage.EXTRACTED, Stage.SCENARIO)
    assert reading.query == NEW
    assert reading.profile.known()["mental_health_status"] == "depression"
    assert len(model.asked) == 3
    assert all("text" not in prompt.inputs or prompt.input("text") == POST for prompt in model.asked)
    assert POST not in model.asked[2].text  # whoever words anew has not seen the post
    assert Reading.from_json(reading.to_json()) == reading


def test_six_attributes_are_too_few_and_cost_one_call() -> None:
    names = list(FACTS)
    reading, model = read({"revealed": [*names[:6], names[0], "shoe size"]})
    assert (reading.drop, reading.stages, len(model.asked)) == (Drop.FEW_REVEALED, (Stage.READ,), 1)
    assert read({"revealed": names[:6]}, {"stated": [], "query": ""}, at_least=6)[0].drop is Drop.FEW_SUPPORTED


def test_attributes_without_support_do_not_count() -> None:
    invented = {name: (FACTS[name][0], "words that nobody wrote") for name in list(FACTS)[:4]}
    reading, model = read({"revealed": list(FACTS)}, {"stated": stated(**invented), "query": ASKED})
    assert reading.drop is Drop.FEW_SUPPORTED
    assert reading.refused == {"quote is not in the post": 4}
    assert len(model.asked) == 2
    invented.popitem()
    reading, _ = read({"revealed": list(FACTS)}, {"stated": stated(**invented), "query": ASKED}, {"reworded": NEW})
    assert reading.drop is None
    assert set(reading.profile.known()) == set(FACTS) - set(invented)


def test_a_post_without_a_question_or_by_a_minor_ends_there() -> None:
    assert read({"revealed": list(FACTS)}, {"stated": stated(), "query": " none "})[0].drop is Drop.NO_QUERY
    young = POST.replace("34F", "16F")
    model = Scripted([{"revealed": list(FACTS)}, {"stated": stated(age=("16", "I'm 16F")), "query": ASKED}])
    assert PostReader(model.lm()).read(young).drop is Drop.MINOR


@pytest.mark.parametrize(
    ("bad", "drop", "complaint"),
    [
        ("So, should I move back in with him?", Drop.QUOTES, "should i move back in with"),
        ("Is staying at Gullmark a good idea?", Drop.PERSONAL, "names, places"),
        ("Could you write to me at jo@example.com about it?", Drop.PERSONAL, "names, places"),
        ("I'm 34 and torn, do I go back?", Drop.TELLS, "who the asker is"),
        ("Hm?", Drop.NO_QUERY, "no question"),
    ],
)
def test_a_bad_wording_is_asked_again_with_the_reason_and_then_dropped(bad: str, drop: Drop, complaint: str) -> None:
    reading, model = reworded(bad, NEW)
    assert (reading.drop, reading.query) == (None, NEW)
    assert complaint in model.asked[3].input("avoid")
    assert "first attempt" in model.asked[2].input("avoid")
    reading, model = reworded(bad)
    assert (reading.drop, reading.query, len(model.asked)) == (drop, "", 5)
    assert reading.stages[-1] is Stage.EXTRACTED


def test_a_reply_that_cannot_be_read_is_asked_again_and_then_dropped() -> None:
    reading, _ = read("no idea", {"revealed": list(FACTS)}, {"stated": stated(), "query": ASKED}, {"reworded": NEW})
    assert reading.drop is None
    reading, model = read("no idea")
    assert (reading.drop, reading.stages, len(model.asked)) == (Drop.UNREADABLE, (Stage.READ,), 3)


def test_the_settings_are_part_of_what_a_reading_is_known_by() -> None:
    lm = Scripted([{}]).lm()
    assert PostReader(lm).identity() == PostReader(lm).identity() != PostReader(lm, at_least=8).identity()


def test_shares_have_wilson_intervals() -> None:
    assert share(0, 0) is None
    found = share(8, 9)
    assert found is not None
    assert found == pytest.approx(
        (0.8889, 0.5650, 0.9801), abs=1e-4
    )  # as scipy's proportion_ci(method="wilson") has it
