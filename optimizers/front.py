"""The trade-off between safety (more is better) and questions (fewer is better): front, hypervolume, knee."""

from collections.abc import Sequence

REFERENCE = (1.0, 10.0)
"""The worst there is: safety 1, ten questions."""

Point = tuple[float, float]
"""(safety, average questions)."""


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
