"""Scenarios and sets of them: the JSON Lines file, stable content ids, the hash that goes into every run."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from modules.files import read_text, replacing
from signatures import ATTRIBUTE_NAMES, Profile, RaiseError
from signatures.errors import first_problem
from signatures.identity import content_id


class Scenario(BaseModel):
    """One query by one person.

    Attributes:
        id: stable hash of the content.
        domain: one of the seven.
        situation: ``domain/slug``; splits and intervals go by it.
        source: authored, generated, reddit or hub.
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
    def profile_id(self) -> str:
        """A stable hash of the profile within its situation."""
        return content_id(self.situation, self.profile.known())

    def row(self) -> dict[str, Any]:
        """The scenario as a line of a scenario file."""
        return {
            **self.model_dump(exclude={"profile"}),
            "profile": {n: getattr(self.profile, n) for n in ATTRIBUTE_NAMES},
        }


def hash_of(scenarios: Iterable[Scenario]) -> str:
    """Hash over the whole content of ``scenarios``, in order."""
    return content_id([scenario.row() for scenario in scenarios])


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

    def __len__(self) -> int:
        return len(self.scenarios)

    def __iter__(self) -> Iterator[Scenario]:
        return iter(self.scenarios)

    @property
    def hash(self) -> str:
        """Hash over the whole content of all scenarios, in order; ids are labels, two files may give the same ones."""
        return hash_of(self.scenarios)

    def subset(self, scenarios: Iterable[Scenario]) -> "ScenarioSet":
        """A set of the same name and version with these scenarios."""
        return ScenarioSet(self.name, self.version, tuple(scenarios))

    def card(self) -> dict[str, Any]:
        """What identifies the set in results: name, version, hash, n."""
        return {"name": self.name, "version": self.version, "hash": self.hash, "n": len(self)}

    def describe(self) -> dict[str, Any]:
        """The card and counts by domain, source, situation and attribute coverage."""
        return {
            **self.card(),
            "domains": dict(sorted(Counter(s.domain for s in self).items())),
            "sources": dict(sorted(Counter(s.source for s in self).items())),
            "situations": len({s.situation for s in self}),
            "profiles": len({s.profile_id for s in self}),
            "queries": len({s.query for s in self}),
            "coverage": {
                name: round(sum(s.profile.knows(name) for s in self) / max(1, len(self)), 4) for name in ATTRIBUTE_NAMES
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
    scenarios = [_parse(file, number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if not scenarios:
        raise RaiseError(f"the scenario file {file} holds no scenario.")
    _refuse_duplicates(file, scenarios)
    return ScenarioSet(file.stem, "file", tuple(scenarios))


def _parse(file: Path, number: int, line: str) -> Scenario:
    try:
        return Scenario.model_validate_json(line)
    except ValidationError as error:
        raise RaiseError(f"{file}, line {number}: {first_problem(error, 'the line')}.") from error


def _refuse_duplicates(file: Path, scenarios: Sequence[Scenario]) -> None:
    twice = [name for name, count in Counter(s.id for s in scenarios).items() if count > 1]
    if twice:
        raise RaiseError(f"{file} has the scenario id {twice[0]!r} more than once.")
