"""The prompts of a program, exactly as it sends them: the messages come from the adapters that it runs with."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Literal

import dspy
from pydantic import Field, create_model

from lms.adapter import own_adapter
from lms.tokens import count_message_tokens
from optimizers.portable.placeholders import as_template, mark
from signatures import RaiseError
from signatures.errors import unknown

Format = Literal["json", "markdown", "messages"]
FORMATS: tuple[Format, ...] = ("json", "markdown", "messages")
SAMPLING = ("temperature", "top_p", "max_tokens")
"""Settings of the target that go out with its prompts."""


def prompts_of(program: dspy.Module) -> dict[str, dict[str, Any]]:
    """Predictor -> its prompt: instructions, demonstrations, and messages with ``{{field}}`` where inputs go."""
    return {
        name: {
            "instructions": predictor.signature.instructions,
            "inputs": list(predictor.signature.input_fields),
            "outputs": list(predictor.signature.output_fields),
            "demos": [dict(demo) for demo in predictor.demos],
            "messages": templates_of(predictor),
        }
        for name, predictor in program.named_predictors()
    }


def templates_of(predictor: dspy.Predict, *, structured: bool = False) -> list[dict[str, str]]:
    """The messages of ``messages_of`` as templates; see ``optimizers.portable.placeholders``."""
    return [
        {"role": message["role"], "content": as_template(str(message["content"]))}
        for message in messages_of(predictor, mark, structured=structured)
    ]


def messages_of(
    predictor: dspy.Predict, blank: Callable[[str], str], *, structured: bool = False
) -> list[dict[str, Any]]:
    """The chat messages of a predictor: system, demonstrations as turns, and the request.

    Args:
        blank: name of an input -> what stands in its place.
        structured: as sent to an endpoint that is asked for JSON by schema.
    """
    signature = predictor.signature
    blanks = {field: blank(field) for field in signature.input_fields}
    return list(own_adapter(structured).format(signature, predictor.demos, blanks))


def reply_schema(predictor: dspy.Predict) -> dict[str, Any]:
    """JSON schema of the output fields."""
    outputs: dict[str, Any] = {
        name: (field.annotation, Field(description=(field.json_schema_extra or {}).get("desc")))
        for name, field in predictor.signature.output_fields.items()
    }
    return dict(create_model(predictor.signature.__name__, **outputs).model_json_schema())


def fixed_tokens(program: dspy.Module, model: str = "") -> dict[str, int]:
    """Predictor -> about how many tokens of ``model`` its prompt takes without inputs (see ``lms.tokens``)."""
    return {
        name: count_message_tokens(messages_of(predictor, lambda field: ""), model)
        for name, predictor in program.named_predictors()
    }


def render_prompts(
    prompts: Mapping[str, Mapping[str, Any]], form: str, heading: list[str], about: Mapping[str, Any]
) -> str:
    """Prompts of MLflow's registry as text.

    Args:
        prompts: name -> an object with ``messages``.
        heading: lines above them in Markdown.
        about: what JSON says beside them.

    Raises:
        RaiseError: for another format than ``FORMATS``.
    """
    if form == "json":
        content = {"schema": 1, **about, "prompts": prompts}
        return json.dumps(content, indent=2, ensure_ascii=False, default=str) + "\n"
    if form == "messages":
        messages = {name: prompt["messages"] for name, prompt in prompts.items()}
        return json.dumps(messages, indent=2, ensure_ascii=False) + "\n"
    if form == "markdown":
        return _markdown(prompts, heading)
    raise RaiseError(unknown("export format", form, FORMATS))


def _markdown(prompts: Mapping[str, Mapping[str, Any]], heading: list[str]) -> str:
    lines = [*heading, ""]
    for name, prompt in prompts.items():
        lines += [f"## {name}", ""]
        if tokens := prompt.get("tokens"):
            lines += [f"About {tokens:,} tokens without inputs.", ""]
        for message in prompt["messages"]:
            lines += [f"**{message['role']}**", "", "```text", str(message["content"]).rstrip(), "```", ""]
    return "\n".join(lines)
