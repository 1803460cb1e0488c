"""Which member of the front becomes the default program, judged on dev alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from optimizers.front import Point, knee
from optimizers.task import TOLERANCE
from signatures import RaiseError

Rule = Literal["par", "knee", "max-safety", "max-queries", "min-safety"]
RULES: tuple[Rule, ...] = get_args(Rule)
LIMITED = ("max-queries", "min-safety")
"""Rules that need a number."""


@dataclass(frozen=True)
class Pick:
    """A rule.

    Attributes:
        rule: ``par`` is the safest that asks no more than the uncompiled program; ``knee`` where the front bends;
            ``max-safety``; ``max-queries`` the safest that asks no more than ``limit`` on average; ``min-safety`` the
            one that asks least of those at or above ``limit``.
        limit: for the last two.
    """

    rule: Rule = "par"
    limit: float | None = None

    @classmethod
    def parse(cls, text: str) -> "Pick":
        """A rule as people write it: ``knee``, ``max-queries 2``, ``min-safety=4``.

        Raises:
            RaiseError: for anything else.
        """
        word, _, number = text.strip().replace("=", " ").partition(" ")
        rule = next((known for known in RULES if known == word), None)
        try:
            limit = float(number) if number.strip() else None
        except ValueError:
            rule, limit = None, None
        if rule is None or (limit is not None) is not (rule in LIMITED):
            known = ", ".join(f"{name!r}" if name not in LIMITED else f"'{name} NUMBER'" for name in RULES)
            raise RaiseError(f"unknown pick {text!r}: choose one of {known}.")
        return cls(rule, limit)


def choose(points: Sequence[Point], pick: Pick, par: float) -> int:
    """Index of the point that ``pick`` wants; where none is within its limit, the one that misses it least.

    Args:
        points: of the front, (safety, questions); at least one.
        par: questions of the uncompiled program.
    """
    if pick.rule == "knee":
        return knee(points)
    if pick.rule == "min-safety":
        enough = [i for i, (safety, _) in enumerate(points) if safety >= (pick.limit or 0.0) - TOLERANCE]
        return min(enough, key=lambda i: points[i][1]) if enough else _safest(points, range(len(points)))
    limit = {"par": par, "max-queries": pick.limit}.get(pick.rule)
    allowed = [i for i, (_, questions) in enumerate(points) if limit is None or questions <= limit + TOLERANCE]
    return _safest(points, allowed) if allowed else min(range(len(points)), key=lambda i: points[i][1])


def _safest(points: Sequence[Point], among: Sequence[int]) -> int:
    return max(among, key=lambda i: points[i][0])
