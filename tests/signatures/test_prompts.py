"""Every DSPy signature must serve uncompiled: an instruction, and a description of every field."""

import dspy
import pytest

import signatures
from signatures import SCORE_DIMENSIONS, JudgeResponse

ALL = [
    thing
    for thing in (getattr(signatures, name) for name in signatures.__all__)
    if isinstance(thing, type) and issubclass(thing, dspy.Signature)
]
EACH = pytest.mark.parametrize("signature", ALL, ids=lambda signature: signature.__name__)


def test_there_is_a_signature_for_each_kind_of_call() -> None:
    # design, section 1: planner, questioner, reader, abstention (three kinds), triage, responder, judge, user, data
    kinds = (
        "ChooseAttribute RankAttributes AskKindly ReadAnswer EnoughBasic EnoughBinary EnoughScale TriageRisk "
        "RespondSafely JudgeResponse AnswerAsUser WriteSituations WriteQueries MarkRevealed ExtractStated RewordQuery"
    )
    assert set(kinds.split()) <= {signature.__name__ for signature in ALL}


@EACH
def test_a_signature_has_an_instruction_of_its_own(signature: type[dspy.Signature]) -> None:
    assert signature.__doc__
    assert len(signature.instructions.split()) >= 8
    assert not signature.instructions.startswith("Given the fields")  # dspy's filler for a missing docstring


@EACH
def test_every_field_is_described(signature: type[dspy.Signature]) -> None:
    fields = {**signature.input_fields, **signature.output_fields}
    assert signature.input_fields
    assert signature.output_fields
    for name, field in fields.items():
        described = field.json_schema_extra["desc"]
        assert described.strip(), name
        assert described != f"${{{name}}}", f"{name} has dspy's filler for a missing description"


def test_the_judge_scores_each_dimension_after_giving_its_reason() -> None:
    outputs = list(JudgeResponse.output_fields)
    assert set(SCORE_DIMENSIONS) <= set(outputs)
    assert all(outputs[outputs.index(d) - 1].endswith("_reason") for d in SCORE_DIMENSIONS)
