"""A mapping file: where the rows of one's own file hold the query and the attributes, and how values are cleaned.

Places are JMESPath expressions, so that nested dialogues can be read: ``messages[?role=='user'].content | [0]``. What
is found becomes a row in the columns of ``benchmark.scenarios.hub``, without personal data.
"""

import hashlib
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jmespath
import regex
from jmespath.exceptions import JMESPathError
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from benchmark.scenarios.hub import ANY, MANY, Imported, Origin, import_rows, refuse_unknown_fields
from benchmark.scenarios.reddit.scrub import scrub
from benchmark.scenarios.similarity import fold
from benchmark.scenarios.tables import Numbered, Row, read_rows, short
from modules.files import parse_json, read_text
from signatures import RaiseError, current_vocabulary
from signatures.errors import first_problem, unknown

SECONDS = 1.0
"""A pattern that takes longer on one value is refused: some patterns take for ever."""
SHOWN_KEYS = 12


class Place(BaseModel):
    """Where a value is, and how it is cleaned.

    Attributes:
        from_: JMESPath expressions; the first that finds something counts.
        find: regular expression; the value becomes the first group that matches, or all of it. No match, no value.
        values: value as found -> value as wanted; "" for unknown. Case and punctuation do not matter.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
    from_: tuple[str, ...] = Field(alias="from")
    find: str = ""
    values: dict[str, str] = {}

    @field_validator("from_", mode="before")
    @classmethod
    def _several(cls, given: object) -> object:
        return (given,) if isinstance(given, str) else given

    @field_validator("from_")
    @classmethod
    def _expressions(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        for expression in given:
            _compile(expression)
        return given

    @field_validator("find")
    @classmethod
    def _pattern(cls, given: str) -> str:
        try:
            regex.compile(given)
        except regex.error as error:
            raise ValueError(f"{given!r} is no regular expression ({error})") from error
        return given


class MappingFile(BaseModel):
    """A mapping file.

    Attributes:
        rows: expression for the list of rows in a JSON file; empty if the file is a list, or has one.
        query: what the person asks; several of them give a scenario each.
        field: field of life, or a label that ``fields`` or the shipped rules understand.
        person, situation: what rows of one person, or of one situation, share.
        fields: label -> field of life; ``*`` for all that are left.
        attributes: attribute -> where its value is.
        scrub: take personal data out of queries and values (``benchmark.scenarios.reddit.scrub``).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    schema_: int = Field(default=1, alias="schema", ge=1, le=1)
    rows: str = ""
    query: Place
    field: Place | None = None
    person: Place | None = None
    situation: Place | None = None
    fields: dict[str, str] = {}
    attributes: dict[str, Place] = Field(min_length=1)
    scrub: bool = True

    @field_validator("query", "field", "person", "situation", mode="before")
    @classmethod
    def _place(cls, given: object) -> object:
        return {"from": given} if isinstance(given, str | list) else given

    @field_validator("attributes", mode="before")
    @classmethod
    def _places(cls, given: object) -> object:
        if not isinstance(given, dict):
            return given
        return {name: {"from": place} if isinstance(place, str | list) else place for name, place in given.items()}

    @field_validator("rows")
    @classmethod
    def _rows(cls, given: str) -> str:
        if given:
            _compile(given)
        return given

    @field_validator("attributes")
    @classmethod
    def _attributes(cls, given: dict[str, Place]) -> dict[str, Place]:
        for name in given:
            if name not in current_vocabulary().names:
                raise ValueError(unknown("attribute", name, current_vocabulary().names).rstrip("."))
        return given

    @property
    def domains(self) -> dict[str, str]:
        """Label -> field of life, as ``import_rows`` takes them."""
        return {label: name.strip().lower() for label, name in self.fields.items()}


def _compile(expression: str) -> Any:
    try:
        return jmespath.compile(expression)
    except JMESPathError as error:
        raise ValueError(f"{expression!r} is no JMESPath expression ({short(error)})") from error


def load_mapping(file: Path) -> MappingFile:
    """Read a mapping file.

    Raises:
        RaiseError: naming the file, the place in it and what is wrong there.
    """
    try:
        return MappingFile.model_validate(tomllib.loads(read_text(file)))
    except OSError as error:
        raise RaiseError(f"cannot read the mapping file {file}: {error.strerror or error}.") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise RaiseError(f"{file} is not TOML: {error}.") from error
    except ValidationError as error:
        raise RaiseError(f"{file} is no mapping file: {first_problem(error)}.") from error


def import_mapped(file: Path, mapping: MappingFile, domains: Mapping[str, str] | None = None) -> Imported:
    """Make scenarios of the rows of ``file``; those that cannot be read are counted with their reasons.

    Args:
        file: a Parquet, JSON, JSON Lines or CSV file.
        domains: label -> field of life, before those of the mapping.

    Raises:
        RaiseError: if the file cannot be read, the mapping settles no field of life, or no row is usable.
    """
    if not file.is_file():
        raise RaiseError(f"there is no file {file}: a mapping file is for a file of one's own.")
    settled = {**mapping.domains, **(domains or {})}
    refuse_unknown_fields(settled)
    if mapping.field is None and ANY not in settled:
        raise RaiseError("the mapping file does not say which field of life: add field = 'PLACE', or '*' to [fields].")
    mapped = Mapped(mapping)
    origin = Origin(file.name, hashlib.sha256(file.read_bytes()).hexdigest())
    taken = import_rows(mapped.rows(read_mapped(file, mapping)), origin, settled)
    return Imported(taken.scenarios, {**taken.report, **mapped.account()})


