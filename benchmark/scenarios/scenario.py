"""Scenarios and sets of them: the JSON Lines file, stable content ids, the hash that goes into every run."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from benchmark.scenarios.taxonomy import field_names
from modules.files import read_text, replacing
from modules.languages.detection import language_of
from signatures import Profile, RaiseError, current_vocabulary
from signatures.errors import first_problem, unknown
from signatures.identity import content_id

COMMENT = "#"
"""Begins a line of a scenario file that is for people."""
SOURCES = ("authored", "generated", "reddit", "hub", "own")
"""Where scenarios can come from; ``own`` are those that a team wrote itself."""


class Scenario(BaseModel):
    """One query by one person.

    Attributes:
        id: stable hash of the content.
        domain: the field of life: one of the seven, or of those that the vocabulary declares.
        situation: ``domain/slug``; splits and intervals go by it.
        source: one of ``SOURCES``.
        query: what the person asks; it says nothing of the profile.
        profile: the person's whole background; a missing attribute is None.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str = Field(min_length=1)
    domain: str = Field(min_length=1)
    situation: str = Field(min_length=1)
    source: str = Field(min_length=1)
    query: str = Field(min_length=1)
    profile: Profile

    @property
    def language(self) -> str:
        """The ISO 639-1 code of the language that the query is in; ``unknown`` where its words do not tell."""
        return language_of(self.query) or "unknown"

    @property
    def profile_id(self) -> str:
        """A stable hash of the profile within its situation."""
        return content_id(self.situation, self.profile.known())

    def row(self) -> dict[str, Any]:
        """The scenario as a line of a scenario file."""
        return {
            **self.model_dump(exclude={"profile"}),
            "profile": self.profile.model_dump(),
        }


def hash_of(scenarios: Iterable[Scenario]) -> str:
    """Hash over the whole content of ``scenarios``, in order, and over a vocabulary that is not PENGUIN's."""
    vocabulary = current_vocabulary()
    own = [] if vocabulary.is_default else [vocabulary.hash]
    return content_id([scenario.row() for scenario in scenarios], *own)


@dataclass(frozen=True)
class ScenarioSet:
    """Scenarios with a name and a version.

    Attributes:
        name, version: for tables and runs.
        scenarios: in file order.
    """

    name: str
    version: str
    scenarios: tuple[Scenario, ...]
    _hashes: dict[str, str] = field(default_factory=dict, init=False, repr=False, compare=False)
    """Of the vocabulary -> of the scenarios: thousands of them take a fifth of a second, and many places ask."""

    def __len__(self) -> int:
        return len(self.scenarios)

    def __iter__(self) -> Iterator[Scenario]:
        return iter(self.scenarios)

    @property
    def hash(self) -> str:
        """Hash over the whole content of all scenarios, in order; ids are labels, two files may give the same ones.

        The vocabulary is a part of it, unless it is PENGUIN's.
        """
        vocabulary = current_vocabulary().hash
        if vocabulary not in self._hashes:
            self._hashes[vocabulary] = hash_of(self.scenarios)
        return self._hashes[vocabulary]

    def subset(self, scenarios: Iterable[Scenario]) -> "ScenarioSet":
        """A set of the same name and version with these scenarios."""
        return ScenarioSet(self.name, self.version, tuple(scenarios))

    def card(self) -> dict[str, Any]:
        """What identifies the set in results: name, version, hash, n, and a vocabulary that is not PENGUIN's."""
        vocabulary = current_vocabulary()
        own = {} if vocabulary.is_default else {"vocabulary": {"name": vocabulary.name, "hash": vocabulary.hash}}
        return {"name": self.name, "version": self.version, "hash": self.hash, "n": len(self), **own}

    def describe(self) -> dict[str, Any]:
        """The card and counts by domain, source, situation, language and attribute coverage."""
        return {
            **self.card(),
            "domains": dict(sorted(Counter(s.domain for s in self).items())),
            "sources": dict(sorted(Counter(s.source for s in self).items())),
            "situations": len({s.situation for s in self}),
            "profiles": len({s.profile_id for s in self}),
            "queries": len({s.query for s in self}),
            "languages": dict(Counter(s.language for s in self).most_common()),
            "coverage": {
                name: round(sum(s.profile.knows(name) for s in self) / max(1, len(self)), 4)
                for name in current_vocabulary().names
            },
        }

    def save(self, file: Path) -> None:
        """Write the set as JSON Lines; the same set gives the same bytes."""
        with replacing(file, private=True) as out:
            for scenario in self.scenarios:
                out.write(json.dumps(scenario.row(), ensure_ascii=False) + "\n")


def load_scenarios(file: Path) -> ScenarioSet:
    """Read a scenario file (JSON Lines, see ``docs/scenario-files.md``).

    Raises:
        RaiseError: naming the file, the line and what is wrong with it.
    """
    try:
        text = read_text(file)
    except OSError as error:
        raise RaiseError(f"cannot read the scenario file {file}: {error}.") from error
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    scenarios = [_parse(file, number, line) for number, line in lines if not line.startswith(COMMENT)]
    if not scenarios:
        raise RaiseError(f"the scenario file {file} holds no scenario.")
    _refuse_duplicates(file, scenarios)
    return ScenarioSet(file.stem, "file", tuple(scenarios))


def _parse(file: Path, number: int, line: str) -> Scenario:
    try:
        scenario = Scenario.model_validate_json(line)
    except ValidationError as error:
        raise RaiseError(f"{file}, line {number}: {first_problem(error, 'the line')}.") from error
    for kind, value, known in (("field", scenario.domain, field_names()), ("source", scenario.source, SOURCES)):
        if value not in known:
            more = "; a vocabulary declares fields (docs/vocabulary.md)" if kind == "field" else ""
            raise RaiseError(f"{file}, line {number}: {unknown(kind, value, known).rstrip('.')}{more}.")
    return scenario


def _refuse_duplicates(file: Path, scenarios: Sequence[Scenario]) -> None:
    twice = [name for name, count in Counter(s.id for s in scenarios).items() if count > 1]
    if twice:
        raise RaiseError(f"{file} has the scenario id {twice[0]!r} more than once.")
