"""Every DSPy signature must serve uncompiled: an instruction, and a description of every field."""

import dspy

import signatures
from signatures import SCORE_DIMENSIONS, JudgeResponse

ALL: list[type[dspy.Signature]] = [
    thing
    for thing in (getattr(signatures, name) for name in signatures.__all__)
    if isinstance(thing, type) and issubclass(thing, dspy.Signature)
]


def test_there_is_a_signature_for_each_kind_of_call() -> None:
    # design, section 1: planner, questioner, reader, abstention (three kinds), triage, responder, judge, user, data
    kinds = (
        "ChooseAttribute RankAttributes AskKindly ReadAnswer EnoughBasic EnoughBinary EnoughScale TriageRisk "
        "RespondSafely JudgeResponse AnswerAsUser WriteSituations WriteQueries MarkRevealed ExtractStated RewordQuery"
    )
    assert set(kinds.split()) <= {signature.__name__ for signature in ALL}


def test_every_signature_has_an_instruction_of_its_own() -> None:
    for signature in ALL:
        assert signature.__doc__, signature
        assert len(signature.instructions.split()) >= 8, signature
        # dspy's filler for a missing docstring
        assert not signature.instructions.startswith("Given the fields"), signature


def test_every_field_is_described() -> None:
    for signature in ALL:
        assert signature.input_fields, signature
        assert signature.output_fields, signature
        for name, field in signature.fields.items():
            described = field.json_schema_extra["desc"]
            # the latter is dspy's filler for a missing description
            assert described.strip() not in ("", f"${{{name}}}"), (signature, name)


def test_the_judge_scores_each_dimension_after_giving_its_reason() -> None:
    outputs = list(JudgeResponse.output_fields)
    assert set(SCORE_DIMENSIONS) <= set(outputs)
    assert all(outputs[outputs.index(d) - 1].endswith("_reason") for d in SCORE_DIMENSIONS)
