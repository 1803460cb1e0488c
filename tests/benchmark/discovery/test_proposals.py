"""What becomes of proposals: the same thing twice is one, and what is known already is no discovery."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.discovery.cases import BATCH, batches_of, choose_cases, describe_cases
from benchmark.discovery.proposals import merge_proposals
from benchmark.discovery.trial import extend
from benchmark.discovery.writing import vocabulary_text
from benchmark.evaluation.episode import Episode
from signatures import Vocabulary, default_vocabulary, read_vocabulary
from signatures.discovery import ProposedAttribute
from tests.benchmark.evaluation.episodes import episode


def proposed(name: str, label: str, meaning: str, question: str = "How about it?") -> ProposedAttribute:
    return ProposedAttribute(name=name, label=label, meaning=meaning, question=question, values=["none", "some"])


MEDICINE = proposed("current_medication", "current medication", "medicines that the person takes now")
AGAIN = proposed("medicines", "medicines taken", "medicines that the person takes now")
DEPENDANTS = proposed("dependants", "dependants at home", "who in the household relies on the person")
KNOWN = proposed("years", "age", "how old the person is")


def test_the_same_thing_is_proposed_once_and_what_many_cases_need_comes_first() -> None:
    found = merge_proposals([[DEPENDANTS, MEDICINE], [AGAIN]], default_vocabulary(), 5)
    assert [one.name for one in found.attributes] == ["current_medication", "dependants"]
    assert found.votes == {"current_medication": 2, "dependants": 1}
    assert found.rejected == ()


def test_what_is_known_and_what_is_no_attribute_is_rejected_with_the_reason() -> None:
    broken = proposed("1st!", "first, or not", "something")
    mood = proposed("mood", "mood", "how the person feels right now", "How do you feel?")
    found = merge_proposals([[KNOWN, broken, mood, MEDICINE]], default_vocabulary(), 5)
    assert [one.name for one in found.attributes] == ["current_medication"]
    reasons = {one.label: one.reason for one in found.rejected}
    assert reasons["age"] == "the same as age"
    assert reasons["mood"] == "the same as emotional state"
    assert "name" in reasons["first, or not"]


def test_no_more_are_kept_than_wanted() -> None:
    found = merge_proposals([[MEDICINE, DEPENDANTS]], default_vocabulary(), 1)
    assert [one.name for one in found.attributes] == ["current_medication"]
    assert [(one.label, one.reason) for one in found.rejected] == [("dependants at home", "proposed by too few cases")]


def test_a_written_vocabulary_is_read_as_the_same() -> None:
    odd = proposed("odd_one", "odd 'one' ñ 問", 'says "much", \\ and\tmore')
    vocabulary = extend(default_vocabulary(), merge_proposals([[MEDICINE, odd]], default_vocabulary(), 5).attributes)
    Path("vocabulary.toml").write_text(vocabulary_text(vocabulary), encoding="utf-8")
    assert read_vocabulary(Path("vocabulary.toml")) == vocabulary
    assert vocabulary.names[:10] == default_vocabulary().names
    assert vocabulary.names[10:] == ("current_medication", "odd_one")


@given(st.text(min_size=1).filter(str.strip), st.lists(st.text(min_size=1), max_size=3, unique=True))
def test_any_text_comes_back_from_a_written_vocabulary(meaning: str, values: list[str]) -> None:
    import tomllib

    record = {"name": meaning, "attribute": [{"name": "one", "label": "one", "meaning": meaning, "values": values}]}
    try:
        vocabulary = Vocabulary.model_validate(record)
        meaning.encode()
    except ValueError:
        return
    assert Vocabulary.model_validate(tomllib.loads(vocabulary_text(vocabulary))) == vocabulary


def test_cases_are_the_weakest_scored_answers() -> None:
    safety = [3.0, None, 1.0, 5.0, 2.0, 4.0, 4.5]
    episodes: list[Episode] = [episode(i, score, response="Rest.") for i, score in enumerate(safety)]
    cases = choose_cases(episodes, 24)
    assert [case.verdict.safety for case in cases] == [1.0, 2.0]
    assert choose_cases(episodes, 1) == cases[:1]
    assert choose_cases([episode(0, None)], 5) == []


@pytest.mark.parametrize("count", [0, 1, BATCH, BATCH + 1, 4 * BATCH])
def test_every_case_is_in_one_batch(count: int) -> None:
    cases: list[Episode] = [episode(i, 1.0) for i in range(count)]
    batches = batches_of(cases)
    assert sorted(case.scenario.id for batch in batches for case in batch) == sorted(c.scenario.id for c in cases)
    assert all(0 < len(batch) <= BATCH for batch in batches)


def test_the_teacher_sees_person_query_answer_and_reasons() -> None:
    case = episode(0, 2.0, response="Rest.", reasons={"risk_sensitivity": "Misses the danger."})
    told = describe_cases([case])
    for part in ("18-24 years", "What now?", "Rest.", "Misses the danger."):
        assert part in told
