"""One quality gate's outcome, and the limits that gates hold scenario sets to (``data/quality.toml``)."""

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from benchmark.scenarios.scenario import Scenario
from signatures.words import split_words

FILE = Path(__file__).parents[2] / "data" / "quality.toml"
NOT_ENOUGH = "not enough data"
DRAWN = ("authored", "generated")
"""Sources whose profiles come from the dependency graph."""

Pair = tuple[float, float]


@dataclass(frozen=True)
class Gate:
    """What one gate found.

    Attributes:
        name: snake_case.
        about: what is looked at, one sentence.
        limit, figure: what is asked for and what is there, as text.
        passed: None if the gate does not apply to this set, or the set is too small for it.
        offenders: the items at fault, worst first.
        short: what the set has too little of for this gate; empty if it is large enough.
    """

    name: str
    about: str
    limit: str
    figure: str
    passed: bool | None
    offenders: tuple[str, ...] = ()
    short: str = ""

    @property
    def state(self) -> str:
        """``green``, ``red``, ``not enough data``, or ``n/a``."""
        if self.short:
            return NOT_ENOUGH
        return "n/a" if self.passed is None else "green" if self.passed else "red"

    def row(self, most: int = 50) -> dict[str, Any]:
        """The gate for JSON, with at most ``most`` offenders and how many there are."""
        return {**vars(self), "offenders": list(self.offenders[:most]), "offending": len(self.offenders)}


class Limits(BaseModel):
    """The figures under ``[limits]``; ranges are (least, most)."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    near_within: float
    near_across: float
    known_share: float
    known_share_found: float
    value_share: float
    calm: Pair
    grade_median: Pair
    grade_hard: float
    hard_share: float
    words_spread: float
    words_longest: int
    words_shortest: int
    lowercase: Pair
    unasked: Pair
    british: Pair
    opening_1: float
    opening_2: float
    opening_3: float
    closing_2: float
    closing_3: float
    tag_share: float
    position: float
    narratives: int


class Tell(BaseModel):
    """A pattern that gives an attribute away."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    attribute: str
    pattern: str

    @property
    def regex(self) -> re.Pattern[str]:
        """The pattern, case ignored."""
        return re.compile(self.pattern, re.IGNORECASE)


class Natural(BaseModel):
    """What people in a situation may say, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    situation: str
    attribute: str
    why: str


class Rules(BaseModel):
    """The whole file."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    schema_: int = Field(alias="schema")
    limits: Limits
    values: dict[str, list[str]]
    tell: list[Tell]
    natural: list[Natural]
    idiom: dict[str, str]


@cache
def rules() -> Rules:
    """The rules as shipped."""
    return Rules.model_validate(tomllib.loads(FILE.read_text(encoding="utf-8")))


@dataclass(frozen=True)
class Asked:
    """One query as the set has it, once, however many profiles ask it."""

    situation: str
    domain: str
    text: str

    def __str__(self) -> str:
        return f"{self.situation}: {self.text}"


def queries(scenarios: Iterable[Scenario]) -> list[Asked]:
    """The different (situation, query) pairs in order of first appearance."""
    return list(dict.fromkeys(Asked(s.situation, s.domain, s.query) for s in scenarios))


def people(scenarios: Iterable[Scenario]) -> list[Scenario]:
    """One scenario of each person, in order of first appearance."""
    return list({s.profile_id: s for s in reversed(list(scenarios))}.values())[::-1]


def words(text: str) -> list[str]:
    """Lower-case words, apostrophes straight and kept; single characters where a script does not part its words."""
    return [word.text for word in split_words(text)]


def within(value: float, pair: Pair) -> bool:
    """Whether ``value`` lies in the range."""
    return pair[0] <= value <= pair[1]


def worst_first(found: Sequence[tuple[float, str]]) -> tuple[str, ...]:
    """Texts by falling figure."""
    return tuple(text for _, text in sorted(found, key=lambda pair: -pair[0]))
