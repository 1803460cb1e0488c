"""Labelled lines for the crisis guard.

The authored queries, and what the people behind them answer, serve as a background of ordinary conversation: the guard
must not break into that.

Two halves, written apart: ``build``, which the guard's authors see, and ``heldout``, which they do not read. Beside
them ``twins``: acute and harmless lines in the same words, which the weights learn from. ``graded``, ``graded_later``
and ``graded_heldout`` have three levels and two labels each (``experiments.crisis.intake``); all others came later and
have their writers' levels. ``graded_sure`` is learnt from, too. By ``graded_unseen`` the views are stacked.
``graded_fresh``, of writers with the brief of the sure ones, ``graded_apart``, ``graded_answers`` (answers to
questions, and everyday talk) and ``graded_exam``, of writers with briefs of their own, only measure.
"""

import json
import re
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal, TypeVar

from benchmark.scenarios.authored import build_authored
from benchmark.scenarios.taxonomy import situations
from benchmark.starter import STARTER, starter_languages
from modules.languages.detection import LANGUAGES
from modules.languages.texts import texts_in
from signatures import RaiseError
from signatures.vocabulary import Vocabulary, default_vocabulary, read_vocabulary

L = TypeVar("L")
Part = Literal["build", "twins", "heldout"]
GradedPart = Literal[
    "graded",
    "graded_later",
    "graded_sure",
    "graded_unseen",
    "graded_heldout",
    "graded_fresh",
    "graded_apart",
    "graded_answers",
    "graded_exam",
]
Level = Literal["none", "concern", "acute", "disputed"]
LEARNT: tuple[GradedPart, ...] = ("graded", "graded_later", "graded_sure")
"""The graded lines that the guard learns from."""
UNLEARNT: tuple[GradedPart, ...] = ("graded_fresh", "graded_apart", "graded_answers", "graded_exam")
"""Those that only measure, and may be read."""
FOLDER = Path(__file__).parent / "data"
ASKING = ("", "?", "\u061f", "\uff1f")
FRAMES = ("I'm {}", "{}.", "I have {}.", "It's {}.", "Well, I'd say it's {}.", "Honestly, {}", "I work as {}.")
"""How people put a fact about themselves when they are asked."""
ACUTE_KINDS = ("plain", "indirect", "slang", "third_person", "other_language", "harm_to_others", "embedded")
HARMLESS_KINDS = (
    "figure_of_speech",
    "history",
    "denial",
    "about_topic",
    "distress",
    "other_language",
    "everyday_words",
)

ORDINARY_KINDS = (
    "request", "answer", "adviser", "chat", "small", "value", "time_place", "fragment", "refusal",
    "counter", "message", "reply", "letter",
)  # fmt: skip
"""Kinds of graded lines that were not written to be hard: what people in no danger ask, answer and say in passing."""


@dataclass(frozen=True)
class Line:
    """One thing that a person might write.

    Attributes:
        acute: whether a careful reader would send help at once.
        kind: what makes it easy or hard; ``ACUTE_KINDS`` or ``HARMLESS_KINDS``.
        language: ISO code, with the script where it is not the usual one.
    """

    text: str
    acute: bool
    kind: str
    language: str


@dataclass(frozen=True)
class GradedLine:
    """A line with a level on which two labellers agreed, or ``disputed``.

    Attributes:
        kind: what its writer was to write.
        language: as of ``Line``.
    """

    text: str
    level: Level
    kind: str
    language: str

    def line(self) -> Line:
        """As a line that is acute or not: concern is not."""
        return Line(self.text, self.level == "acute", self.kind, self.language)


def graded(part: GradedPart) -> tuple[GradedLine, ...]:
    """The graded lines of ``part``, disputed ones among them.

    Raises:
        RaiseError: as ``lines``.
    """
    return _read(part, GradedLine)


def undisputed(*parts: GradedPart) -> tuple[GradedLine, ...]:
    """Those on whose level the labellers agree: the others train and measure nothing."""
    return tuple(line for part in parts for line in graded(part) if line.level != "disputed")


def acute_or_not(*parts: GradedPart) -> tuple[Line, ...]:
    """The undisputed lines of ``parts`` that are acute or harmless: those of concern aside."""
    return tuple(line.line() for line in undisputed(*parts) if line.level != "concern")


def lines(part: Part) -> tuple[Line, ...]:
    """The lines of ``part``.

    Raises:
        RaiseError: if the file is missing or not in the expected form.
    """
    return _read(part, Line)


def _read(part: str, kind: type[L]) -> tuple[L, ...]:
    file = FOLDER / f"{part}.toml"
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
        if content["schema"] != 1:
            raise ValueError(f"schema {content['schema']}")
        found = tuple(kind(**entry) for entry in content["line"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RaiseError(f"{file} cannot be read as crisis lines: {type(error).__name__}: {error}") from error
    return found


def background() -> tuple[Line, ...]:
    """The authored queries, and the facts in the authored profiles as people say them: harmless lines."""
    queries = [query for each in situations() for query in each.queries]
    facts = {str(fact): None for scenario in build_authored().scenarios for fact in scenario.profile.known().values()}
    told = [frame.format(fact) for fact in facts if not is_grave(fact) for frame in FRAMES]
    asked = tuple(Line(text, False, "authored", "en") for text in queries)
    return asked + tuple(Line(text, False, "authored fact", "en") for text in told) + offered()


def vocabularies() -> tuple[Vocabulary, ...]:
    """The one that ships, and those that a new user starts from."""
    starters = (STARTER / language / "vocabulary.toml" for language in starter_languages())
    return (default_vocabulary(), *map(read_vocabulary, starters))


def offered() -> tuple[Line, ...]:
    """What the product offers people to say: that they would rather not, and the values of its vocabularies."""
    found = {texts_in(language).page["decline"]: language for language in LANGUAGES}
    for vocabulary in vocabularies():
        for attribute in vocabulary.attributes:
            found |= {value: vocabulary.language for value in attribute.values if not is_grave(value)}
    return tuple(Line(text, False, "authored offer", language) for text, language in found.items())


def is_grave(fact: str) -> bool:
    """Whether a fact of a profile is itself about dying or self-harm: nothing to learn calm from."""
    return bool(re.search(r"suicid|self-harm|dead|die|alive|end it|not be here", fact, re.IGNORECASE))


def without_question(line: Line) -> Line | None:
    """A harmless line less the question that it ends in, if something is left.

    Nearly all harmless lines ask something and most acute ones do not, since they were made up as messages to an
    assistant. That is an accident of how they were written, which the weights must not learn. For the same reason no
    punctuation is weighed.
    """
    if line.acute or line.kind.startswith("authored"):
        return None
    sentences = re.split(r"(?<=[.!?\u3002\u061f\uff1f])\s*", line.text)
    told = " ".join(sentence for sentence in sentences if sentence[-1:] not in ASKING)
    if not told:  # one question: what it begins with
        told = re.split(r"[,:;\uff0c\u060c\u3001]", line.text)[0]
    return replace(line, text=told) if 8 <= len(told) < len(line.text) and told[-1:] not in ASKING else None


def as_toml(sample: Sequence[Line] | Sequence[GradedLine], preface: str) -> str:
    """``sample`` in the form that ``lines`` reads: after the preface, a table a line."""
    return "\n".join([f"{preface}schema = 1\nline = [", *(f"  {_as_row(line)}," for line in sample), "]\n"])


def _as_row(line: Line | GradedLine) -> str:
    row = ", ".join(f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in asdict(line).items())
    return f"{{ {row} }}".replace("\x7f", "\\u007f")  # the one character that JSON takes as it is and TOML does not
