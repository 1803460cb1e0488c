"""What the probe is made of: steps, each one item put to one predictor, and what came of it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

Count = tuple[int, int]
"""How many were right, of how many."""


class Outcome(BaseModel):
    """What came of one step.

    Attributes:
        marks: measure -> count; ``limits.py`` says what each counts.
        wrong: what the model said where it was not right, for people to read.
        seconds: waited for each of its calls, on average; None if all replies came from the store.
    """

    model_config = ConfigDict(frozen=True)
    marks: dict[str, Count]
    wrong: tuple[str, ...] = ()
    seconds: float | None = None


@dataclass(frozen=True)
class Step:
    """One item put to one predictor.

    Attributes:
        check: what it belongs to, a predictor of the agent as a rule.
        about: everything that is shown or compared, as JSON can hold it; part of the key under which it is kept.
        work: asks the model.
    """

    check: str
    about: object
    work: Callable[[], Outcome]


def add_up(outcomes: Iterable[Outcome]) -> dict[str, Count]:
    """Measure -> the sum of its counts."""
    total: dict[str, Count] = {}
    for outcome in outcomes:
        for name, (part, whole) in outcome.marks.items():
            before = total.get(name, (0, 0))
            total[name] = before[0] + part, before[1] + whole
    return total


def one(right: bool) -> Count:
    """The count of a single trial."""
    return int(right), 1


def shorten(text: object, most: int = 160) -> str:
    """``text`` on one line, cut where it is long."""
    plain = " ".join(str(text).split())
    return plain if len(plain) <= most else f"{plain[: most - 3]}..."
