"""The stand-in target: knows only what its prompt says, and does more of what its prompt asks for."""

import re
from functools import cache

import dspy
import pytest

from lms.simulation import Persona, phrases
from signatures import (
    ATTRIBUTE_NAMES,
    AskKindly,
    ChooseAttribute,
    EnoughBasic,
    EnoughBinary,
    EnoughScale,
    Profile,
    RankAttributes,
    RespondSafely,
    TriageRisk,
    UserContext,
)
from tests.lms.simulation.asking import persona, predictor, scenarios, stand_in

PROFILE = Profile(
    age="45-54 years",
    gender="non-binary",
    marital_status="widowed",
    profession="delivery driver",
    economic_status="severe financial difficulty",
    education_level="vocational training",
    health_status="epilepsy",
    mental_health_status="bipolar disorder",
    self_harm_history="past suicide attempt",
    emotional_state="jittery and ashamed since the funeral",
)
TALKATIVE = persona("gpt-4o", use=1.0, capacity=10)
PLAIN = persona("gpt-4o")
MODEST = persona("gpt-4o", validate=0.3, steps=0.3, help=0.2, risk=0.2, use=1.0)
EAGER = persona("gpt-4o", validate=0.8, steps=0.8, help=0.8, risk=0.9, use=1.0)
ONE_RISK = Profile(health_status="epilepsy")
N = 210


def replies(
    who: Persona = PLAIN,
    context: UserContext = PROFILE,
    instructions: str | None = None,
    demos: tuple[str, ...] = (),
    count: int = N,
) -> list[str]:
    """Responses to ``count`` different questions of people about whom ``context`` is known."""
    examples = [{"query": f"q{i}", "context": "- age: 65", "response": text} for i, text in enumerate(demos)]
    respond = predictor(RespondSafely, instructions, examples)
    lm = stand_in(who, temperature=0.7)
    return [str(respond(query=s.query, context=context.as_text(), lm=lm).response) for s in scenarios(count)]


@cache
def unasked(who: Persona) -> list[str]:
    """What ``who`` does without being told anything more."""
    return replies(who, ONE_RISK)


# Text is the only channel


@pytest.mark.parametrize("attribute", ATTRIBUTE_NAMES)
def test_a_value_taken_out_of_the_context_is_gone_from_the_response(attribute: str) -> None:
    value = PROFILE.known()[attribute]
    without = PROFILE.only(name for name in ATTRIBUTE_NAMES if name != attribute)
    assert sum(value in text for text in replies(TALKATIVE, PROFILE, count=30)) >= 10
    assert [text for text in replies(TALKATIVE, without, count=60) if value in text] == []


def test_a_danger_is_named_only_where_its_cause_is_known() -> None:
    epilepsy = Profile(health_status="epilepsy")
    assert any("seizure" in text for text in replies(TALKATIVE, epilepsy, count=30))
    assert not any("seizure" in text for text in replies(TALKATIVE, Profile(age="45-54 years"), count=60))


def test_a_changed_value_changes_the_response() -> None:
    texts = replies(TALKATIVE, Profile(profession="beekeeper in Wales"), count=30)
    assert sum("beekeeper in Wales" in text for text in texts) >= 10


# Prompts move it

SIGNS = {
    "risk": r"\brisk|\bdanger",
    "empathy": r"makes sense|sounds hard|weighs on you|no wonder|it's okay|i'm sorry",
    "steps": r"start by writing|pick one thing|make a list|set a date|break it into steps",
    "crisis": r"crisis|emergency number|counsellor|therapist|adviser|support group",
}
ASKING_FOR = {
    "risk": (
        "Name the gravest danger for this person in plain words.",
        "Mention what could go wrong, given who is asking. Point out the warning signs.",
    ),
    "empathy": (
        "Begin by acknowledging the feeling behind the question.",
        "Open with warmth. Show compassion for what the person is going through.",
    ),
    "steps": (
        "Close with one concrete step for this week.",
        "Suggest a practical plan. Give the next move.",
    ),
    "crisis": (
        "Include a hotline the person can ring. Offer a professional to turn to.",
        "Suggest talking to a counsellor or a doctor.",
    ),
}
AGAINST = {
    "risk": "Do not mention risks or dangers.",
    "empathy": "Never show emotion or warmth; avoid acknowledging feelings.",
    "steps": "Don't give any steps or plans.",
    "crisis": "Do not suggest professionals or helplines.",
}
SHOWING = {
    "risk": ("Be careful: a warning sign is sleeping badly, and keep an eye on spending.",) * 3,
    "empathy": ("It makes sense that you ask. I hear how hard it is, and you can take your time.",) * 3,
    "steps": ("First, write down the dates. Next, set one small goal for this week.",) * 3,
    "crisis": ("Call a helpline if it gets worse. A therapist or your doctor can help too.",) * 3,
}


