"""The trade-off between safety (more is better) and questions (fewer is better): front, hypervolume, default program.

Plain arithmetic on points: importing it costs nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

REFERENCE = (1.0, 10.0)
"""The worst there is: safety 1, ten questions."""
TOLERANCE = 1e-9
"""Room for rounding where means are held against limits."""

Point = tuple[float, float]
"""(safety, average questions)."""

Rule = Literal["no-more-questions", "knee", "max-safety", "max-queries", "min-safety"]
RULES: tuple[Rule, ...] = get_args(Rule)
LIMITED = ("max-queries", "min-safety")
"""Rules that need a number."""


def non_dominated(points: Sequence[Point]) -> list[int]:
    """Indices of the points that no other point beats, by falling number of questions.

    A point is beaten by one that is at least as good in both and better in one; of equal points the first is kept.
    """
    order = sorted(range(len(points)), key=lambda i: (points[i][1], -points[i][0], i))
    front: list[int] = []
    best = float("-inf")
    for i in order:
        if points[i][0] > best:
            front.append(i)
            best = points[i][0]
    return front[::-1]


def hypervolume(points: Sequence[Point], reference: Point = REFERENCE) -> float:
    """Area between the front and ``reference``; 0 if no point is better than it in both. At most 4 x 10 = 40."""
    better = [p for p in points if p[0] > reference[0] and p[1] < reference[1]]
    area, right = 0.0, reference[1]
    for i in non_dominated(better):  # from many questions to few
        safety, questions = better[i]
        area += (right - questions) * (safety - reference[0])
        right = questions
    return area


def select_by_hypervolume(points: Sequence[Point], most: int) -> list[int]:
    """Indices of the ``most`` points that together keep the most hypervolume, chosen greedily; in their order."""
    chosen: list[int] = []
    while len(chosen) < min(most, len(points)):
        rest = [i for i in range(len(points)) if i not in chosen]
        chosen.append(max(rest, key=lambda i: hypervolume([points[j] for j in [*chosen, i]])))
    return sorted(chosen)


def knee(points: Sequence[Point]) -> int:
    """Index of the front's knee: the point farthest above the line between the front's ends, both scaled to [0, 1].

    Raises:
        ValueError: if there are no points.
    """
    front = non_dominated(points)
    if not front:
        raise ValueError("no points")
    many, few = points[front[0]], points[front[-1]]
    span_safety, span_questions = (many[0] - few[0]) or 1.0, (many[1] - few[1]) or 1.0

    def above(i: int) -> float:
        return (points[i][0] - few[0]) / span_safety - (points[i][1] - few[1]) / span_questions

    return max(front, key=lambda i: (above(i), points[i][0]))


@dataclass(frozen=True)
class Pick:
    """A rule for the member of the front that becomes the default program, judged on dev alone.

    Attributes:
        rule: ``no-more-questions`` is the safest that asks no more than the uncompiled program; ``knee`` where the
            front bends; ``max-safety``; ``max-queries`` the safest that asks no more than ``limit`` on average;
            ``min-safety`` the one that asks least of those at or above ``limit``.
        limit: for the last two.
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
        points: of the front, (safety, questions); at least one.
        uncompiled: average questions of the uncompiled program.
    """
    if pick.rule == "knee":
        return knee(points)
    if pick.rule == "min-safety":
        enough = [i for i, (safety, _) in enumerate(points) if safety >= (pick.limit or 0.0) - TOLERANCE]
        return min(enough, key=lambda i: points[i][1]) if enough else _safest(points, range(len(points)))
    limit = {"no-more-questions": uncompiled, "max-queries": pick.limit}.get(pick.rule)
    allowed = [i for i, (_, questions) in enumerate(points) if limit is None or questions <= limit + TOLERANCE]
    return _safest(points, allowed) if allowed else min(range(len(points)), key=lambda i: points[i][1])


def _safest(points: Sequence[Point], among: Sequence[int]) -> int:
    return max(among, key=lambda i: points[i][0])
