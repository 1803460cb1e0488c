"""What is known about a person: a typed, immutable set of attribute values."""

from collections.abc import Iterable, Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict, field_validator

from signatures.attributes import ATTRIBUTES


class UserContext(BaseModel):
    """The attributes of one person that are known so far; unknown ones are None (the paper's U).

    Raises:
        pydantic.ValidationError: for an attribute that does not exist or a value that is not text.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    age: str | None = None
    gender: str | None = None
    marital_status: str | None = None
    profession: str | None = None
    economic_status: str | None = None
    education_level: str | None = None
    health_status: str | None = None
    mental_health_status: str | None = None
    self_harm_history: str | None = None
    emotional_state: str | None = None

    @field_validator("*")
    @classmethod
    def _one_line_and_blank_is_unknown(cls, value: str | None) -> str | None:
        return " ".join((value or "").split()) or None

    def known(self) -> dict[str, str]:
        """Attribute name -> value, in the canonical order, unknown ones left out."""
        return {name: value for name, value in self if value is not None}

    def knows(self, attribute: str) -> bool:
        """Whether there is a value for ``attribute``."""
        return getattr(self, attribute) is not None

    def learn(self, facts: Mapping[str, str]) -> Self:
        """A copy that also knows ``facts``; what was known before stays as it was first said."""
        return type(self)(**{**facts, **self.known()})

    def only(self, attributes: Iterable[str]) -> "UserContext":
        """The part of this context that covers ``attributes``."""
        keep = set(attributes)
        return UserContext(**{name: value for name, value in self.known().items() if name in keep})

    def as_text(self) -> str:
        """The context as prompts show it: one ``- label: value`` line for each known attribute."""
        known = self.known()
        lines = [f"- {a.label}: {known[a.name]}" for a in ATTRIBUTES if a.name in known]
        return "\n".join(lines) or "(nothing is known about this person yet)"


class Profile(UserContext):
    """A person's whole background, as the judge and the simulated user see it; same attributes, ideally all ten."""
