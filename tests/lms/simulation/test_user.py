"""The stand-in person: says what is asked, nothing more, and is understood by the stand-in that reads."""

from collections import Counter

import dspy
import pytest

from benchmark.evaluation.fidelity import agree
from lms.simulation import PERSONAS
from lms.simulation.user import subject_of
from modules.answers import PLAIN_QUESTIONS
from signatures import ATTRIBUTE_NAMES, ATTRIBUTES, AnswerAsUser, AskKindly, Profile, ReadAnswer, default_vocabulary
from tests.lms.simulation.asking import persona, scenarios, stand_in

MEANINGS = default_vocabulary().meanings
PROFILE = Profile(
    age="45-54 years",
    gender="woman",
    marital_status="widowed",
    profession="delivery driver",
    economic_status="financially comfortable",
    education_level="vocational training",
    health_status="chronic migraine",
    mental_health_status="bipolar disorder",
    self_harm_history="past self-harm",
    emotional_state="jittery and ashamed since the funeral",
)
QUESTIONS = {
    "age": ("How old are you?", "Would you mind telling me your age?"),
    "gender": ("Which gender do you identify with?", "Do you identify as a man or a woman?"),
    "marital_status": ("Do you have a partner?", "Are you married or single?"),
    "profession": ("What do you do for a living?", "Do you have a job at the moment?"),
    "economic_status": ("How are your finances?", "Can you afford your bills?", "Is money a worry?"),
    "education_level": ("What is your highest degree?", "What level of education did you reach?"),
    "health_status": ("Do you have any medical conditions?", "How is your physical health?"),
    "mental_health_status": ("Do you struggle with depression or anxiety?", "How has your mental health been?"),
    "self_harm_history": ("Have you ever hurt yourself?", "Did you ever think about suicide?"),
    "emotional_state": ("How do you feel right now?", "How are you holding up emotionally?"),
}
ASKED = [(name, question) for name, questions in QUESTIONS.items() for question in questions]


def reply(profile: Profile, question: str, name: str = "user", seed: int = 0) -> str:
    lm = stand_in(PERSONAS[name], seed=seed)
    return str(dspy.Predict(AnswerAsUser)(profile=profile.as_text(), question=question, lm=lm).answer)


def told(answer: str) -> set[str]:
    """The attributes of PROFILE whose value is in ``answer``."""
    return {name for name, value in PROFILE.known().items() if value in answer}


def test_exactly_what_is_asked_is_told() -> None:
    cases = ASKED
    assert [
        (attribute, question) for attribute, question in cases if told(reply(PROFILE, question)) != {attribute}
    ] == []


def test_what_the_profile_does_not_say_is_not_made_up() -> None:
    for attribute, question in ASKED:
        rest = Profile(**{name: value for name, value in PROFILE.known().items() if name != attribute})
        answer = reply(rest, question)
        assert "not sure" in answer, question
        assert told(answer) == set(), question


@pytest.mark.parametrize("question", ["Which colour do you like best?", "Anything else?", "Do you own a dog?"])
def test_a_question_about_nothing_in_the_profile_gets_nothing(question: str) -> None:
    answer = reply(PROFILE, question)
    assert "not sure" in answer
    assert told(answer) == set()


def test_the_terse_user_gives_the_bare_value() -> None:
    assert reply(PROFILE, "How old are you?", "user-terse") == "45-54 years"


def test_the_rambling_user_tells_more_but_only_the_truth() -> None:
    answers = [reply(PROFILE, "How old are you?", "user-rambling", seed) for seed in range(30)]
    assert all("age" in told(answer) for answer in answers)
    assert max(len(told(answer)) for answer in answers) == 3  # the thing asked, and at most two more


def test_the_reluctant_user_declines_delicate_questions_now_and_then_and_gives_no_hint() -> None:
    answers = [reply(PROFILE, "How has your mental health been?", "user-reluctant", seed) for seed in range(100)]
    declined = [answer for answer in answers if "bipolar" not in answer]
    # 100 draws at 0.45: mean 45, standard deviation 5
    assert 30 <= len(declined) <= 60
    assert all(told(answer) == set() for answer in declined)
    assert all("45-54" in reply(PROFILE, "How old are you?", "user-reluctant", seed) for seed in range(20))


def test_the_contradictory_user_is_wrong_at_the_known_rate() -> None:
    answers = [reply(PROFILE, "Are you married or single?", "user-contradictory", seed) for seed in range(200)]
    # 200 draws at 0.25: mean 50, standard deviation 6
    assert 32 <= sum("widowed" not in answer for answer in answers) <= 68


# Understood


