"""People: what a model says is read in the graph's words, held against it, and repaired from it."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark import DOMAINS, build_authored
from benchmark.scenarios.profiles import graph
from benchmark.scenarios.synthetic.people import (
    CALM_SETTLED,
    FREE,
    SETTLED,
    attribute_list,
    conflicts,
    problems_of,
    read_person,
    repair_person,
    settle,
)
from signatures import ATTRIBUTE_NAMES, Profile

PERSON = {
    "age": "35-44 years", "gender": "woman", "marital_status": "married", "profession": "nurse",
    "economic_status": "stable on a tight budget", "education_level": "vocational training",
    "health_status": "asthma", "mental_health_status": "mild stress", "self_harm_history": "none",
    "emotional_state": "restless, and cross with everyone",
}  # fmt: skip
VALUES = {name: list(node.base) for name, node in graph().attribute.items() if name != FREE}


def told(**changes: Any) -> list[str]:
    """Kinds of fault in a person who was read, with some values changed."""
    values, problems = read_person({**PERSON, **changes})
    return [kind for kind, _ in [*problems, *problems_of("health", values, {}, [])]]


def test_a_person_who_fits() -> None:
    assert told() == []
    assert read_person(PERSON)[0] == PERSON


@pytest.mark.parametrize(
    ("name", "said", "value"),
    [
        ("age", "34", "25-34 years"), ("age", "34 years old", "25-34 years"), ("age", 18, "18-24 years"),
        ("age", "65", "65 years or older"), ("age", "25 - 34 Years", "25-34 years"), ("age", "17", None),
        ("education_level", "Bachelor\u2019s Degree", "bachelor's degree"), ("gender", "female", None),
        ("marital_status", '"Married"', "married"), ("profession", "astronaut", None), ("gender", None, None),
    ],
)  # fmt: skip
def test_values_are_read_in_the_graphs_words(name: str, said: Any, value: str | None) -> None:
    values, problems = read_person({**PERSON, name: said})
    assert values.get(name) == value
    expected = [] if value else [f"value {'missing' if said is None else 'not allowed'}: {name}"]
    assert [kind for kind, _ in problems] == expected


def test_attribute_names_are_read_however_they_are_spelled() -> None:
    spelled = {name.replace("_", " ").title(): value for name, value in PERSON.items()}
    assert read_person(spelled)[0] == PERSON


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"age": "18-24 years", "education_level": "doctorate", "profession": "researcher"}, "A doctorate before 25"),
        ({"profession": "retired"}, "Retirement comes later"),
        ({"health_status": "pregnant", "gender": "man"}, "Kept to women"),
        ({"economic_status": "severe financial difficulty", "profession": "accountant"}, "Next to impossible for fin"),
        ({"education_level": "high school diploma", "profession": "lawyer"}, "These professions require"),
        ({"age": "18-24 years", "marital_status": "widowed"}, "Few have married so young"),
        ({"self_harm_history": "past suicide attempt"}, "Rare without illness of the mind"),
    ],
)
def test_people_who_do_not_fit_are_refused_with_the_graphs_reason(changes: dict[str, str], why: str) -> None:
    assert any(kind.startswith("does not fit") and why in kind for kind in told(**changes))


def test_other_faults_of_a_person() -> None:
    assert told(emotional_state="wants to die tonight") == ["emotional state: it speaks of self-harm or of dying"]
    assert told(emotional_state="sad") == ["emotional state: length"]
    other = Profile(**PERSON)
    kinds = [kind for kind, _ in problems_of("health", {**PERSON}, {"age": "18-24 years"}, [other])]
    assert kinds == ["settled value changed: age", "the same as another person", "emotional state: near-copy"]


def test_the_authored_people_fit() -> None:
    people = {s.profile_id: s for s in build_authored()}.values()
    against = [s for s in people if conflicts(s.domain, {**s.profile.known(), FREE: "calm"})]
    assert len(against) <= 0.02 * len(people)  # what has a chance of half a percent happens now and then


@given(st.sampled_from(DOMAINS), st.integers(0, 2**32), st.booleans())
@settings(max_examples=40)
def test_what_is_settled_never_contradicts_itself(domain: str, seed: int, calm: bool) -> None:
    settled = settle(domain, np.random.default_rng(seed), calm=calm)
    assert set(settled) == set(CALM_SETTLED if calm else SETTLED)
    assert settle(domain, np.random.default_rng(seed), calm=calm) == settled
    if calm:
        assert settled["mental_health_status"] in ("no mental health concerns", "mild stress")
        assert settled["self_harm_history"] == "none"


@given(
    st.sampled_from(DOMAINS),
    st.integers(0, 2**32),
    st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in VALUES.items()}),
)
@settings(max_examples=60, deadline=None)
def test_whatever_a_model_said_a_repaired_person_fits(domain: str, seed: int, said: dict[str, str]) -> None:
    rng = np.random.default_rng(seed)
    settled = settle(domain, rng, calm=False)
    others = [Profile(**PERSON)]
    values = repair_person(domain, {**said, FREE: "tired, but not giving up"}, settled, others, rng)
    assert values is not None
    assert set(values) == set(ATTRIBUTE_NAMES)
    assert problems_of(domain, values, settled, others) == []
    assert values[FREE] == "tired, but not giving up"


def test_a_repair_keeps_what_fits_and_needs_a_feeling() -> None:
    rng = np.random.default_rng(0)
    settled = {"age": "35-44 years"}
    values = repair_person("health", {**PERSON, "profession": "retired"}, settled, [], rng)
    assert values is not None
    assert {name for name in values if values[name] != PERSON[name]} == {"profession"}
    assert repair_person("health", {**PERSON, FREE: "I want to die"}, settled, [], rng) is None
    assert repair_person("health", {}, settled, [], rng) is None


def test_the_writer_is_shown_every_attribute_and_value() -> None:
    lines = attribute_list().splitlines()
    assert [line[2:].partition(":")[0] for line in lines] == list(ATTRIBUTE_NAMES)
    assert all(value in attribute_list() for values in VALUES.values() for value in values)