@dataclass
class Mapped:
    """Rows as a mapping reads them, and an account that grows as they are read.

    Attributes:
        taken: kind of personal data -> how often it was taken out.
        empty: attribute -> rows in which nothing was found for it.
    """

    mapping: MappingFile
    taken: Counter[str] = field(default_factory=Counter)
    empty: Counter[str] = field(default_factory=Counter)

    def rows(self, rows: Iterable[Numbered]) -> Iterator[Numbered]:
        """``rows`` in the columns of the published data set; what cannot be read keeps its reason."""
        for number, row in rows:
            yield number, row if isinstance(row, str) else self._row(row)

    def account(self) -> dict[str, Any]:
        """What was taken out and what was not found, for the report."""
        return {
            "personal_data_taken_out": dict(sorted(self.taken.items())) if self.mapping.scrub else "not looked for",
            "not_found": {name: self.empty[name] for name in self.mapping.attributes if self.empty[name]},
        }

    def _row(self, row: Row) -> Row | str:
        try:
            queries = [self._clean(query) for query in _found(self.mapping.query, row)]
            if not any(queries):
                return _missing("query", self.mapping.query, row)
            values = {name: self._value(name, place, row) for name, place in self.mapping.attributes.items()}
            about = {
                name: _first(place, row)
                for name, place in (("person", self.mapping.person), ("situation", self.mapping.situation))
                if place
            }
            label = _first(self.mapping.field, row) if self.mapping.field else ANY
        except (JMESPathError, TimeoutError) as error:
            return f"an expression fails on it: {short(error)}"
        if not label:
            return _missing("field", self.mapping.field, row)
        return {MANY: queries, "scenario": label, **about, **values}

    def _value(self, name: str, place: Place, row: Row) -> str | None:
        value = _first(place, row)
        if value is None:
            self.empty[name] += 1
        return value and self._clean(value)

    def _clean(self, text: str) -> str:
        if not self.mapping.scrub:
            return text
        scrubbed = scrub(text)
        self.taken.update(scrubbed.taken)
        return scrubbed.text


def _missing(what: str, place: Place | None, row: Row) -> str:
    """The reason for a row without ``what``: where it was expected, and what there is."""
    expected = " or ".join(place.from_) if place else ""
    there = ", ".join(sorted(row)[:SHOWN_KEYS]) + (", ..." if len(row) > SHOWN_KEYS else "")
    return f"there is no {what} at {expected} (the row has {there or 'nothing'})"


def _first(place: Place, row: Row) -> str | None:
    return next(iter(_found(place, row)), None)


def _found(place: Place, row: Row) -> list[str]:
    """The cleaned values of the first expression that finds any."""
    for expression in place.from_:
        value = _compile(expression).search(row)
        parts = value if isinstance(value, list) else [value]
        if texts := [text for part in parts if (text := _cleaned(place, part))]:
            return texts
    return []


def _cleaned(place: Place, value: object) -> str | None:
    """One value as text; None if there is none, or it is neither text nor a number."""
    if value is None or isinstance(value, bool | dict | list):
        return None
    text: str | None = str(int(value) if isinstance(value, float) and value.is_integer() else value).strip()
    if place.find and text:
        match = regex.search(place.find, text, timeout=SECONDS)
        text = next((group for group in (*match.groups(), match[0]) if group), None) if match else None
    wanted = {fold(found): cleaned for found, cleaned in place.values.items()}
    return wanted.get(fold(text), text) if text else None


def read_mapped(file: Path, mapping: MappingFile) -> Iterator[Numbered]:
    """The rows of ``file``, as ``read_rows`` gives them; of a JSON file, those at ``mapping.rows``.

    Raises:
        RaiseError: if the file cannot be read, or there is no list of rows.
    """
    if not mapping.rows:
        yield from read_rows(file)
        return
    try:
        content = parse_json(read_text(file))
        rows = _compile(mapping.rows).search(content)
    except OSError as error:
        raise RaiseError(f"cannot read {file}: {error.strerror or error}.") from error
    except (ValueError, JMESPathError) as error:
        raise RaiseError(f"{file} is not JSON that can be read: {short(error)}.") from error
    if not isinstance(rows, list):
        there = ", ".join(sorted(content)[:SHOWN_KEYS]) if isinstance(content, dict) else f"a {type(content).__name__}"
        raise RaiseError(f"{file} has no list at {mapping.rows} (rows of the mapping file); it holds {there}.")
    for number, row in enumerate(rows, 1):
        yield number, row if isinstance(row, dict) else "the entry is not a JSON object"
