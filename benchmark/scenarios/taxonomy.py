"""The taxonomy: seven domains, two areas each, and the hand-written situations in them, read from ``data/authored``."""

import tomllib
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from signatures import current_vocabulary

DOMAINS: tuple[str, ...] = ("relationship", "career", "financial", "social", "health", "life", "education")
"""In the order of the paper's tables."""

LEVELS: tuple[str, ...] = ("calm", "strained", "distressed", "despairing")
"""Levels of the emotional-state narratives, lightest first."""

AUTHORED = Path(__file__).parents[1] / "data" / "authored"


class Situation(BaseModel):
    """One hand-written situation.

    Attributes:
        only: attribute -> values to which the situation itself limits people.
        likelier: attribute -> values that the situation makes likelier.
        queries: what people in it ask; they say nothing of a profile.
        emotions: level -> narratives, values for ``emotional_state``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    domain: str
    id: str
    area: str
    title: str
    summary: str
    only: dict[str, list[str]] = {}
    likelier: dict[str, list[str]] = {}
    queries: list[str] = Field(min_length=10, max_length=10)
    emotions: dict[str, list[str]]

    @property
    def key(self) -> str:
        """``domain/id``, unique over all domains."""
        return f"{self.domain}/{self.id}"


def field_names() -> tuple[str, ...]:
    """The fields of life that scenarios may be about: those that the vocabulary declares, else the seven."""
    return tuple(field.name for field in current_vocabulary().fields) or DOMAINS


@cache
def situations() -> tuple[Situation, ...]:
    """All authored situations, by domain in the paper's order, then in file order."""
    return tuple(s for domain in DOMAINS for s in _read(AUTHORED / f"{domain}.toml"))


def _read(file: Path) -> list[Situation]:
    with file.open("rb") as handle:
        data = tomllib.load(handle)
    return [Situation(domain=data["domain"], **entry) for entry in data["situation"]]
