"""What another runtime makes of an export is, byte for byte, what DSPy sends."""

import contextlib
from typing import Any

import dspy
import pytest
from dspy.lm15 import Message, Request, Response
from dspy.utils.exceptions import LMError
from hypothesis import given, settings
from hypothesis import strategies as st

from lms.adapter import own_adapter
from modules import RAISE
from optimizers.export import prompts_of
from optimizers.portable.build import INDENT, build_export
from optimizers.portable.formats import full_prompts
from optimizers.portable.placeholders import escape, fill, unescape
from optimizers.portable.schema import Predictor
from tests.optimizers.portable.programs import SETTINGS, program_of

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.text("{}%#\u2060 ab\n[]", max_size=20)
EXPORTS = {
    (variant, structured): (program, build_export(program, structured=structured, whole=False))
    for variant in SETTINGS
    for program in [program_of(variant)]
    for structured in (False, True)
}


class Listener:
    """dspy's engine contract: keeps what it is sent."""

    supports_function_calling = supports_reasoning = supports_response_schema = False
    supported_params = ()

    def __init__(self) -> None:
        self.sent: list[Request] = []

    def complete(self, request: Request) -> Response:
        self.sent.append(request)
        raise ConnectionError


def rendered(predictor: Predictor, inputs: dict[str, str]) -> list[tuple[str, str]]:
    """As docs/portable.md tells a runtime to."""
    lines = unescape(predictor.instructions).split("\n")
    given = {**inputs, "instructions": "".join(INDENT + line for line in lines)}
    return [(message.role, fill(message.content, given)) for message in predictor.messages]


def sent_by(program: RAISE, name: str, inputs: dict[str, Any], *, structured: bool) -> list[tuple[str, str]]:
    """The messages that leave DSPy's adapter."""
    predictor = getattr(program, name)
    messages = own_adapter(structured).format(predictor.signature, predictor.demos, inputs)
    return [(message["role"], message["content"]) for message in messages]


@pytest.mark.parametrize(("variant", "structured"), EXPORTS)
@settings(max_examples=15)
@given(data=st.data())
def test_rendered_messages_are_what_dspy_sends(variant: str, structured: bool, data: st.DataObject) -> None:
    program, export = EXPORTS[variant, structured]
    for name, predictor in export.predictors.items():
        inputs = {field: data.draw(TEXT, label=field) for field in predictor.inputs}
        assert rendered(predictor, inputs) == sent_by(program, name, inputs, structured=structured)


def test_they_are_what_reaches_the_engine() -> None:
    program, export = EXPORTS["scale", False]
    inputs = {"query": "Darf ich {{das}}?\n\nJa – \U0001f600", "context": "- age: 40"}
    engine = Listener()
    with (
        dspy.context(lm=dspy.LM("custom/x", engine=engine), adapter=own_adapter()),
        contextlib.suppress(LMError),
    ):
        program.respond(**inputs)
    sent = engine.sent[0]
    (_, system), *others = rendered(export.predictors["respond"], inputs)
    assert str(sent.system) == system
    assert [(m.role, m.text) for m in sent.messages] == others
    assert isinstance(sent.messages[0], Message)


def test_full_messages_have_the_instruction_in_its_place() -> None:
    program, export = EXPORTS["turn", False]
    assert full_prompts(export) == {name: prompt["messages"] for name, prompt in prompts_of(program).items()}


@given(text=TEXT, other=TEXT)
def test_any_text_survives_a_template(text: str, other: str) -> None:
    assert unescape(escape(text)) == text
    assert fill(f"{escape(text)}\n{{{{it}}}}\n{escape(text)}", {"it": other}) == f"{text}\n{other}\n{text}"