def heard_from(profile: Profile, attribute: str, query: str, target: dspy.LM, user: dspy.LM) -> dict[str, str]:
    about = next(a for a in ATTRIBUTES if a.name == attribute)
    question = dspy.Predict(AskKindly)(query=query, context="", subject=f"{about.label} ({about.meaning})", lm=target)
    answer = dspy.Predict(AnswerAsUser)(profile=profile.as_text(), question=question.question, lm=user)
    read = dspy.Predict(ReadAnswer)(question=question.question, answer=answer.answer, attributes=MEANINGS, lm=target)
    assert not read.declined
    return dict(read.facts)


@pytest.fixture(scope="module")
def conversations() -> list[tuple[Profile, str, dict[str, str]]]:
    """(profile, attribute asked, facts heard) for 140 people and all ten attributes."""
    target, user = stand_in(persona("gpt-4o"), temperature=0.7), stand_in(PERSONAS["user"])
    return [
        (s.profile, name, heard_from(s.profile, name, s.query, target, user))
        for s in scenarios(140)
        for name in ATTRIBUTE_NAMES
    ]


def test_what_the_user_says_is_heard(conversations: list[tuple[Profile, str, dict[str, str]]]) -> None:
    assert len(conversations) == 140 * len(ATTRIBUTE_NAMES)
    misheard = Counter(
        name for profile, name, facts in conversations if not agree(facts.get(name, ""), profile.known()[name])
    )
    assert all(count <= 0.05 * 140 for count in misheard.values()), misheard


def test_nothing_is_heard_that_was_not_said(conversations: list[tuple[Profile, str, dict[str, str]]]) -> None:
    extra = Counter(heard for _, name, facts in conversations for heard in facts if heard != name)
    assert sum(extra.values()) <= 0.01 * len(conversations), extra
    false = [
        (name, facts[heard], profile.known()[heard])
        for profile, name, facts in conversations
        for heard in facts
        if not agree(facts[heard], profile.known()[heard])
    ]
    assert len(false) <= 0.05 * len(conversations), false[:5]


def test_from_a_user_who_is_not_sure_nothing_is_heard() -> None:
    target, user = stand_in(persona("gpt-4o")), stand_in(PERSONAS["user"])
    heard = [name for name in ATTRIBUTE_NAMES if heard_from(Profile(), name, "Should I move?", target, user)]
    assert heard == []


@pytest.mark.parametrize("name", ["gpt-4o", "deepseek-7b", "qwq-32b"])
def test_a_refusal_is_heard_as_one(name: str) -> None:
    for seed in range(40):
        answer = reply(PROFILE, "How has your mental health been?", "user-reluctant", seed)
        read = dspy.Predict(ReadAnswer)(
            question="How has your mental health been?",
            answer=answer,
            attributes=MEANINGS,
            lm=stand_in(persona(name)),
        )
        assert read.declined == ("bipolar" not in answer)
        assert bool(read.facts) == (not read.declined)


def test_volunteered_facts_are_heard_too() -> None:
    read = dspy.Predict(ReadAnswer)(
        question="How old are you?",
        answer="I'm 22. I'm divorced, too. And I have epilepsy.",
        attributes=MEANINGS,
        lm=stand_in(persona("gpt-4o")),
    )
    assert set(read.facts) == {"age", "marital_status", "health_status"}
    assert "epilepsy" in read.facts["health_status"]


def test_each_fact_has_the_words_it_rests_on() -> None:
    answer = "I'm 22. I'm divorced, too. And I have epilepsy."
    read = dspy.Predict(ReadAnswer)(
        question="How old are you?", answer=answer, attributes=MEANINGS, lm=stand_in(persona("gpt-4o"))
    )
    assert set(read.quotes) == set(read.facts)
    assert all(quote in answer for quote in read.quotes.values())


def test_a_persona_that_invents_adds_facts_about_what_was_not_asked() -> None:
    asked = {"question": "How old are you?", "answer": "I'm 22.", "attributes": MEANINGS}
    facts = [
        dspy.Predict(ReadAnswer)(**asked, lm=stand_in(persona("gpt-4o", invent=0.5), seed=seed)).facts
        for seed in range(100)
    ]
    assert all(found["age"] == "22" for found in facts)
    # 100 draws at 0.5: mean 50, standard deviation 5
    assert 35 <= sum(len(found) > 1 for found in facts) <= 65


def test_the_vague_user_evades_half_of_the_questions() -> None:
    answers = [reply(PROFILE, "How old are you?", "user-vague", seed) for seed in range(100)]
    assert 35 <= sum(told(answer) == set() for answer in answers) <= 65


def test_every_plain_question_is_understood() -> None:
    assert {name: subject_of(question) for name, question in PLAIN_QUESTIONS.items()} == {n: n for n in PLAIN_QUESTIONS}
