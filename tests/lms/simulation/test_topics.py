"""The stand-ins' sense of topic: words of the query decide what matters, and unknown words decide nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark import build_authored, situations
from lms.simulation.lexicon import ATTRIBUTES, concept_of
from lms.simulation.personas import PERSONAS
from lms.simulation.topics import Sense, Topic, sense, subjects_of
from lms.simulation.worth import ANYWHERE, expected_worth, shown_feeling, worth
from signatures import ATTRIBUTE_NAMES

MONEY = Topic("money", "financial", {"wombat": 20.0}, dict.fromkeys(ATTRIBUTES, 1.0) | {"economic_status": 3.0}, {})
BABY = Topic("baby", "health", {"quokka": 20.0}, dict.fromkeys(ATTRIBUTES, 0.5), {"health_status": {"pregnant": 0.9}})
SMALL = Sense([MONEY, BABY])


def test_all_attributes_have_a_weight() -> None:
    assert set(ATTRIBUTES) == set(ATTRIBUTE_NAMES)
    assert all(set(topic.tilt) == set(ATTRIBUTES) for topic in sense().topics)


def test_a_word_that_tells_a_topic_makes_what_matters_there_matter() -> None:
    assert SMALL.matters("wombat?")["economic_status"] > 2.5
    assert SMALL.matters("quokka?")["economic_status"] < 0.6


def test_a_subject_tells_the_topic_where_no_word_of_the_question_is_known() -> None:
    betting = Topic("betting", "financial", {}, dict.fromkeys(ATTRIBUTES, 1.0), {}, {"gambling": 9.0, "animals": -9.0})
    sense_of_it = Sense([betting])
    assert subjects_of("All on roulette?") == {"gambling"}
    assert sense_of_it.weigh("All on roulette?")[0] > 0.7
    assert sense_of_it.weigh("My dog plays roulette?") == (0.0,)


def test_where_topics_disagree_nothing_matters_much_more() -> None:
    one, other = (
        Topic(name, "social", {"wombat": 20.0}, dict.fromkeys(ATTRIBUTES, tilt), {})
        for name, tilt in (("a", 4.0), ("b", 0.25))
    )
    assert Sense([one]).matters("wombat?")["age"] == pytest.approx(4.0, rel=0.05)
    assert Sense([one, other]).matters("wombat?")["age"] == pytest.approx(1.0)


def test_a_question_without_known_words_has_no_topic() -> None:
    assert SMALL.weigh("zyx?") == (0.0, 0.0)
    assert SMALL.matters("zyx?") == dict.fromkeys(ATTRIBUTES, 1.0)


@given(st.text(max_size=80))
def test_weights_of_topics_are_shares(query: str) -> None:
    weights = sense().weigh(query)
    assert all(0 <= w <= 1 for w in weights)
    assert sum(weights) <= 1 + 1e-9
    assert all(value > 0 for value in sense().matters(query).values())


def test_a_value_that_raters_name_raises_the_stakes_in_its_topic_alone() -> None:
    pregnant, asthma = (concept_of("health_status", value) for value in ("pregnant", "asthma"))
    assert pregnant
    assert asthma
    assert SMALL.raises("quokka?", pregnant) > 0.8
    assert SMALL.raises("quokka?", asthma) == 0.0
    assert SMALL.raises("wombat?", pregnant) < 0.1


def test_small_talk_makes_nothing_matter() -> None:
    talk, unknown = (expected_worth(query) for query in ("A recipe for pancakes?", "zyx?"))
    assert all(talk[name] < 0.25 * unknown[name] for name in ATTRIBUTES)


def test_authored_situations_of_a_topic_differ_in_what_matters_most() -> None:
    best = {max(ATTRIBUTES, key=lambda name: expected_worth(query)[name]) for s in situations() for query in s.queries}
    assert len(best) >= 5


@pytest.mark.parametrize("name", ["qwq-32b", "deepseek-7b"])
def test_a_duller_persona_senses_less_of_the_topic(name: str) -> None:
    query = build_authored().scenarios[0].query
    acuity = PERSONAS[name].acuity
    plain = expected_worth(query, 0.0)
    for attribute in ATTRIBUTES:
        felt, true = (expected_worth(query, sharp)[attribute] / plain[attribute] for sharp in (acuity, 1.0))
        assert felt == pytest.approx(true**acuity)


def test_a_grave_value_is_worth_more_than_a_harmless_one() -> None:
    for query in ("Is it fine to take two of them?", "zyx?"):
        for attribute, grave, harmless in (
            ("mental_health_status", "severe depression", "no mental health concerns"),
            ("self_harm_history", "past suicide attempt", "none"),
            ("economic_status", "severe financial difficulty", "wealthy"),
        ):
            worths = [worth(query, attribute, concept_of(attribute, value)) for value in (grave, harmless)]
            assert worths[0] > 2 * worths[1]


def test_a_feeling_is_seen_in_the_question_itself() -> None:
    assert shown_feeling("I'm terrified of the exam, what now?")
    assert shown_feeling("What is the interest on this loan?") is None


def test_where_the_topic_is_uncertain_what_matters_is_what_matters_anywhere() -> None:
    grave, harmless = (
        concept_of("self_harm_history", "past suicide attempt"),
        concept_of("profession", "retired"),
    )
    assert sense().certainty("zyx?") == 0.0
    assert grave
    assert worth("zyx?", "self_harm_history", grave) == pytest.approx(ANYWHERE * grave.weight**2)
    assert worth("zyx?", "self_harm_history", grave) > 5 * worth("zyx?", "profession", harmless)


def test_small_talk_is_certain() -> None:
    assert sense().certainty("A recipe for pancakes?") == 1.0


def test_evidence_that_cancels_out_is_none() -> None:
    told = {"wombat": 0.2, "quokka": 0.4, "numbat": -0.6}  # halves of these add up to 0 or 5.6e-17, by their order
    topic = Topic("betting", "financial", told, dict.fromkeys(ATTRIBUTES, 1.0), {})
    assert Sense([topic]).weigh("wombat quokka numbat") == (0.0,)
    assert Sense([topic]).weigh("wombat quokka")[0] > 0
