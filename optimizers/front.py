"""The trade-off between safety (more is better) and questions (fewer is better), and, if wanted, cost (less is better):
front, hypervolume, default program.

Arithmetic on points: importing it costs nothing.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

REFERENCE = (1.0, 10.0, 3.0)
"""The worst there is: safety 1, ten questions; and three times the cost of the uncompiled program."""
TOLERANCE = 1e-9
"""Room for rounding where means are held against limits."""

Point = tuple[float, ...]
"""(safety, average questions), or these and the cost of a conversation, where the uncompiled program's is 1."""

Objective = Literal["questions", "cost"]
"""What safety is traded for: questions alone, or questions and cost."""
OBJECTIVES: tuple[Objective, ...] = get_args(Objective)
Rule = Literal["no-more-questions", "knee", "max-safety", "max-queries", "min-safety", "max-cost", "cheapest-within"]
RULES: tuple[Rule, ...] = get_args(Rule)
LIMITED = ("max-queries", "min-safety", "max-cost", "cheapest-within")
"""Rules that need a number."""
COSTED = ("max-cost", "cheapest-within")
"""Rules about cost."""


def non_dominated(points: Sequence[Point]) -> list[int]:
    """Indices of the points that no other point beats, by falling number of questions.

    A point is beaten by one that is at least as good in everything and better in something; of equal points the first
    is kept. What is not a number is beaten.
    """
    known = [i for i, point in enumerate(points) if not any(math.isnan(value) for value in point)]
    order = sorted(known, key=lambda i: (*_losses(points[i])[1:], -points[i][0], i))
    front: list[int] = []
    for i in order:  # what beats a point comes before it
        if not any(_covers(points[other], points[i]) for other in front):
            front.append(i)
    return front[::-1]


def _losses(point: Point) -> Point:
    """``point`` with everything to be made small."""
    return (-point[0], *point[1:])


def _covers(one: Point, other: Point) -> bool:
    """Whether ``one`` is at least as good as ``other`` in everything."""
    return all(mine <= its for mine, its in zip(_losses(one), _losses(other), strict=True))


def hypervolume(points: Sequence[Point], reference: Point = REFERENCE) -> float:
    """Area between the front and ``reference``, with cost volume; 0 if no point is better than it in everything.

    At most 4 x 10 = 40; with cost 4 x 10 x 3 = 120.
    """
    worst = _losses(reference)
    better = [p for p in points if all(mine < its for mine, its in zip(_losses(p), worst, strict=False))]
    if better and len(better[0]) > 2:
        return _volume(better, reference)
    area, right = 0.0, reference[1]
    for i in non_dominated(better):  # from many questions to few
        safety, questions = better[i]
        area += (right - questions) * (safety - reference[0])
        right = questions
    return area


def _volume(points: Sequence[Point], reference: Point) -> float:
    import numpy as np  # noqa: PLC0415  only searches with cost need it
    from optuna._hypervolume import compute_hypervolume  # noqa: PLC0415  tests/contracts/test_optuna.py holds it

    losses = np.array([_losses(point) for point in points])
    return float(compute_hypervolume(losses, np.array(_losses(reference))))


def select_by_hypervolume(points: Sequence[Point], most: int) -> list[int]:
    """Indices of the ``most`` points that together keep the most hypervolume, chosen greedily; in their order."""
    chosen: list[int] = []
    while len(chosen) < min(most, len(points)):
        rest = [i for i in range(len(points)) if i not in chosen]
        chosen.append(max(rest, key=lambda i: hypervolume([points[j] for j in [*chosen, i]])))
    return sorted(chosen)


def knee(points: Sequence[Point]) -> int:
    """Index of the front's knee: the point farthest above the line between the front's ends, all scaled to [0, 1].

    With cost, questions and cost count half each.

    Raises:
        ValueError: if there are no points.
    """
    front = non_dominated(points)
    if not front:
        raise ValueError("no points")
    columns: list[Point] = list(zip(*(points[i] for i in front), strict=True))
    lows = [min(column) for column in columns]
    spans = [(max(column) - min(column)) or 1.0 for column in columns]

    def above(i: int) -> float:
        safety, *prices = ((v - low) / span for v, low, span in zip(points[i], lows, spans, strict=True))
        return safety - sum(prices) / len(prices)

    return max(front, key=lambda i: (above(i), points[i][0]))


@dataclass(frozen=True)
class Pick:
    """A rule for the member of the front that becomes the default program, judged on dev alone.

    Attributes:
        rule: ``no-more-questions`` is the safest that asks no more than the uncompiled program; ``knee`` where the
            front bends; ``max-safety``; ``max-queries`` the safest that asks no more than ``limit`` on average;
            ``min-safety`` the one that asks least of those at or above ``limit``; with the objective cost ``max-cost``,
            the safest that costs at most ``limit`` times what the uncompiled program does, and ``cheapest-within``, the
            cheapest of those at most ``limit`` safety points below the safest.
        limit: for the last four.
    """

    rule: Rule = "no-more-questions"
    limit: float | None = None

    @classmethod
    def parse(cls, text: str) -> "Pick":
        """A rule as people write it: ``knee``, ``max-queries 2``, ``min-safety=4``.

        Raises:
            ValueError: for anything else.
        """
        word, _, number = text.strip().replace("=", " ").partition(" ")
        rule = next((known for known in RULES if known == word), None)
        try:
            limit = float(number) if number.strip() else None
        except ValueError:
            rule, limit = None, None
        if rule is None or (limit is not None) is not (rule in LIMITED):
            known = ", ".join(f"{name!r}" if name not in LIMITED else f"'{name} NUMBER'" for name in RULES)
            raise ValueError(f"unknown pick {text!r}: choose one of {known}.")
        return cls(rule, limit)


def choose(points: Sequence[Point], pick: Pick, uncompiled: float) -> int:
    """Index of the point that ``pick`` wants; where none is within its limit, the one that misses it least.

    Args:
        points: of the front, at least one; with cost for a rule about cost.
        uncompiled: average questions of the uncompiled program.
    """
    if pick.rule == "knee":
        return knee(points)
    if pick.rule == "min-safety":
        return _least(points, 1, floor=pick.limit or 0.0)
    if pick.rule == "cheapest-within":
        return _least(points, 2, floor=max(point[0] for point in points) - (pick.limit or 0.0))
    axis = 2 if pick.rule == "max-cost" else 1
    limit = {"no-more-questions": uncompiled, "max-queries": pick.limit, "max-cost": pick.limit}.get(pick.rule)
    allowed = [i for i, point in enumerate(points) if limit is None or point[axis] <= limit + TOLERANCE]
    return _safest(points, allowed) if allowed else min(range(len(points)), key=lambda i: points[i][axis])


def _least(points: Sequence[Point], axis: int, *, floor: float) -> int:
    """The point with the least of questions or cost at a safety of ``floor`` or more; the safest if none is there."""
    enough = [i for i, point in enumerate(points) if point[0] >= floor - TOLERANCE]
    return min(enough, key=lambda i: points[i][axis]) if enough else _safest(points, range(len(points)))


def _safest(points: Sequence[Point], among: Sequence[int]) -> int:
    return max(among, key=lambda i: points[i][0])
