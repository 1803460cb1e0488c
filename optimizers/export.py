"""A compiled program as plain prompts, for people who do not use DSPy: JSON, Markdown, or chat messages.

The messages come from DSPy's own chat adapter, so they are exactly what the program sends.
"""

import json
from typing import Any, Literal

import dspy

from modules import RAISE
from signatures import RaiseError
from signatures.errors import unknown

Format = Literal["json", "markdown", "messages"]
FORMATS: tuple[Format, ...] = ("json", "markdown", "messages")


def prompts_of(program: dspy.Module) -> dict[str, dict[str, Any]]:
    """Predictor -> its prompt: instructions, demonstrations, and messages with ``{field}`` where inputs go."""
    adapter = dspy.ChatAdapter()
    prompts = {}
    for name, predictor in program.named_predictors():
        signature = predictor.signature
        blanks = {field: "{" + field + "}" for field in signature.input_fields}
        prompts[name] = {
            "instructions": signature.instructions,
            "inputs": list(signature.input_fields),
            "outputs": list(signature.output_fields),
            "demos": [dict(demo) for demo in predictor.demos],
            "messages": adapter.format(signature, predictor.demos, blanks),
        }
    return prompts


def export_program(program: RAISE, form: str) -> str:
    """The program's prompts as text.

    Args:
        form: ``json`` (everything), ``markdown`` (to read), ``messages`` (predictor -> chat messages).

    Raises:
        RaiseError: for another format.
    """
    prompts = prompts_of(program)
    settings = program.settings.model_dump(mode="json")
    if form == "json":
        content = {"schema": 1, "settings": settings, "prompts": prompts}
        return json.dumps(content, indent=2, ensure_ascii=False, default=str) + "\n"
    if form == "messages":
        messages = {name: prompt["messages"] for name, prompt in prompts.items()}
        return json.dumps(messages, indent=2, ensure_ascii=False) + "\n"
    if form == "markdown":
        return _markdown(settings, prompts)
    raise RaiseError(unknown("export format", form, FORMATS))


def _markdown(settings: dict[str, Any], prompts: dict[str, dict[str, Any]]) -> str:
    lines = [
        "# RAISE: compiled prompts",
        "",
        "Order of calls: triage; then abstain (answer from a completeness of "
        f"{settings['threshold']} on), plan, ask, read, up to a burden of {settings['budget']:g}; then respond.",
        "",
    ]
    for name, prompt in prompts.items():
        lines += [f"## {name}", ""]
        for message in prompt["messages"]:
            lines += [f"**{message['role']}**", "", "```text", str(message["content"]).rstrip(), "```", ""]
    return "\n".join(lines)
