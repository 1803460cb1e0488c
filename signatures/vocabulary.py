"""Vocabularies: the attributes that RAISE may ask about, and the fields of life; PENGUIN's ten, or those of a file.

A vocabulary is an immutable value. The one that a process works with is in ``signatures.current``.
"""

import json
import re
import tomllib
from collections import Counter
from collections.abc import Collection, Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from signatures.errors import RaiseError, first_problem, unknown
from signatures.identity import content_id
from signatures.loading import load_once
from signatures.words import split_words

SCHEMA: Final = 1
MOST = 40
"""Attributes of a vocabulary at most."""
SHIPPED = Path(__file__).with_name("vocabulary.toml")
ENDINGS = (".toml", ".json")
DEMOGRAPHIC = "demographic"
"""The group of attributes by which a person can be recognized."""
RESERVED = frozenset(
    {"id", "domain", "situation", "source", "query", "profile", "response", "scenario", "answer", "none"}
)
"""Names that mean something else in files, tables or replies."""
_NAME = re.compile(r"[a-z]+(?:_[a-z]+)*")
_LANGUAGE = re.compile(r"[a-z]{2,3}")


def _named(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name: write small letters a to z and underscores, as in residence_status")
    if name in RESERVED or name.startswith("model_"):
        raise ValueError(f"{name!r} means something else in files and replies: choose another name")
    return name


def _labelled(label: str) -> str:
    plain = " ".join(label.split())
    if not plain or any(sign in plain for sign in ":(,;"):
        raise ValueError(f"{label!r} is no label: write a few words without commas, colons, semicolons and brackets")
    return plain


def _coded(texts: Mapping[str, str]) -> dict[str, str]:
    for code, text in texts.items():
        if not _LANGUAGE.fullmatch(code):
            raise ValueError(f"{code!r} is no language: write its ISO 639-1 code, as in es")
        if not text.strip():
            raise ValueError(f"the text for {code!r} is blank")
    return {code: " ".join(text.split()) for code, text in texts.items()}


Name = Annotated[str, AfterValidator(_named)]
Label = Annotated[str, AfterValidator(_labelled)]
ByLanguage = Annotated[dict[str, str], AfterValidator(_coded)]


class Entry(BaseModel):
    """A part of a vocabulary file."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Dependency(Entry):
    """Which values are possible for people who have certain others.

    Attributes:
        when: attribute -> values; all must hold.
        values: those that remain possible.
    """

    when: dict[str, tuple[str, ...]] = Field(min_length=1)
    values: tuple[str, ...] = Field(min_length=1)


class Attribute(Entry):
    """One thing RAISE may ask about.

    Attributes:
        name: column name in scenario files, snake_case.
        label: how prompts call it.
        meaning: what a value of it says, for prompts and documentation.
        group: a heading that it belongs under; those under ``demographic`` count as telling who somebody is.
        delicate: whether a question about it should say why it is asked.
        burden: what one question about it costs a person; 1.0 is the paper's uniform cost.
        questions: language -> the plain question.
        purposes: language -> what the question is for, in a few words ("your residence permit").
        words: further words by which a question or an answer is recognized as being about it.
        values: values that people can have; empty for any.
        range: lowest and highest whole number that a value can be; None if it is no number.
        unit: of the numbers.
        dependencies: how other attributes limit the values.
    """

    name: Name
    label: Label
    meaning: str = Field(min_length=1)
    group: str = ""
    delicate: bool = False
    burden: float = Field(default=1.0, ge=0)
    questions: ByLanguage = {}
    purposes: ByLanguage = {}
    words: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    range: tuple[int, int] | None = None
    unit: str = ""
    dependencies: tuple[Dependency, ...] = ()

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.values and self.range:
            raise ValueError(f"{self.name}: write values or a range, not both")
        if self.range and self.range[0] > self.range[1]:
            raise ValueError(f"{self.name}: the range begins above its end")
        if len(set(self.values)) < len(self.values):
            raise ValueError(f"{self.name}: a value is listed twice")
        strange = [value for one in self.dependencies for value in one.values if value not in self.values]
        if strange:
            raise ValueError(f"{self.name}: a dependency names {strange[0]!r}, which is none of the values")
        return self

    def spoken(self) -> tuple[str, ...]:
        """The texts in which it is spoken of."""
        return (self.label, *self.words, *self.questions.values())

    def question_in(self, language: str, otherwise: str) -> str | None:
        """The plain question in ``language``, else in the language ``otherwise``; None if it has neither."""
        return self.questions.get(language) or self.questions.get(otherwise)

    @property
    def subject(self) -> str:
        """What a question is to be about, as prompts show it."""
        return f"{self.label} ({self.meaning})" + ("; delicate" if self.delicate else "")


class LifeField(Entry):
    """A field of life that queries are about: the ``domain`` of scenarios.

    Attributes:
        name: in scenario files.
        label: how prompts and tables call it; by default the name.
        areas: parts of the field, for which situations are written.
    """

    name: Name
    label: str = ""
    areas: tuple[str, ...] = ()


class Vocabulary(Entry):
    """The attributes and fields of one subject.

    Attributes:
        schema_: of the file, ``schema`` there.
        name: of the vocabulary, for tables and messages.
        language: ISO 639-1 code of the language that labels and values are in, and in which to speak to a person whose
            words do not tell theirs.
        attributes: ``attribute`` in files; 1 to 40.
        fields: ``field`` in files; empty for PENGUIN's seven.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_by_name=True)
    schema_: Literal[1] = Field(default=SCHEMA, alias="schema")
    name: str = Field(min_length=1)
    language: str = Field(default="en", pattern=_LANGUAGE.pattern)
    attributes: tuple[Attribute, ...] = Field(alias="attribute", min_length=1, max_length=MOST)
    fields: tuple[LifeField, ...] = Field(default=(), alias="field")

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        for kind, names in (
            ("attribute", [a.name for a in self.attributes]),
            ("label", [a.label.casefold() for a in self.attributes]),
            ("field", [f.name for f in self.fields]),
        ):
            if twice := [name for name in names if names.count(name) > 1]:
                raise ValueError(f"the {kind} {twice[0]!r} is there twice")
        before: set[str] = set()
        for attribute in self.attributes:
            for parent in (name for one in attribute.dependencies for name in one.when):
                if parent not in before:
                    raise ValueError(f"{attribute.name} depends on {parent!r}: that must be an attribute further up")
            before.add(attribute.name)
        return self

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the attributes, in order."""
        return tuple(attribute.name for attribute in self.attributes)

    @cached_property
    def by_name(self) -> Mapping[str, Attribute]:
        """Name -> attribute."""
        return {attribute.name: attribute for attribute in self.attributes}

    @cached_property
    def by_label(self) -> Mapping[str, str]:
        """Label in small letters -> name."""
        return {attribute.label.casefold(): attribute.name for attribute in self.attributes}

    @cached_property
    def meanings(self) -> str:
        """Names with meanings, a line each, as prompts show them."""
        return "\n".join(f"- {attribute.name}: {attribute.meaning}" for attribute in self.attributes)

    @cached_property
    def demographic(self) -> frozenset[str]:
        """Names of the attributes by which a person can be recognized; all, if none are said to be."""
        return frozenset(a.name for a in self.attributes if a.group == DEMOGRAPHIC) or frozenset(self.names)

    @cached_property
    def is_default(self) -> bool:
        """Whether these are PENGUIN's ten attributes, as shipped."""
        return self == default_vocabulary()

    def __hash__(self) -> int:
        return hash(self.hash)

    @cached_property
    def hash(self) -> str:
        """Of the whole content."""
        return content_id(self.record())

    @cached_property
    def distinctive(self) -> Mapping[str, frozenset[str]]:
        """Attribute name -> folded words of its label, words and questions that no other attribute has."""
        held = {a.name: {w.text for text in a.spoken() for w in split_words(text)} for a in self.attributes}
        often = Counter(word for words in held.values() for word in words)
        return {name: frozenset(word for word in words if often[word] == 1) for name, words in held.items()}

    def burdens(self) -> dict[str, float]:
        """Attribute name -> burden."""
        return {attribute.name: attribute.burden for attribute in self.attributes}

    def require(self, name: str) -> str:
        """``name``, if it is an attribute.

        Raises:
            RaiseError: naming those that there are.
        """
        if name not in self.by_name:
            raise RaiseError(unknown("attribute", name, self.names))
        return name

    def parse(self, text: str, allowed: Collection[str]) -> str | None:
        """See ``signatures.parse_attribute``."""
        plain = re.sub(r"[^a-z]+", "_", text.lower()).strip("_")
        if plain in allowed:
            return plain
        named = set(self._any_name.findall(plain)) & set(allowed)
        return named.pop() if len(named) == 1 else self._called(text, allowed)

    def _called(self, text: str, allowed: Collection[str]) -> str | None:
        """The attribute that is called by its label, which may be in any script."""
        name = self.by_label.get(" ".join(text.split()).strip(" .\"'`*").casefold())
        return name if name in allowed else None

    @cached_property
    def _any_name(self) -> re.Pattern[str]:
        # longer names first, so that "mental health status" does not also name the health status
        longest_first = "|".join(sorted(self.names, key=len, reverse=True))
        return re.compile(rf"(?<![a-z])(?:{longest_first})(?![a-z])")

    def record(self) -> dict[str, Any]:
        """The content as JSON can hold it; ``read_record`` reads it back."""
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True) | {"schema": SCHEMA}


