"""What is known about a person: a typed, immutable set of attribute values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, model_serializer, model_validator
from pydantic_core import PydanticCustomError

from signatures.current import current_vocabulary
from signatures.errors import meant


@dataclass(frozen=True)
class _Strange:
    """The value of an attribute that does not exist, so that the error names its place."""

    name: str


def _refuse_strange(value: Any) -> Any:
    if isinstance(value, _Strange):
        known = current_vocabulary().names
        told = {"name": value.name, "like": meant(value.name, known), "known": ", ".join(known)}
        raise PydanticCustomError("extra_forbidden", "unknown attribute '{name}'{like}; there are {known}", told)
    return value


def _one_line_and_blank_is_unknown(value: str | None) -> str | None:
    return " ".join((value or "").split()) or None


Value = Annotated[str | None, BeforeValidator(_refuse_strange), AfterValidator(_one_line_and_blank_is_unknown)]


class UserContext(BaseModel):
    """The attributes of one person that are known so far; unknown ones are None (the paper's U).

    Keywords are the attributes of the vocabulary (``signatures.current``).

    Raises:
        pydantic.ValidationError: for an attribute that does not exist or a value that is not text.
    """

    model_config = ConfigDict(frozen=True, extra="allow")
    __pydantic_extra__: dict[str, Value]

    @model_validator(mode="before")
    @classmethod
    def _only_attributes(cls, given: Any) -> Any:
        known = current_vocabulary().by_name
        if not isinstance(given, Mapping) or all(name in known for name in given):
            return given
        return {name: value if name in known else _Strange(str(name)) for name, value in given.items()}

    @model_serializer
    def _all_attributes(self) -> dict[str, str | None]:
        held = self.__pydantic_extra__
        return {name: held.get(name) for name in current_vocabulary().names}

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> str | None:
            """The value of an attribute."""

    else:

        def __getattr__(self, name: str) -> Any:
            """The value of an attribute that nothing is known of is None."""
            known = name in current_vocabulary().by_name
            return self._held().get(name) if known else super().__getattr__(name)

    def _held(self) -> Mapping[str, str | None]:
        return self.__pydantic_extra__ or {}

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and isinstance(other, UserContext) and self.known() == other.known()

    def __hash__(self) -> int:
        return hash(tuple(self.known().items()))

    def get(self, attribute: str) -> str | None:
        """The value of ``attribute``; None if it is unknown."""
        return self._held().get(attribute)

    def known(self) -> dict[str, str]:
        """Attribute name -> value, in the canonical order, unknown ones left out."""
        held = self._held()
        return {name: value for name in current_vocabulary().names if (value := held.get(name)) is not None}

    def knows(self, attribute: str) -> bool:
        """Whether there is a value for ``attribute``."""
        return self.get(attribute) is not None

    def learn(self, facts: Mapping[str, str]) -> Self:
        """A copy that also knows ``facts``; what was known before stays as it was first said."""
        return type(self)(**{**facts, **self.known()})

    def only(self, attributes: Iterable[str]) -> "UserContext":
        """The part of this context that covers ``attributes``."""
        keep = set(attributes)
        return UserContext(**{name: value for name, value in self.known().items() if name in keep})

    def as_text(self) -> str:
        """The context as prompts show it: one ``- label: value`` line for each known attribute."""
        by_name = current_vocabulary().by_name
        lines = [f"- {by_name[name].label}: {value}" for name, value in self.known().items()]
        return "\n".join(lines) or "(nothing is known about this person yet)"


class Profile(UserContext):
    """A person's whole background, as the judge and the simulated user see it; same attributes, ideally all."""
