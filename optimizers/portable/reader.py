"""Reads an edited export, and says in which line something is wrong.

Only YAML's parser tells where things stand. JSON is YAML, so it finds lines of JSON, too; it is slow, and is asked only
once something is wrong.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from modules import AgentSettings
from modules.files import parse_json, read_plain
from modules.folder import adopt_entry
from optimizers.portable.build import MADE, hash_of, hashes_of
from optimizers.portable.markdown import REST, Block, blocks_of
from optimizers.portable.schema import KIND, SCHEMA, Export, Message, Predictor
from signatures import RaiseError
from signatures.errors import meant

ENDINGS = (".json", ".yaml", ".yml", ".md")
Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Source:
    """A file, and where in it things stand."""

    file: Path
    text: str

    @property
    def is_page(self) -> bool:
        """Whether it is Markdown."""
        return self.file.suffix == ".md"

    @cached_property
    def blocks(self) -> list[Block]:
        """The texts of a page; of another file all of it."""
        return list(blocks_of(self.text)) if self.is_page else [Block(REST, "rest", self.text, 1)]

    @cached_property
    def rest(self) -> Block:
        """What is YAML or JSON."""
        found = [block for block in self.blocks if block.section == REST]
        if not found:
            raise RaiseError(f"{self.file} has no section {REST!r}: put it back as it was exported.")
        return found[0]

    def line_of(self, *place: str | int) -> int:
        """The line of an entry, from 1; of the entry that it would stand in, if it is missing."""
        if self.is_page and (block := self._text_at(place)):
            return block.line
        node: Any = yaml.compose(self.rest.text, Loader=_QUICK if self.file.suffix == ".json" else yaml.SafeLoader)
        line = 0
        for part in place:
            if isinstance(node, yaml.MappingNode):
                entry = next((pair for pair in node.value if pair[0].value == str(part)), None)
            elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
                entry = (node.value[part], node.value[part])
            else:
                entry = None
            if entry is None:
                break
            line, node = entry[0].start_mark.line, entry[1]
        return self.rest.line + line

    def line_with(self, words: str, *place: str | int) -> int:
        """The line of ``words`` in an entry."""
        begin = self.line_of(*place)
        lines = self.text.split("\n")
        return next((i for i in range(begin, len(lines) + 1) if words in lines[i - 1]), begin)

    def _text_at(self, place: Place) -> Block | None:
        """The block of an instruction or a message."""
        if len(place) < 3 or place[0] != "predictors":
            return None
        own = [block for block in self.blocks if block.section == place[1]]
        if place[2] == "instructions":
            return next((block for block in own if block.label == "instructions"), None)
        messages = [block for block in own if block.label != "instructions"]
        index = place[3] if len(place) > 3 else None
        return messages[index] if isinstance(index, int) and index < len(messages) else None

    def refuse(self, sentence: str, *place: str | int, words: str = "") -> RaiseError:
        """The error for an entry; ``sentence`` says what is wrong and what to do."""
        line = self.line_with(words, *place) if words else self.line_of(*place)
        return RaiseError(f"{self.file}, line {line}: {sentence}")


_QUICK: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""For JSON that could be read; Python ends with what is nested too deeply for this one."""


def is_export(file: Path) -> bool:
    """Whether a file may be an export, by its name."""
    return file.suffix in ENDINGS and file.is_file()


def read_export(file: Path) -> tuple[Export, Source]:
    """An export, and where in the file things stand.

    Raises:
        RaiseError: naming line and fix, if it is none, is of a newer schema, or if something was edited that cannot be.
    """
    if file.suffix not in ENDINGS:
        raise RaiseError(f"{file} is no export: name a file ending in {', '.join(ENDINGS)}.")
    try:
        source = Source(file, read_plain(file))
    except ValueError as error:
        raise RaiseError(f"{file} is no export: {error}.") from error
    content = _content(source)
    _refuse_other_schema(source, content)
    adopt_entry(content.get("vocabulary"), f"the export {file}")
    try:
        export = Export.model_validate(content)
    except ValidationError as error:
        raise _first_problem(source, error) from error
    _refuse_edited(source, export)
    return export, source


def _content(source: Source) -> dict[str, Any]:
    """What the file says."""
    try:
        read = parse_json if source.file.suffix == ".json" else yaml.safe_load
        content = read(source.rest.text)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = source.rest.line + (mark.line if mark else 0)
        why = getattr(error, "problem", None) or type(error).__name__
        raise RaiseError(f"{source.file}, line {line}: it is not YAML ({why}): mend or export again.") from error
    except ValueError as error:
        line = getattr(error, "lineno", 1)
        raise RaiseError(f"{source.file}, line {line}: it is not JSON ({error}): mend or export again.") from error
    if not isinstance(content, dict) or content.get("kind") != KIND:
        raise RaiseError(f"{source.file} is no export of raise: write one with raise export PROGRAM --format json.")
    if source.is_page:
        _add_texts(source, content)
    return content


def _add_texts(source: Source, content: dict[str, Any]) -> None:
    """Instructions and messages of a page, which stand in sections of their own."""
    predictors = _entry(content, "predictors")
    for block in source.blocks:
        if block.section == REST:
            continue
        predictor = _entry(predictors, block.section)
        if block.label == "instructions":
            predictor["instructions"] = block.text
        else:
            predictor.setdefault("messages", []).append({"role": block.label, "content": block.text})


def _entry(content: dict[str, Any], name: str) -> dict[str, Any]:
    """The object ``name``, made anew if there is none."""
    if not isinstance(content.get(name), dict):
        content[name] = {}
    found: dict[str, Any] = content[name]
    return found


def _refuse_other_schema(source: Source, content: dict[str, Any]) -> None:
    schema = content.get("schema")
    if isinstance(schema, int) and schema > SCHEMA:
        raise source.refuse(
            f"it has schema {schema}, which is newer than {SCHEMA}: import it with the version of raise that wrote it "
            f"({content.get('version')}) or a later one.",
            "schema",
        )
    if schema != SCHEMA:
        raise source.refuse(f"schema {schema!r} is not {SCHEMA}: export the program again.", "schema")


def _first_problem(source: Source, error: ValidationError) -> RaiseError:
    problem = error.errors()[0]
    place = problem["loc"]
    name = ".".join(map(str, place))
    if problem["type"] == "extra_forbidden":
        return source.refuse(f"{name} is no entry{meant(str(place[-1]), _entries())}: remove or rename it.", *place)
    if problem["type"] == "missing":
        return source.refuse(f"{name} is missing: put it back as it was exported.", *place)
    said = problem["msg"].removeprefix("Value error, ")
    return source.refuse(f"{name}: {said}; mend it, or export the program again.", *place)


def _entries() -> Iterator[str]:
    """Names of entries that one may have been meant to be."""
    for part in (Export, AgentSettings, Predictor, Message):
        yield from (str(field.alias or name) for name, field in part.model_fields.items())


def _refuse_edited(source: Source, export: Export) -> None:
    """Refuse edits of what is measured, or made from the rest."""
    if export.card.hash != hash_of(export.card):
        raise source.refuse(
            "the card is not the one that was exported (its hash is another): put it back, since what was measured "
            "cannot be edited.",
            "card",
        )
    made = hashes_of(export)
    for name in MADE:
        if name in made and made[name] != export.made.get(name):
            why = "is made from the settings" if name == "machine" else "is part of RAISE"
            raise source.refuse(f"{name} {why} and cannot be edited here: put it back as it was exported.", name)