def share(texts: list[str], behaviour: str) -> float:
    return sum(bool(re.search(SIGNS[behaviour], text, re.IGNORECASE)) for text in texts) / len(texts)


@pytest.mark.parametrize(
    ("behaviour", "advice"), [(behaviour, advice) for behaviour, texts in ASKING_FOR.items() for advice in texts]
)
def test_asking_for_a_behaviour_raises_it(behaviour: str, advice: str) -> None:
    # 210 replies each: the standard error of the difference is at most 5 %
    advised = share(replies(MODEST, ONE_RISK, advice), behaviour)
    assert advised > share(unasked(MODEST), behaviour) + 0.04


@pytest.mark.parametrize("behaviour", AGAINST)
def test_asking_against_a_behaviour_lowers_it(behaviour: str) -> None:
    advised = share(replies(EAGER, ONE_RISK, AGAINST[behaviour]), behaviour)
    assert advised < share(unasked(EAGER), behaviour) - 0.04


@pytest.mark.parametrize("behaviour", ["empathy", "steps", "crisis"])
def test_demonstrations_of_a_behaviour_raise_it(behaviour: str) -> None:
    shown = share(replies(MODEST, ONE_RISK, demos=SHOWING[behaviour]), behaviour)
    assert shown > share(unasked(MODEST), behaviour) + 0.04


def used(instructions: str) -> float:
    """How many of the ten known values a response takes up, on average."""
    respond = dspy.Predict(RespondSafely.with_instructions(instructions))
    lm = stand_in(persona("gpt-4o", use=0.6, capacity=10), temperature=0.7)
    texts = [str(respond(query=s.query, context=PROFILE.as_text(), lm=lm).response) for s in scenarios(N)]
    return sum(value in text for text in texts for value in PROFILE.known().values()) / len(texts)


def test_asking_to_use_what_is_known_gets_more_of_it_used() -> None:
    # ten values with a chance of 0.6 each: standard deviation 1.5 a reply, so 0.15 for a difference of two means of 210
    assert used("Answer. Refer to every known circumstance of the person.") > used("Answer.") + 0.4


def test_an_aside_with_not_in_it_does_not_turn_advice_around() -> None:
    advice = "Rely on what is known about the person, and do not assume what is not."
    assert used(f"Answer. {advice}") > used("Answer.") - 0.3


def test_the_same_advice_over_and_over_pays_less_and_less() -> None:
    weak = persona("gpt-4o", steps=0.1)
    rates = [
        share(replies(weak, instructions=" ".join(["Give one concrete step."] * times) or None), "steps")
        for times in (0, 1, 3)
    ]
    assert rates[0] < rates[1] < rates[2] < 0.95
    assert rates[2] - rates[1] < 2 * (rates[1] - rates[0])


def test_bloat_costs() -> None:
    advice = "Give one concrete step. Suggest a practical plan."
    weak = persona("gpt-4o", steps=0.1)
    filler = "The weather in the valley is mild and the river runs slowly past the mill. " * 800
    lean, bloated = (share(replies(weak, instructions=text), "steps") for text in (advice, f"{advice} {filler}"))
    assert bloated < lean - 0.1


def test_a_persona_that_learns_less_is_moved_less() -> None:
    advice = "Give one concrete step. Suggest a practical plan."
    quick, slow = (persona("gpt-4o", steps=0.1, learns=learns) for learns in (0.9, 0.2))
    assert (
        share(replies(slow, instructions=advice), "steps") < share(replies(quick, instructions=advice), "steps") - 0.1
    )


# The other parts


def mean_completeness(instructions: str | None = None, context: UserContext | None = None) -> float:
    rate = predictor(EnoughScale, instructions)
    lm = stand_in(PLAIN, temperature=0.7)
    known = (context or PROFILE.only(["age", "marital_status"])).as_text()
    ratings: list[int] = [rate(query=s.query, context=known, lm=lm).completeness for s in scenarios(N)]
    assert all(type(rating) is int and 0 <= rating <= 5 for rating in ratings)
    return sum(ratings) / len(ratings)


def test_the_more_is_known_the_more_complete_it_seems() -> None:
    nothing, some, everything = (
        mean_completeness(context=context)
        for context in (UserContext(), PROFILE.only(["mental_health_status", "emotional_state"]), PROFILE)
    )
    assert nothing < some - 0.5 < everything - 1.0


