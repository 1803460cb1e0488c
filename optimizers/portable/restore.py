"""A program from an export: instructions and demonstrations are read back out of the messages, and must give the same
messages again; otherwise something was edited that cannot be, or is misspelt.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, get_origin

import dspy
from dspy.adapters.utils import format_field_value, parse_value
from pydantic import ValidationError

from modules import RAISE, PathIndex
from modules.sealed import put_prompt
from optimizers.portable.build import COMPILED, IMPORTED, canonical, hashes_of, messages_for
from optimizers.portable.placeholders import PLACEHOLDER, unescape
from optimizers.portable.reader import Source
from optimizers.portable.schema import INSTRUCTIONS, Export, Message, Predictor
from signatures import RaiseError
from signatures.errors import meant

_HEADER = re.compile(r"(?:^|\n\n)\[\[ ## (\w+) ## \]\](?:\n|$)")
_NOT_SUPPLIED = "Not supplied for this particular example."
"""What DSPy writes for a field that a demonstration lacks."""


def restore(export: Export, source: Source, original: RAISE | None = None) -> RAISE:
    """The program.

    Args:
        source: where the export stands, for errors.
        original: the program that was exported; what was not edited is taken from it as it is.

    Raises:
        RaiseError: naming line and fix, if a predictor is missing, or a message is not what its parts give.
    """
    known = {} if original is None else {_seen(path): path for path in original.paths.paths}
    program = RAISE(PathIndex([known.get(_seen(path), path) for path in export.paths]), export.settings)
    own = dict(program.named_predictors())
    former = {} if original is None else dict(original.named_predictors())
    _refuse_names(export, source, list(own))
    structured = export.reply.layout == "json"
    for name, predictor in own.items():
        exported = export.predictors[name]
        if name in former and _sends(former[name], structured=structured) == _content(exported):
            put_prompt(predictor, former[name].signature, former[name].demos)
        else:
            _Reading(source, name, exported, predictor, structured).put_back()
    return program


def was_edited(export: Export) -> bool:
    """Whether prompts, settings or paths are not those that were exported."""
    return hashes_of(export)["program"] != export.made.get("program")


def card_from(export: Export) -> dict[str, Any]:
    """What the card of a program folder says of what the export tells: ``build_export`` makes the same card of it."""
    card, structured = export.card, export.reply.layout == "json"
    compiled = card.model_dump(include={"target", "judge", "data_hash", *COMPILED})
    told = {
        "target": card.target,
        "judge": card.judge,
        "simulated": card.simulated,
        "compile": {name: value for name, value in compiled.items() if value is not None},
        "metrics": card.figures,
        "roles": {"target": {"model": card.target, **export.sampling, **({"structured": True} if structured else {})}},
        IMPORTED: {"program": export.program},
    }
    return {name: value for name, value in told.items() if value is not None}


def _seen(path: Any) -> str:
    return str(path.model_dump_json(include={"query", "path", "value", "origin", "evaluations"}))


def _sends(predictor: dspy.Predict, *, structured: bool) -> tuple[str, list[Message]]:
    return canonical(predictor.signature.instructions), messages_for(predictor, structured=structured)


def _content(exported: Predictor) -> tuple[str, list[Message]]:
    return unescape(exported.instructions), exported.messages


def _refuse_names(export: Export, source: Source, names: list[str]) -> None:
    """Refuse predictors that are missing, or that RAISE does not have."""
    missing = [name for name in names if name not in export.predictors]
    extra = [name for name in export.predictors if name not in names]
    if extra:
        hint = meant(extra[0], missing or names)
        raise source.refuse(
            f"{extra[0]!r} is no predictor{hint}: RAISE has {', '.join(names)}.", "predictors", extra[0], words=extra[0]
        )
    if missing:
        raise source.refuse(f"the predictor {missing[0]!r} is missing: put it back as it was exported.", "predictors")


class _Reading:
    """One predictor of an export, on its way back."""

    def __init__(
        self, source: Source, name: str, exported: Predictor, predictor: dspy.Predict, structured: bool
    ) -> None:
        self.source, self.name, self.exported, self.predictor = source, name, exported, predictor
        self.structured = structured
        self.place = ("predictors", name)

    def put_back(self) -> None:
        """Set instruction and demonstrations of the predictor.

        Raises:
            RaiseError: if the messages are not those that the two give.
        """
        signature, messages = self.predictor.signature, self.exported.messages
        self._refuse_placeholders()
        pairs = messages[1:-1]
        put_prompt(
            self.predictor,
            signature.with_instructions(unescape(self.exported.instructions)),
            [self._demo(i, *pairs[i : i + 2]) for i in range(0, len(pairs), 2)],
        )
        again = messages_for(self.predictor, structured=self.structured)
        for i, message in enumerate(messages):
            if i >= len(again) or again[i] != message:
                raise self._edited(i)
        if len(again) != len(messages):
            raise self.source.refuse(f"{self.name} lacks its request: put it back as it was exported.", *self.place)
        fields = [(field.name, field.type) for field in self.exported.outputs]
        if self.exported.inputs != [*signature.input_fields] or [n for n, _ in fields] != [*signature.output_fields]:
            raise self.source.refuse(
                f"inputs and outputs of {self.name} are fixed: put them back as they were exported.", *self.place
            )

    def _refuse_placeholders(self) -> None:
        """Refuse placeholders that are no inputs, and those in places where there are none."""
        texts = [(("instructions",), self.exported.instructions, set[str]())]
        last = len(self.exported.messages) - 1
        for i, message in enumerate(self.exported.messages):
            allowed = {INSTRUCTIONS} if i == 0 else set(self.predictor.signature.input_fields) if i == last else set()
            texts.append((("messages", i), message.content, allowed))  # type: ignore[arg-type]
        for place, text, allowed in texts:
            for found in PLACEHOLDER.finditer(text):
                if found[1] not in allowed:
                    raise self._misplaced(found[0], found[1], allowed, place)

    def _misplaced(self, words: str, name: str, allowed: set[str], place: tuple[Any, ...]) -> RaiseError:
        if allowed:
            fix = f"{meant(name, allowed)}: write one of {', '.join('{{' + one + '}}' for one in sorted(allowed))}."
        else:
            fix = ", since nothing is filled in there: remove it, or part the braces by U+2060 if it is text."
        where = (
            f"{place[0].removesuffix('s')} of {self.name}" if place[0] == "messages" else f"instructions of {self.name}"
        )
        return self.source.refuse(f"{words} is no input in the {where}{fix}", *self.place, *place, words=words)

    def _edited(self, index: int) -> RaiseError:
        """Why message ``index`` is not what it should be."""
        last = len(self.exported.messages) - 1
        if index in (0, last):
            which = "system message" if index == 0 else "request"
            lacking = [n for n in self.predictor.signature.input_fields if "{{" + n + "}}" not in self._text(last)]
            lack = f" lacks {{{{{lacking[0]}}}}}" if index == last and lacking else " is fixed"
            sentence = (
                f"the {which} of {self.name}{lack}: put it back as it was exported; edit the instructions instead."
            )
        else:
            sentence = (
                f"demonstration {(index + 1) // 2} of {self.name} is not laid out as fields between marks, each on a "
                "line of its own and in order: lay it out as the others."
            )
        return self.source.refuse(sentence, *self.place, "messages", index)

    def _text(self, index: int) -> str:
        return self.exported.messages[index].content

    def _demo(self, index: int, user: Message, assistant: Message | None = None) -> dspy.Example:
        """A demonstration from its two messages."""
        if assistant is None or (user.role, assistant.role) != ("user", "assistant"):
            raise self._edited(index + 1)
        signature = self.predictor.signature
        said = dict(_sections(unescape(user.content)))
        replied = self._json(assistant) if self.structured else dict(_sections(unescape(assistant.content)))
        fields = {n: v for n, v in said.items() if n in signature.input_fields}
        for name, value in replied.items():
            if name in signature.output_fields and str(value).strip() != _NOT_SUPPLIED:
                fields[name] = value if self.structured else _typed(signature.output_fields[name], value)
        return dspy.Example(**fields, augmented=True)

    def _json(self, message: Message) -> dict[str, Any]:
        try:
            return dict(json.loads(unescape(message.content)))
        except ValueError:
            return {}


def _sections(text: str) -> Iterator[tuple[str, str]]:
    """Fields between marks."""
    _, *parts = _HEADER.split(text)
    yield from zip(parts[::2], parts[1::2], strict=True)


def _typed(field: Any, value: Any) -> Any:
    """``value`` as its field has it, if that reads the same."""
    if get_origin(field.annotation) is None and field.annotation is str:
        return value
    try:
        typed = parse_value(value, field.annotation)
    except (ValidationError, ValueError):
        return value
    return typed if format_field_value(field, typed) == format_field_value(field, value) else value
