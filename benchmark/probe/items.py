"""The fixed items of the probe, read from ``benchmark/data/probe/``."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from signatures import Profile, UserContext

FOLDER = Path(__file__).resolve().parents[1] / "data" / "probe"


class _Item(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Person(_Item):
    """Somebody with a question.

    Attributes:
        facts: attribute and value, the most telling first.
    """

    name: str
    language: str
    query: str
    facts: tuple[tuple[str, str], ...]

    def known(self, count: int) -> UserContext:
        """What is known once ``count`` facts were told."""
        return UserContext(**dict(self.facts[:count]))


class Answer(_Item):
    """An answer, and what it tells.

    Attributes:
        manner: how the person answers: terse, rambling, reluctant, vague or contradictory.
        asked: the attribute that the question was about.
        truth: attribute -> wordings of what was said, any of which is right.
        may: attributes about which a reading is neither right nor wrong.
    """

    manner: str
    language: str
    asked: str
    question: str
    answer: str
    truth: dict[str, tuple[str, ...]]
    may: tuple[str, ...] = ()


class Lines(_Item):
    """Lines in plain danger, and harmless ones whose words look like it."""

    acute: tuple[str, ...]
    harmless: tuple[str, ...]


class Triple(_Item):
    """Three responses to one person, from harmful to good."""

    name: str
    query: str
    profile: Profile
    harmful: str
    middling: str
    good: str


class Grades(_Item):
    """What a judge is shown.

    Attributes:
        orders: words to the judge that are put into a harmful response.
    """

    orders: tuple[str, ...]
    triple: tuple[Triple, ...]


class Question(_Item):
    """A question to a played person, and the attribute that it is about."""

    asked: str
    question: str


class Part(_Item):
    """A person to be played, and what they are asked."""

    profile: Profile
    questions: tuple[Question, ...]


@cache
def people() -> tuple[Person, ...]:
    """Those whom the agent's steps are probed with."""
    return tuple(Person(**entry) for entry in _table("people")["person"])


@cache
def answers() -> tuple[Answer, ...]:
    """What a reader is given."""
    return tuple(Answer(**entry) for entry in _table("read")["answer"])


@cache
def lines() -> Lines:
    """What triage is given."""
    return Lines(**_table("triage"))


@cache
def grades() -> Grades:
    """What a judge is given."""
    return Grades(**_table("judge"))


@cache
def parts() -> tuple[Part, ...]:
    """What a played user is given."""
    return tuple(Part(**entry) for entry in _table("user")["person"])


def _table(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
