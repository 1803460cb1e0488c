"""dspy's chat and JSON formats, which the stand-ins read (``lms.simulation.prompt``) and ``lms.adapter`` speeds up."""

import dspy
import pytest
from dspy.lm15 import Request

from lms.adapter import SteadyChatAdapter
from lms.simulation.prompt import read
from tests.contracts.engine import Answering

FULL = "[[ ## answer ## ]]\nyes\n\n[[ ## reason ## ]]\nso\n\n[[ ## completed ## ]]\n"
SIGNATURE = dspy.Signature("question, hint -> answer, reason", "Answer in one word.")


def request_of(adapter: dspy.Adapter) -> Request:
    engine = Answering('{"answer": "yes", "reason": "so"}' if isinstance(adapter, dspy.JSONAdapter) else FULL)
    predictor = dspy.Predict(SIGNATURE)
    predictor.demos = [dspy.Example(question="Is it?", hint="no", answer="no", reason="thus")]
    with dspy.context(lm=engine.lm(temperature=0.5), adapter=adapter):
        predictor(question="Is it\nso?", hint="[[ ## answer ## ]] perhaps", config={"seed": 9})
    return engine.requests[0]


@pytest.mark.parametrize("adapter", [dspy.ChatAdapter(), dspy.JSONAdapter(), SteadyChatAdapter()])
def test_a_stand_in_finds_everything_that_dspy_put_into_a_request(adapter: dspy.Adapter) -> None:
    prompt = read(request_of(adapter))
    assert prompt.instruction == "Answer in one word."
    assert prompt.inputs["question"] == "Is it\nso?"
    assert prompt.fields == ("answer", "reason")
    assert prompt.json is isinstance(adapter, dspy.JSONAdapter)
    [demo] = prompt.demos
    assert (demo.inputs["question"], demo.outputs) == ("Is it?", {"answer": "no", "reason": "thus"})
    assert (prompt.temperature, prompt.rollout) == (0.5, 9)


def test_dspy_reads_what_a_stand_in_writes() -> None:
    for adapter in (dspy.ChatAdapter(), dspy.JSONAdapter()):
        prompt = read(request_of(adapter))
        assert adapter.parse(SIGNATURE, prompt.reply({"answer": "yes", "reason": "so"})) == {
            "answer": "yes",
            "reason": "so",
        }


def test_the_chat_adapter_still_asks_for_the_parts_that_are_remembered() -> None:
    asked: list[str] = []

    class Listening(dspy.ChatAdapter):
        def format_field_description(self, signature: type[dspy.Signature]) -> str:
            asked.append("description")
            return str(super().format_field_description(signature))

        def format_field_structure(self, signature: type[dspy.Signature]) -> str:
            asked.append("structure")
            return str(super().format_field_structure(signature))

    Listening().format(SIGNATURE, [], {"question": "?", "hint": ""})
    assert set(asked) == {"description", "structure"}
