"""The readable tables behind the pipeline: subreddits by domain, what the prefilter looks for, personal data."""

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from benchmark.scenarios.taxonomy import field_names
from modules.files import read_text
from signatures import ATTRIBUTE_NAMES, RaiseError

FOLDER = Path(__file__).parents[2] / "data" / "reddit"
List = Literal["given_names", "capital_names", "kin", "function", "plain"]
M = TypeVar("M", bound=BaseModel)
_STRICT = ConfigDict(frozen=True, extra="forbid")


class SubredditTable(BaseModel):
    """Which subreddits belong to which domain.

    Attributes:
        subreddits: domain -> names; none belongs to two domains.
    """

    model_config = _STRICT
    schema_: Literal[1] = Field(alias="schema")
    subreddits: dict[str, list[str]]

    @field_validator("subreddits")
    @classmethod
    def _each_in_one_known_domain(cls, value: dict[str, list[str]]) -> dict[str, list[str]]:
        known = field_names()
        unknown = [domain for domain in value if domain not in known]
        if unknown:
            raise ValueError(f"{unknown[0]!r} is no domain: choose among {', '.join(known)}")
        names = [name.lower() for group in value.values() for name in group]
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise ValueError(f"r/{twice[0]} is listed more than once")
        if not names:
            raise ValueError("no subreddit is listed")
        return value

    def domains(self) -> dict[str, str]:
        """Subreddit in lower case -> domain."""
        return {name.lower(): domain for domain, names in self.subreddits.items() for name in names}


class Thresholds(BaseModel):
    """The prefilter's numbers; ``prefilter.toml`` says why each.

    Attributes:
        least_words, most_words: length of title and text together.
        first_person: how often the writer speaks of himself or herself.
        english: least share of English function words, in [0, 1].
        cues: attributes to which something in the post must point.
    """

    model_config = _STRICT
    least_words: int = Field(ge=1)
    most_words: int = Field(ge=1)
    first_person: int = Field(ge=0)
    english: float = Field(ge=0, le=1)
    cues: int = Field(ge=0, le=len(ATTRIBUTE_NAMES))


class Patterns(BaseModel):
    """Regular expressions of which any may match."""

    model_config = _STRICT
    patterns: list[str] = Field(min_length=1)


class Minors(Patterns):
    """What tells that somebody under 18 is writing; patterns are searched only in text that has one of ``signs``."""

    signs: list[str]


class CueTable(BaseModel):
    """What points to one attribute.

    Attributes:
        words, stems: whole words and beginnings of words, parted by blanks.
        patterns: what is no single word.
    """

    model_config = _STRICT
    words: str = ""
    stems: str = ""
    patterns: list[str] = []


class Looks(BaseModel):
    """What the prefilter looks for."""

    model_config = _STRICT
    schema_: Literal[1] = Field(alias="schema")
    limits: Thresholds
    question: Patterns
    minor: Minors
    cues: dict[str, CueTable]

    @field_validator("cues")
    @classmethod
    def _every_attribute(cls, value: dict[str, CueTable]) -> dict[str, CueTable]:
        if set(value) != set(ATTRIBUTE_NAMES):
            raise ValueError("cues are needed for each of the ten attributes, and for nothing else")
        return value


class Words(BaseModel):
    """Words that rules on names and languages need, all in lower case.

    Attributes:
        given_names: common given names that are hardly ever ordinary words.
        capital_names: given names that are also words.
        kin: people who are introduced by a name ("my sister Ann").
        function: English function words, by which the language is told.
        plain: words often written with a capital that name nobody (months, degrees, diagnoses).
    """

    model_config = _STRICT
    schema_: Literal[1] = Field(alias="schema")
    given_names: str
    capital_names: str
    kin: str
    function: str
    plain: str

    def set_of(self, name: List) -> frozenset[str]:
        """One of the lists."""
        return frozenset(str(getattr(self, name)).split())


class PersonalRule(BaseModel):
    """What one kind of personal data looks like.

    Attributes:
        kind: the word that is left in its place, in brackets.
        any_case, exact: patterns without and with regard to case.
    """

    model_config = _STRICT
    kind: str = Field(pattern="^[a-z]+$")
    any_case: list[str] = []
    exact: list[str] = []


class Personal(BaseModel):
    """What personal data looks like.

    Attributes:
        version: of the rules.
        lists: name -> what stands for ``<name>`` in a pattern.
        rule: in the order in which they are applied.
    """

    model_config = _STRICT
    schema_: Literal[1] = Field(alias="schema")
    version: int
    lists: dict[str, str]
    rule: list[PersonalRule]


Searched = tuple[re.Pattern[str], ...]


def compiled(patterns: list[str]) -> Searched:
    """Each for itself: one large choice is searched far more slowly than patterns that begin with a letter."""
    return tuple(re.compile(pattern) for pattern in patterns)


def found(patterns: Searched, text: str) -> bool:
    """Whether any of ``patterns`` is in ``text``."""
    return any(pattern.search(text) for pattern in patterns)


def subreddit_table(file: Path | None = None) -> SubredditTable:
    """The table as shipped, or the user's own.

    Raises:
        RaiseError: if the file cannot be read or breaks the form.
    """
    return _load(file or FOLDER / "subreddits.toml", SubredditTable)


@cache
def looks() -> Looks:
    """What the prefilter looks for, as shipped."""
    return _load(FOLDER / "prefilter.toml", Looks)


@cache
def words() -> Words:
    """The word lists, as shipped."""
    return _load(FOLDER / "words.toml", Words)


@cache
def personal() -> Personal:
    """What personal data looks like, as shipped."""
    return _load(FOLDER / "personal.toml", Personal)


def _load(file: Path, model: type[M]) -> M:
    try:
        return model.model_validate(tomllib.loads(read_text(file)))
    except (OSError, ValueError) as error:  # TOML, Unicode and validation errors are ValueErrors
        first = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error
        raise RaiseError(f"{file} cannot be used: {first}; see benchmark/data/reddit for the form.") from error
