"""An exported program from a program and its card."""

import json
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from textwrap import dedent
from typing import Any, get_origin

import dspy

from lms.tokens import tokenizer_of
from modules import RAISE
from modules.folder import vocabulary_entry
from modules.languages.detection import LANGUAGES
from modules.languages.texts import plain_question
from modules.paths import FAR, LATER, NO_QUERY, as_examples
from modules.settings import AgentSettings
from optimizers.export import SAMPLING, fixed_tokens, templates_of
from optimizers.leaks import PRIVATE_SOURCES
from optimizers.portable.checks import shared_checks
from optimizers.portable.guard import guard_of
from optimizers.portable.order import order_of
from optimizers.portable.placeholders import escape, mark
from optimizers.portable.schema import (
    INSTRUCTIONS,
    Abstention,
    AttributeInfo,
    Card,
    Export,
    Layout,
    Machine,
    Message,
    Output,
    OutputType,
    Predictor,
    Reply,
    Retrieval,
)
from signatures import UserContext, current_vocabulary
from signatures.identity import content_id
from signatures.replies import MARK, REASONING
from signatures.words import folding_rules, token_pattern

NOTE = (
    "The JSON format of `raise export` is the source of truth: all other formats are made from it. Edit instructions, "
    "demonstrations (pairs of user and assistant messages) or settings in the JSON, YAML or Markdown format, then run "
    "`raise import FILE --as PROGRAM`."
)
TYPES: Mapping[Any, OutputType] = {str: "text", int: "integer", bool: "boolean", dict: "object"}
COMPILED = ("user", "teacher", "optimizer", "seed", "data")
"""Entries of a card that say how a program was compiled."""
MADE = ("reply", "machine", "retrieval", "checks", "guard")
"""Parts that follow from the settings and from this version of RAISE."""
EDITABLE = ("predictors", "settings", "paths")
IMPORTED = "imported"
"""Entry of the card of a program that was made from an export."""
INDENT = "\n" + " " * 8
"""DSPy puts it before each line of an instruction."""


def build_export(
    program: RAISE,
    card: Mapping[str, Any] | None = None,
    *,
    name: str = "",
    structured: bool | None = None,
    whole: bool = True,
) -> Export:
    """All of a program that another runtime needs.

    Args:
        card: of its folder; None if it has none.
        name: how the program was named; of one that was imported as it was exported, its former name counts.
        structured: whether replies are asked for as JSON by schema; as the card says of the target by default.
        whole: with the data of retrieval, checks and guard, some two megabytes.
    """
    card = card or {}
    target: Mapping[str, Any] = (card.get("roles") or {}).get("target") or {}
    by_schema = bool(target.get("structured")) if structured is None else structured
    counted = fixed_tokens(program, str(card.get("target", "")))
    export = Export(
        note=NOTE,
        program=str((card.get(IMPORTED) or {}).get("program") or name),
        version=_version(),
        card=card_of(card),
        predictors={
            predictor: _predictor(one, counted[predictor], structured=by_schema)
            for predictor, one in program.named_predictors()
        },
        reply=Reply(layout=layout_of(by_schema), mark=MARK, dropped=list(REASONING)),
        tokenizer=tokenizer_of(str(card.get("target", ""))),
        sampling={name: target[name] for name in SAMPLING if target.get(name) is not None},
        settings=program.settings,
        paths=list(program.paths.without_queries(PRIVATE_SOURCES).paths),
        machine=_machine(program.settings),
        vocabulary={} if current_vocabulary().is_default else vocabulary_entry(),
        retrieval=retrieval_of(program.settings.embedder) if whole else None,
        checks=shared_checks() if whole else None,
        guard=guard_of(program.settings) if whole else None,
        made={},
    )
    return export.model_copy(update={"made": hashes_of(export)})


def hashes_of(export: Export) -> dict[str, str]:
    """``Export.made``; without hashes of parts that the export lacks."""
    parts = {name: getattr(export, name) for name in MADE}
    made = {name: content_id(part.model_dump(mode="json")) for name, part in parts.items() if part is not None}
    return {"program": content_id(export.model_dump(mode="json", include=set(EDITABLE))), **made}


def layout_of(structured: bool) -> Layout:
    """The layout of prompts and replies."""
    return "json" if structured else "chat"


