"""The ten user attributes of PENGUIN: what they mean, and what it costs to ask about them (paper, section 3)."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class AttributeGroup(StrEnum):
    """The three groups in which the paper sorts the attributes."""

    DEMOGRAPHIC = "demographic"
    HEALTH = "health and psychological stability"
    EMOTIONAL = "emotional state"


@dataclass(frozen=True)
class Attribute:
    """One thing RAISE may ask about.

    Attributes:
        name: column name in scenario files, snake_case.
        label: how prompts call it.
        meaning: what a value of it says, for prompts and documentation.
        group: the paper's group.
        burden: what one question about it costs a person; 1.0 is the paper's uniform cost.
        sensitive: whether a question about it should say why it is asked.
    """

    name: str
    label: str
    meaning: str
    group: AttributeGroup
    burden: float = 1.0
    sensitive: bool = False

    @property
    def subject(self) -> str:
        """What a question is to be about, as prompts show it."""
        return f"{self.label} ({self.meaning})" + ("; delicate" if self.sensitive else "")


ATTRIBUTES: tuple[Attribute, ...] = (
    Attribute("age", "age", "age band in years", AttributeGroup.DEMOGRAPHIC),
    Attribute("gender", "gender", "gender the person gives", AttributeGroup.DEMOGRAPHIC),
    Attribute("marital_status", "marital status", "single, partnered, married, ...", AttributeGroup.DEMOGRAPHIC),
    Attribute("profession", "profession", "work, study or other main occupation", AttributeGroup.DEMOGRAPHIC),
    Attribute("economic_status", "economic status", "how money is going", AttributeGroup.DEMOGRAPHIC, sensitive=True),
    Attribute("education_level", "education level", "highest completed education", AttributeGroup.DEMOGRAPHIC),
    Attribute("health_status", "health status", "physical health", AttributeGroup.HEALTH, sensitive=True),
    Attribute("mental_health_status", "mental health status", "mental health", AttributeGroup.HEALTH, sensitive=True),
    Attribute(
        "self_harm_history",
        "self-harm history",
        "past thoughts or acts of self-harm",
        AttributeGroup.HEALTH,
        sensitive=True,
    ),
    Attribute("emotional_state", "emotional state", "how the person feels right now", AttributeGroup.EMOTIONAL),
)
"""In the order of the published columns."""

ATTRIBUTE_NAMES: tuple[str, ...] = tuple(attribute.name for attribute in ATTRIBUTES)


def default_burdens() -> dict[str, float]:
    """Attribute name -> burden; all 1.0, the paper's uniform cost."""
    return {attribute.name: attribute.burden for attribute in ATTRIBUTES}


def parse_attribute(text: str, allowed: Collection[str]) -> str | None:
    """The attribute that a model's reply names, or None if it names none of ``allowed``.

    Case, spaces, quotes and hyphens do not matter. A longer reply counts when it names exactly one allowed attribute.
    """
    plain = re.sub(r"[^a-z]+", "_", text.lower()).strip("_")
    if plain in allowed:
        return plain
    # longer names first, so that "mental health status" does not also name the health status
    longest_first = "|".join(sorted(ATTRIBUTE_NAMES, key=len, reverse=True))
    named = set(re.findall(rf"(?<![a-z])(?:{longest_first})(?![a-z])", plain)) & set(allowed)
    return named.pop() if len(named) == 1 else None
