"""An export in each format. JSON is the whole file; all others are made from it and say so."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, get_args

import yaml

from lms.roles import SIMULATED
from modules import RAISE
from optimizers.portable.build import INDENT, build_export
from optimizers.portable.markdown import write_markdown
from optimizers.portable.placeholders import JOINER, refill
from optimizers.portable.schema import DATA, INSTRUCTIONS, Export, Output
from signatures import RaiseError
from signatures.errors import unknown

Format = Literal["json", "yaml", "markdown", "messages", "openai", "promptfoo", "mlflow", "langfuse"]
FORMATS: tuple[Format, ...] = get_args(Format)
ONE_LINE = ("paths", "retrieval", "checks", "guard")
"""Parts that nobody edits: an entry a line."""
MADE_FROM = "Made from the JSON format of `raise export`, which is the source of truth; edits here are not read back."
JSON_TYPES = {"text": "string", "integer": "integer", "boolean": "boolean", "object": "object"}
SCHEMA_NAME = "DSPyProgramOutputs"
"""What DSPy calls the schema of a reply."""
SAMPLES = {
    "query": "Should I quit my job without another offer?",
    "latest_words": "Should I quit my job without another offer?",
    "context": "(nothing is known about this person yet)",
    "examples": "(none)",
    "candidates": "age, emotional_state",
    "subject": "emotional state (how the person feels right now)",
    "attributes": "- age: age band in years\n- emotional_state: how the person feels right now",
    "question": "How are you feeling right now?",
    "last_question": "How are you feeling right now?",
    "answer": "I'm worn out.",
    "reply": "I'm worn out.",
    "threshold": "4",
}
"""Inputs of a first run in promptfoo."""

Prompts = dict[str, list[dict[str, str]]]


def export_program(
    program: RAISE, form: str, model: str = "", *, card: Mapping[str, Any] | None = None, name: str = ""
) -> str:
    """A program as text.

    Args:
        form: one of ``FORMATS``.
        model: the target, of which tokens are counted, where there is no ``card``.
        card: of the program folder.
        name: how the program was named.

    Raises:
        RaiseError: for another format.
    """
    if form not in FORMATS:
        raise RaiseError(unknown("export format", form, FORMATS))
    structured = True if form == "openai" else None
    card = card or ({"target": model} if model else {})
    whole = form == "json"
    return write_export(build_export(program, card, name=name, structured=structured, whole=whole), form)


def write_export(export: Export, form: str) -> str:
    """An export as text, in one of ``FORMATS``."""
    tools: dict[str, Callable[[Export], Any]] = {
        "messages": lambda export: {"note": MADE_FROM, **full_prompts(export)},
        "openai": _openai,
        "mlflow": _mlflow,
        "langfuse": _langfuse,
    }
    if form == "json":
        return write_json(export)
    if form == "yaml":
        return f"# {export.note}\n{_yaml(content_of(export, without=DATA))}"
    if form == "markdown":
        return write_markdown(export, _yaml)
    if form == "promptfoo":
        return f"# {MADE_FROM}\n# Run it with: promptfoo eval -c FILE\n{_yaml(_promptfoo(export))}"
    return json.dumps(tools[form](export), indent=2, ensure_ascii=False).replace(JOINER, "\\u2060") + "\n"


def content_of(export: Export, without: set[str] = frozenset()) -> dict[str, Any]:  # type: ignore[assignment]
    """An export as plain objects."""
    return export.model_dump(mode="json", by_alias=True, exclude=without, exclude_defaults=False)


def write_json(export: Export) -> str:
    """The whole file; what nobody edits stands at its end."""
    content = content_of(export)
    head = {name: value for name, value in content.items() if name not in ONE_LINE}
    parts = [json.dumps(head, indent=2, ensure_ascii=False).removesuffix("\n}")]
    parts += [f'  "{name}": {_by_line(content[name])}' for name in ONE_LINE]
    return ",\n".join(parts).replace(JOINER, "\\u2060") + "\n}\n"


def _by_line(part: Any) -> str:
    if isinstance(part, list):
        return "[" + ",".join(f"\n    {_compact(one)}" for one in part) + "\n  ]" if part else "[]"
    if part is None:
        return "null"
    return "{" + ",".join(f"\n    {_compact(name)}: {_compact(one)}" for name, one in part.items()) + "\n  }"


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as blocks."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def _yaml(content: Any) -> str:
    return str(yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120))


def full_prompts(export: Export) -> Prompts:
    """Predictor -> its messages, the instruction in its place."""
    return {
        name: [{"role": m.role, "content": in_place(m.content, predictor.instructions)} for m in predictor.messages]
        for name, predictor in export.predictors.items()
    }


def in_place(content: str, instructions: str) -> str:
    """A template with the instruction where its placeholder is."""
    lines = "".join(INDENT + line for line in instructions.split("\n"))
    return refill(content, lambda name: lines if name == INSTRUCTIONS else "{{" + name + "}}")


def response_format(outputs: Sequence[Output]) -> dict[str, Any]:
    """What asks an OpenAI-compatible endpoint for a reply by schema, as DSPy sends it."""
    if any(output.type == "object" for output in outputs):
        return {"type": "json_object"}
    properties = {o.name: {"type": JSON_TYPES[o.type]} for o in outputs}
    schema = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
    return {"type": "json_schema", "json_schema": {"name": SCHEMA_NAME, "schema": schema, "strict": True}}


def _model(export: Export) -> str:
    """The name by which an OpenAI-compatible endpoint knows the target."""
    return (export.card.target or "gpt-4o").removeprefix(SIMULATED).removeprefix("openai/")


def _openai(export: Export) -> dict[str, Any]:
    bodies = {
        name: {
            "model": _model(export),
            "messages": messages,
            **export.sampling,
            "response_format": response_format(export.predictors[name].outputs),
        }
        for name, messages in full_prompts(export).items()
    }
    return {"note": MADE_FROM, **bodies}


def _promptfoo(export: Export) -> dict[str, Any]:
    provider = {"id": f"openai:chat:{_model(export)}", "config": export.sampling}
    return {
        "description": f"Prompts of {export.program or 'RAISE'}, exported by raise. {MADE_FROM}",
        "prompts": [
            {"label": name, "raw": json.dumps(messages, indent=2, ensure_ascii=False)}
            for name, messages in full_prompts(export).items()
        ],
        "providers": [{**provider, "label": name, "prompts": [name]} for name in export.predictors],
        "tests": [
            {
                "description": name,
                "providers": [name],
                "vars": {field: SAMPLES[field] for field in predictor.inputs},
                "assert": [{"type": "contains", "value": _expected(export, name)}],
            }
            for name, predictor in export.predictors.items()
        ],
    }


def _expected(export: Export, name: str) -> str:
    """What a reply in the right form holds."""
    first = export.predictors[name].outputs[0].name
    return f"[[ ## {first} ## ]]" if export.reply.layout == "chat" else f'"{first}"'


def _mlflow(export: Export) -> list[dict[str, Any]]:
    """Arguments of ``mlflow.genai.register_prompt``."""
    return [
        {
            "name": f"raise.{name}",
            "template": messages,
            "commit_message": MADE_FROM,
            "tags": {"predictor": name, "program": export.program, "card": export.card.hash},
            "model_config": {"model_name": _model(export), **export.sampling},
        }
        for name, messages in full_prompts(export).items()
    ]


def _langfuse(export: Export) -> list[dict[str, Any]]:
    """Bodies of ``POST /api/public/v2/prompts``."""
    return [
        {
            "type": "chat",
            "name": f"raise.{name}",
            "prompt": messages,
            "labels": ["production"],
            "tags": ["raise"],
            "config": {"model": _model(export), **export.sampling, "program": export.program},
            "commitMessage": MADE_FROM,
        }
        for name, messages in full_prompts(export).items()
    ]