def card_of(card: Mapping[str, Any]) -> Card:
    """What an export says of where a program is from."""
    compiled: Mapping[str, Any] = card.get("compile") or {}
    data: Mapping[str, Any] = card.get("data") or {}
    figures = {name: value for name, value in (card.get("metrics") or {}).items() if name != "params"}
    said = Card(
        target=card.get("target"),
        judge=card.get("judge"),
        **{name: compiled.get(name) for name in COMPILED},
        data_hash=compiled.get("data_hash") or data.get("hash"),
        simulated=card.get("simulated"),
        figures=json.loads(json.dumps(figures, sort_keys=True, default=str)),  # in the order that a card file has
    )
    return said.model_copy(update={"hash": hash_of(said)})


def hash_of(card: Card) -> str:
    """The hash of a card's content."""
    return content_id(card.model_dump(mode="json", exclude={"hash"}))


def canonical(instructions: str) -> str:
    """An instruction as DSPy sends it, but for the indent."""
    return "\n".join(dedent(instructions).splitlines())


def with_placeholder(predictor: dspy.Predict) -> dspy.Predict:
    """A copy whose instruction is a mark."""
    copy = predictor.deepcopy()
    copy.signature = predictor.signature.with_instructions(mark(INSTRUCTIONS))
    return copy


def messages_for(predictor: dspy.Predict, *, structured: bool) -> list[Message]:
    """The messages of a predictor, its instruction a placeholder."""
    system, *others = templates_of(with_placeholder(predictor), structured=structured)
    content = system["content"].replace(INDENT + "{{" + INSTRUCTIONS + "}}", "{{" + INSTRUCTIONS + "}}")
    return [Message.model_validate(one) for one in ({**system, "content": content}, *others)]


def _predictor(predictor: dspy.Predict, tokens: int, *, structured: bool) -> Predictor:
    signature = predictor.signature
    return Predictor(
        instructions=escape(canonical(signature.instructions)),
        inputs=list(signature.input_fields),
        outputs=[
            Output(
                name=name,
                type=TYPES[get_origin(field.annotation) or field.annotation],
                description=str((field.json_schema_extra or {}).get("desc") or ""),
                optional=not field.is_required(),
            )
            for name, field in signature.output_fields.items()
        ],
        messages=messages_for(predictor, structured=structured),
        tokens=tokens,
    )


def _machine(settings: AgentSettings) -> Machine:
    return Machine(
        order=order_of(settings),
        abstention=abstention_of(settings),
        attributes=[
            AttributeInfo(
                name=a.name,
                label=a.label,
                meaning=a.meaning,
                subject=a.subject,
                burden=settings.burdens[a.name],
                plain_questions={code: plain_question(a.name, code) for code in LANGUAGES},
            )
            for a in current_vocabulary().attributes
        ],
        attribute_names=current_vocabulary().meanings,
        nothing_known=UserContext().as_text(),
        no_paths=as_examples([]),
    )


def abstention_of(settings: AgentSettings) -> Abstention | None:
    """How a reply decides; None for one call a turn."""
    enough, ask = f"[{settings.threshold}-5]", f"[0-{settings.threshold - 1}]" if settings.threshold else "(?!)"
    once: dict[str, Any] = {"samples": 1, "agreement": 1.0}
    rated = {"field": "completeness", "enough": enough, "ask": ask}
    match settings.abstention:
        case "scale":
            return Abstention(**rated, **once)
        case "vote":
            return Abstention(**rated, samples=settings.votes, agreement=settings.agreement)
        case "fused":
            return Abstention(**rated, **once, names="attribute", question="question")
        case "binary":
            return Abstention(field="enough", enough="yes", ask="no", **once)
        case "basic":
            return Abstention(field="next_move", enough="answer", ask="(?!)", **once, names="next_move")
        case _:
            return None


def retrieval_of(embedder: str) -> Retrieval:
    """How paths for similar queries are found."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS  # noqa: PLC0415  takes a second to load

    return Retrieval(
        embedder=embedder,
        fold=folding_rules(),
        token=token_pattern(),
        stop_words=sorted(ENGLISH_STOP_WORDS),
        no_query=NO_QUERY,
        far=FAR,
        later=LATER,
    )


def _version() -> str:
    try:
        return version("raise-penguin")
    except PackageNotFoundError:
        return "unknown"
