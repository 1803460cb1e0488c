"""A compiled program as plain prompts, for people who do not use DSPy: JSON, Markdown, or chat messages.

The messages come from DSPy's own chat adapter, so they are exactly what the program sends.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Literal

import dspy

from lms.tokens import count_message_tokens, tokenizer_of
from modules import RAISE
from signatures import RaiseError
from signatures.errors import unknown

Format = Literal["json", "markdown", "messages"]
FORMATS: tuple[Format, ...] = ("json", "markdown", "messages")


def prompts_of(program: dspy.Module) -> dict[str, dict[str, Any]]:
    """Predictor -> its prompt: instructions, demonstrations, and messages with ``{field}`` where inputs go."""
    return {
        name: {
            "instructions": predictor.signature.instructions,
            "inputs": list(predictor.signature.input_fields),
            "outputs": list(predictor.signature.output_fields),
            "demos": [dict(demo) for demo in predictor.demos],
            "messages": messages_of(predictor, in_braces),
        }
        for name, predictor in program.named_predictors()
    }


def in_braces(field: str) -> str:
    """How exported prompts show where an input goes."""
    return "{" + field + "}"


def messages_of(predictor: dspy.Predict, blank: Callable[[str], str]) -> list[dict[str, Any]]:
    """The chat messages of a predictor: system, demonstrations as turns, and the request.

    Args:
        blank: name of an input -> what stands in its place.
    """
    signature = predictor.signature
    blanks = {field: blank(field) for field in signature.input_fields}
    return list(dspy.ChatAdapter().format(signature, predictor.demos, blanks))


def fixed_tokens(program: dspy.Module, model: str = "") -> dict[str, int]:
    """Predictor -> about how many tokens of ``model`` its prompt takes without inputs (see ``lms.tokens``)."""
    return {
        name: count_message_tokens(messages_of(predictor, lambda field: ""), model)
        for name, predictor in program.named_predictors()
    }


def export_program(program: RAISE, form: str, model: str = "") -> str:
    """The program's prompts as text.

    Args:
        form: ``json`` (everything), ``markdown`` (to read), ``messages`` (predictor -> chat messages).
        model: of which tokens are counted.

    Raises:
        RaiseError: for another format.
    """
    settings = program.settings.model_dump(mode="json")
    heading = [
        "# RAISE: compiled prompts",
        "",
        "Order of calls: triage; then abstain (answer from a completeness of "
        f"{settings['threshold']} on), plan, ask, read, up to a burden of {settings['budget']:g}; then respond.",
    ]
    counted = fixed_tokens(program, model)
    prompts = {name: {**prompt, "tokens": counted[name]} for name, prompt in prompts_of(program).items()}
    about = {"settings": settings, "tokenizer": tokenizer_of(model)}
    return render_prompts(prompts, form, heading, about)


def render_prompts(
    prompts: Mapping[str, Mapping[str, Any]], form: str, heading: list[str], about: Mapping[str, Any]
) -> str:
    """Prompts as text.

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