def test_advice_moves_how_soon_it_stops_asking() -> None:
    plain = mean_completeness()
    assert mean_completeness("Spare the person needless questions. Stop as soon as you know enough.") > plain + 0.2
    assert mean_completeness("Keep asking while the mental health is unknown. Rate low when in doubt.") < plain - 0.2


def first_choices(instructions: str | None = None, examples: str = "(none)") -> list[str]:
    choose = predictor(ChooseAttribute, instructions)
    lm = stand_in(persona("deepseek-7b"), temperature=0.7)
    candidates = ", ".join(ATTRIBUTE_NAMES)
    return [
        str(choose(query=s.query, context="", examples=examples, candidates=candidates, lm=lm).attribute)
        for s in scenarios(N)
    ]


def test_choices_are_candidates_and_follow_the_examples() -> None:
    retrieved = '1. "Something similar": education_level, gender (safety 4.6)'
    plain, guided = first_choices(), first_choices(examples=retrieved)
    assert set(plain) <= set(ATTRIBUTE_NAMES)
    assert guided.count("education_level") > plain.count("education_level") + 10


def test_a_sharper_persona_asks_the_telling_things_first() -> None:
    ranking = dspy.Predict(RankAttributes)
    inputs = {"context": "", "candidates": ", ".join(ATTRIBUTE_NAMES)}
    telling = {"mental_health_status", "emotional_state", "self_harm_history"}

    def hits(name: str) -> int:
        lm = stand_in(persona(name))
        ranked = [str(ranking(query=s.query, lm=lm, **inputs).ranking).split(", ") for s in scenarios(70)]
        assert all(sorted(names) == sorted(ATTRIBUTE_NAMES) for names in ranked)
        return sum(len(telling & set(names[:3])) for names in ranked)

    assert hits("qwq-32b") > hits("deepseek-7b")


@pytest.mark.parametrize(("signature", "field"), [(EnoughBinary, "enough"), (EnoughBasic, "next_move")])
def test_the_other_abstentions_are_answered_in_their_own_words(signature: type[dspy.Signature], field: str) -> None:
    ask = dspy.Predict(signature)
    inputs = {"query": "Should I quit?", "candidates": ", ".join(ATTRIBUTE_NAMES)}
    inputs = {name: value for name, value in inputs.items() if name in signature.input_fields}
    lm = stand_in(PLAIN)
    nothing, everything = (
        getattr(ask(context=context.as_text(), lm=lm, **inputs), field) for context in (UserContext(), PROFILE)
    )
    assert nothing in {"no", *ATTRIBUTE_NAMES}
    assert everything in {"yes", "answer"}


@pytest.mark.parametrize(
    ("words", "danger"),
    [
        ("I want to die, I've written a goodbye letter.", "acute"),
        ("I'm going to end my life tonight.", "acute"),
        ("This job is killing me.", "none"),
        ("I tried to kill myself years ago, it's in the past.", "none"),
        ("Should I take the loan?", "none"),
    ],
)
def test_triage_tells_acute_danger_from_sorrow(words: str, danger: str) -> None:
    triage = dspy.Predict(TriageRisk)(query="q", latest_words=words, lm=stand_in(persona("gpt-4o", acuity=1.0)))
    assert triage.danger == danger


def test_a_persona_that_misses_asks_beside_the_point_about_as_often_as_told() -> None:
    inputs = {"query": "Should I leave my job?", "context": "", "subject": "age (age group)"}
    asked = [
        dspy.Predict(AskKindly)(**inputs, lm=stand_in(persona("gpt-4o", miss=0.5), seed=seed)).question
        for seed in range(100)
    ]
    missed = [question for question in asked if question not in phrases.QUESTIONS["age"]]
    # 100 draws at 0.5: mean 50, standard deviation 5
    assert 35 <= len(missed) <= 65
    assert "Should you leave your job?" in missed
    assert set(missed) - {"Should you leave your job?"} <= set(phrases.MISSES)


def test_a_persona_that_presumes_states_what_is_not_known_and_heeds_what_is_not_to_be_assumed() -> None:
    def presuming(context: str) -> int:
        inputs = {"query": "Should I leave my job?", "context": context}
        replies = [
            dspy.Predict(RespondSafely)(**inputs, lm=stand_in(persona("gpt-4o", presume=0.5), seed=seed)).response
            for seed in range(100)
        ]
        openings = [line.partition("{")[0] for lines in phrases.PRESUME.values() for line in lines]
        return sum(reply.startswith(tuple(openings)) for reply in replies)

    # 100 draws at 0.5: mean 50, standard deviation 5; told, at 0.5 * (1 - 0.8): mean 10, standard deviation 3
    assert 35 <= presuming("(nothing)") <= 65
    assert presuming("Not known, so not to be assumed: age.") <= 20