@load_once
def default_vocabulary() -> Vocabulary:
    """PENGUIN's ten attributes."""
    return Vocabulary.model_validate(tomllib.loads(SHIPPED.read_text(encoding="utf-8")))


def read_record(content: object, whose: str) -> Vocabulary:
    """A vocabulary from what ``Vocabulary.record`` gives, or a file holds.

    Raises:
        RaiseError: if it is none.
    """
    try:
        return Vocabulary.model_validate(content)
    except ValidationError as error:
        raise RaiseError(
            f"{whose} is no vocabulary: {first_problem(error, 'the file')} (docs/vocabulary.md)."
        ) from error


def read_vocabulary(file: Path) -> Vocabulary:
    """The vocabulary in a TOML or JSON file; of a folder, in its ``vocabulary.toml`` or ``vocabulary.json``.

    Raises:
        RaiseError: if it cannot be read, naming the file and what is wrong with it.
    """
    if file.is_dir():
        beside = [file / f"vocabulary{ending}" for ending in ENDINGS]
        file = next((place for place in beside if place.is_file()), beside[0])
    if file.suffix.lower() not in ENDINGS:
        raise RaiseError(f"{file}: a vocabulary is a file that ends in {' or '.join(ENDINGS)}.")
    try:
        text = file.read_text(encoding="utf-8-sig")
        content = tomllib.loads(text) if file.suffix.lower() == ".toml" else json.loads(text)
    except OSError as error:
        raise RaiseError(f"cannot read the vocabulary {file}: {error.strerror or error}.") from error
    except (ValueError, RecursionError) as error:
        raise RaiseError(f"the vocabulary {file} cannot be read: {error}.") from error
    return read_record(content, str(file))
