"""What identities and program folders rest on: fields of signatures, configuration and state of predictors."""

import json
from pathlib import Path

import dspy

from modules.folder import STATE

SIGNATURE = dspy.Signature({"question": (str, dspy.InputField(desc="what")), "answer": (int, dspy.OutputField())})


class Small(dspy.Module):
    """One predictor."""

    def __init__(self) -> None:
        super().__init__()
        self.respond = dspy.Predict(SIGNATURE, temperature=0.5)


def test_a_field_tells_its_type_kind_and_description() -> None:
    question, answer = SIGNATURE.fields["question"], SIGNATURE.fields["answer"]
    assert (question.annotation, answer.annotation) == (str, int)
    assert question.json_schema_extra["desc"] == "what"
    assert question.json_schema_extra["__dspy_field_type"] == "input"
    assert answer.json_schema_extra["__dspy_field_type"] == "output"


def test_a_predictor_tells_its_configuration_and_demonstrations() -> None:
    predictor = Small().respond
    assert predictor.config == {"temperature": 0.5}
    assert predictor.demos == []
    assert dict(dspy.Example(b=1, a=2)) == {"b": 1, "a": 2}


def test_a_saved_state_is_json_that_load_state_takes(tmp_path: Path) -> None:
    program = Small()
    program.respond.signature = program.respond.signature.with_instructions("In digits.")
    program.respond.demos = [dspy.Example(question="?", answer=1)]
    dspy.Module.save(program, tmp_path / STATE)
    state = json.loads((tmp_path / STATE).read_text(encoding="utf-8"))
    assert set(state) == {"respond", "metadata"}
    loaded = Small()
    loaded.load_state(state)
    assert loaded.respond.signature.instructions == "In digits."
    assert [dict(demo) for demo in loaded.respond.demos] == [{"question": "?", "answer": 1}]


def test_a_copy_without_models_leaves_the_original_its_own() -> None:
    program = Small()
    program.respond.lm = lm = dspy.LM("contract/model")
    bare = program.deepcopy()
    bare.set_lm(None)
    assert (bare.respond.lm, program.respond.lm) == (None, lm)
