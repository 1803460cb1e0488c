"""What is said of somebody else, or of nothing, is no fact about the person, though its words are in the answer."""

import re

import pytest

from modules.reading.grounds import ground
from modules.reading.statements import Statements

NO_REFUSAL = re.compile("(?!)")

OF_OTHERS = [
    ("The garden keeps me busy.", "profession", "gardener", "The garden keeps me busy"),
    ("The doctor says my knee is worn.", "profession", "doctor", "The doctor says"),
    ("I saw a doctor last week.", "profession", "doctor", "doctor"),
    ("I drive to work every morning.", "profession", "driver", "I drive to work"),
    ("I cook a lot at home.", "profession", "cook", "I cook a lot"),
    ("I told the manager I was ill.", "profession", "manager", "manager"),
    ("My landlord is a lawyer.", "profession", "lawyer", "is a lawyer"),
    ("There was this guy at the bar.", "gender", "male", "guy"),
    ("The man at the bank said no.", "gender", "man", "man"),
    ("A woman at work bullies me.", "gender", "woman", "A woman"),
    ("The girls at school laugh at me.", "gender", "female", "girls"),
    ("My neighbour is a nurse.", "profession", "nurse", "a nurse"),
    ("I called the office of my lawyer.", "profession", "lawyer", "my lawyer"),
    ("The married couple next door argue.", "marital_status", "married", "married couple"),
    ("I write in a diary.", "profession", "writer", "I write in a diary"),
    ("My school friends all left.", "education_level", "school", "school"),
    ("My kids' school called.", "education_level", "high school", "school"),
    ("The tutor told me to rest.", "profession", "tutor", "The tutor"),
    ("I help my kids study.", "profession", "student", "study"),
    ("The rich get richer.", "economic_status", "rich", "The rich"),
    ("I feed the poor on Sundays.", "economic_status", "poor", "the poor"),
    ("Cancer runs in the family.", "health_status", "cancer", "Cancer"),
    ("My dog has diabetes.", "health_status", "diabetes", "has diabetes"),
    ("The dog died of cancer.", "health_status", "cancer", "cancer"),
    ("It would be a single payment.", "marital_status", "single", "single"),
    ("Every single day.", "marital_status", "single", "single"),
    ("I'm worried my single payment bounced", "marital_status", "single", "single"),
    ("My therapist is a woman.", "gender", "woman", "a woman"),
    ("I'm married to a doctor.", "profession", "doctor", "a doctor"),
    ("I'm seeing a therapist on Mondays", "profession", "therapist", "a therapist"),
    ("Ich war beim Arzt", "profession", "Arzt", "beim Arzt"),
    ("Der Chef ist krank", "health_status", "krank", "krank"),
    ("J'ai vu le médecin", "profession", "médecin", "le médecin"),
    ("Mi vecino es camarero", "profession", "camarero", "camarero"),
    ("Fui al médico ayer", "profession", "médico", "médico"),
    ("医生说我没事", "profession", "医生", "医生"),
    ("I read about depression.", "mental_health_status", "depression", "depression"),
    ("The film was sad", "emotional_state", "sad", "sad"),
    ("It was a calm day", "emotional_state", "calm", "calm day"),
    ("They are rich", "economic_status", "rich", "rich"),
    ("Her degree is in law", "education_level", "degree", "degree"),
    ("I went to the high school reunion of my wife", "education_level", "high school", "high school reunion"),
    ("My friend attempted suicide", "self_harm_history", "attempted suicide", "attempted suicide"),
    ("The suicide hotline was busy", "self_harm_history", "suicide", "suicide hotline"),
    ("I was with my boss's husband", "gender", "male", "husband"),
    ("I like that actor", "profession", "actor", "actor"),
    ("I want to be left alone by that man", "gender", "man", "that man"),
]
OF_ONESELF = [
    ("I'm a nurse and it's hard.", "profession", "nurse", "I'm a nurse"),
    ("I teach maths at a school.", "profession", "teacher", "I teach maths"),
    ("Nurse, 45, married.", "profession", "nurse", "Nurse"),
    ("I work as a driver.", "profession", "driver", "driver"),
    ("As a woman of 34 I worry.", "gender", "woman", "As a woman of 34"),
    ("I'm a single mother.", "gender", "woman", "single mother"),
    ("I'm a single mother.", "marital_status", "single", "single mother"),
    ("Well, being a man, I don't talk about it.", "gender", "man", "being a man"),
    ("I've been a teacher for ten years", "profession", "teacher", "a teacher for ten years"),
    ("ich bin Lehrer", "profession", "Lehrer", "Lehrer"),
    ("Je suis infirmière depuis dix ans", "profession", "infirmière", "infirmière"),
    ("soy camarero", "profession", "camarero", "camarero"),
    ("我是老师", "profession", "老师", "老师"),
    ("I was a soldier for years", "profession", "soldier", "soldier"),
    ("Working as a barista these days", "profession", "barista", "barista"),
    ("I run a farm", "profession", "farmer", "I run a farm"),
    ("I'm in construction", "profession", "construction", "construction"),
    ("retired, to be honest", "profession", "retired", "retired"),
    ("My job as a cashier is dull", "profession", "cashier", "cashier"),
    ("I got laid off in May", "profession", "unemployed", "laid off"),
    ("I study law", "profession", "student", "I study law"),
    ("I'm training to be an electrician", "profession", "electrician", "training to be an electrician"),
    ("I'm feeling low since I lost my job as an engineer", "profession", "engineer", "my job as an engineer"),
    ("we are two women, both nurses", "profession", "nurse", "both nurses"),
    ("I've got diabetes", "health_status", "diabetes", "diabetes"),
    ("female, 22", "gender", "female", "female"),
    ("I'm a 22 year old guy", "gender", "male", "22 year old guy"),
    ("Feeling low lately", "emotional_state", "low", "Feeling low"),
    ("Been unemployed since May", "profession", "unemployed", "unemployed since May"),
    ("Got divorced last year", "marital_status", "divorced", "divorced"),
    ("my depression is back", "mental_health_status", "depression", "my depression"),
    ("Struggling with anxiety", "mental_health_status", "anxiety", "Struggling with anxiety"),
    ("My health is good", "health_status", "good health", "health is good"),
    ("my income is low", "economic_status", "low income", "income is low"),
    ("Depression is ruining my life", "mental_health_status", "depression", "Depression"),
    ("I work nights as a nurse in a hospital", "profession", "nurse", "nurse in a hospital"),
    ("My doctor says I have diabetes", "health_status", "diabetes", "I have diabetes"),
    ("I dropped out of school", "education_level", "dropped out", "dropped out of school"),
    ("I've a degree in law", "education_level", "degree", "a degree in law"),
    ("My wife and I can't make ends meet", "economic_status", "can't make ends meet", "make ends meet"),
    ("Geschieden, zwei Kinder", "marital_status", "geschieden", "Geschieden"),
    ("Ich habe Diabetes", "health_status", "Diabetes", "Diabetes"),
    ("Meine Finanzen sind knapp", "economic_status", "knapp", "Finanzen sind knapp"),
    ("Estoy muy triste", "emotional_state", "triste", "triste"),
    ("J'ai une dépression", "mental_health_status", "dépression", "une dépression"),
    ("我离婚了", "marital_status", "离婚", "离婚"),
    ("我很难过", "emotional_state", "难过", "难过"),
    ("We're both married, to each other", "marital_status", "married", "married"),
    ("my wife says it's fine", "marital_status", "married", "my wife"),
    ("my wife", "marital_status", "married", "wife"),
    ("me and my husband fight", "marital_status", "married", "my husband"),
]


