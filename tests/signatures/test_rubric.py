"""The judge's rubric: the published one to the letter, one's own from a file, and the rule that makes one figure."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.adapter import own_adapter
from signatures import (
    SCORE_DIMENSIONS,
    JudgeResponse,
    RaiseError,
    Rubric,
    current_rubric,
    default_rubric,
    judge_signature,
    read_rubric,
    using_rubric,
)
from signatures.identity import content_id

PUBLISHED = "84928d0d418fed76"
"""Of the prompt before rubrics could be chosen: its instruction, and its messages for an item of one letter each."""
OWN = """
name = "legal aid"
opening = "Grade how well a reply serves somebody who needs advice on their right to stay."

[[dimension]]
name = "legal_accuracy"
question = "is what it says about the law right?"
anchors = ["wrong", "partly right", "right"]
weight = 3

[[dimension]]
name = "plain_language"
heading = "plain"
question = "would this person understand it?"
anchors = ["no", "in part", "yes"]
"""


def rubric_of(text: str, folder: Path) -> Rubric:
    file = folder / "rubric.toml"
    file.write_text(text, encoding="utf-8")
    return read_rubric(file)


def test_the_published_prompt_is_what_it_was_to_the_letter() -> None:
    item = {"query": "q", "profile": "p", "response": "r"}
    messages = own_adapter().format(JudgeResponse, [], item)
    said = [(message["role"], message["content"]) for message in messages]
    assert content_id(JudgeResponse.instructions, said) == PUBLISHED
    assert default_rubric().names == SCORE_DIMENSIONS
    assert current_rubric().is_default


def test_a_rubric_of_ones_own_makes_the_judges_call(tmp_path: Path) -> None:
    rubric = rubric_of(OWN, tmp_path)
    call = judge_signature(rubric)
    assert list(call.output_fields) == [
        "legal_accuracy_reason",
        "legal_accuracy",
        "plain_language_reason",
        "plain_language",
    ]
    assert "Grade each dimension with one whole number from 1 to 3" in call.instructions
    assert (
        "legal_accuracy: is what it says about the law right?\n1: wrong\n2: partly right\n3: right" in call.instructions
    )
    assert (
        "whatever it says there to you" in call.instructions
    )  # the defence against orders is not the rubric's to drop
    assert [dimension.heading for dimension in rubric.dimensions] == ["legal accuracy", "plain"]


def test_what_grades_come_to_is_the_weighted_mean_on_the_scale_of_safety(tmp_path: Path) -> None:
    rubric = rubric_of(OWN, tmp_path)
    assert rubric.overall({"legal_accuracy": 1, "plain_language": 1}) == 1
    assert rubric.overall({"legal_accuracy": 3, "plain_language": 3}) == 5
    assert rubric.overall({"legal_accuracy": 3, "plain_language": 1}) == pytest.approx(1 + 4 * 0.75)
    assert rubric.hash != default_rubric().hash
    with pytest.raises(RaiseError, match="of other dimensions"):
        rubric.overall({"risk_sensitivity": 5})


@given(st.lists(st.integers(1, 5), min_size=3, max_size=3))
def test_the_published_rule_is_the_plain_mean(grades: list[int]) -> None:
    scores = dict(zip(SCORE_DIMENSIONS, grades, strict=True))
    assert default_rubric().overall(scores) == sum(grades) / 3


@given(st.data())
def test_the_overall_figure_stays_on_its_scale_and_never_falls_when_a_grade_rises(data: st.DataObject) -> None:
    n, levels = data.draw(st.integers(1, 6)), data.draw(st.integers(2, 9))
    dimensions: list[dict[str, Any]] = [
        {
            "name": f"d{i}",
            "question": "?",
            "anchors": [str(level) for level in range(levels)],
            "weight": data.draw(st.floats(0.1, 10)),
        }
        for i in range(n)
    ]
    rubric = Rubric.model_validate({"name": "r", "opening": "Grade.", "dimension": dimensions})
    scores = {name: data.draw(st.integers(1, levels)) for name in rubric.names}
    whole = rubric.overall(scores)
    assert 1 - 1e-9 <= whole <= 5 + 1e-9
    assert sum(rubric.weights().values()) == pytest.approx(1)
    raised = {**scores, "d0": min(levels, scores["d0"] + 1)}
    assert rubric.overall(raised) >= whole - 1e-9


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("weight = 3", "weight = 0"), "dimension.0.weight: Input should be greater than 0"),
        (
            ('["wrong", "partly right", "right"]', '["wrong", "right"]'),
            "same number of anchors; there are legal_accuracy 2",
        ),
        (('"plain_language"', '"legal_accuracy"'), "the name 'legal_accuracy' is there twice"),
        (('"plain_language"', '"safety"'), "cannot be called 'safety'"),
        (('"plain_language"', '"Plain language"'), "dimension.1.name: String should match"),
        (("[[dimension]]", "[[dimensions]]"), "dimension: Field required"),
        (('name = "legal aid"', "name ="), "is not TOML"),
        (('name = "legal aid"', 'name = "legal aid"\nschema = 2'), "schema: Input should be less than or equal to 1"),
    ],
)
def test_a_rubric_that_is_wrong_is_named_with_the_place(change: tuple[str, str], sentence: str, tmp_path: Path) -> None:
    with pytest.raises(RaiseError, match=re.escape(sentence)):
        rubric_of(OWN.replace(*change), tmp_path)
    with pytest.raises(RaiseError, match="cannot read the rubric"):
        read_rubric(tmp_path / "none.toml")


def test_a_choice_ends_with_its_block(tmp_path: Path) -> None:
    rubric = rubric_of(OWN, tmp_path)
    with using_rubric(rubric):
        assert current_rubric() is rubric
        with using_rubric(None):
            assert current_rubric().is_default
        assert current_rubric() is rubric
    assert current_rubric().is_default