@pytest.mark.parametrize(("answer", "name", "value", "quote"), OF_OTHERS)
def test_what_is_said_of_others_is_not_known_of_the_person(answer: str, name: str, value: str, quote: str) -> None:
    """Nobody asked, and the words are there; they speak of somebody or something else."""
    assert ground({name: value}, {name: quote}, Statements(answer, NO_REFUSAL), None).dropped == (name,)


@pytest.mark.parametrize(("answer", "name", "value", "quote"), OF_ONESELF)
def test_what_is_said_of_oneself_is_known(answer: str, name: str, value: str, quote: str) -> None:
    """Short, casual and in several languages."""
    assert name in ground({name: value}, {name: quote}, Statements(answer, NO_REFUSAL), None).facts


@pytest.mark.parametrize(
    ("answer", "name", "value"),
    [
        ("My neighbour is a nurse.", "profession", "nurse"),
        ("The man at the bank said no.", "gender", "man"),
    ],
)
def test_an_answer_about_others_is_kept_as_it_was_said(answer: str, name: str, value: str) -> None:
    """To a question about it: whole, so that no reader takes it for the person's own."""
    facts = ground({name: value}, {name: value}, Statements(answer, NO_REFUSAL), name).facts
    assert facts == {name: answer.rstrip(".")}
