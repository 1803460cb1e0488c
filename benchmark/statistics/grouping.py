"""Groups of entries that share something, directly or through others: what no split may divide."""

from collections.abc import Hashable, Sequence


def joined(marks: Sequence[Sequence[Hashable]]) -> list[int]:
    """The group of each entry, given its marks: entries with a mark in common are in one group, and so on.

    Returns:
        For each entry the index of the first entry of its group.
    """
    parents = list(range(len(marks)))

    def root(i: int) -> int:
        while parents[i] != i:
            parents[i] = parents[parents[i]]
            i = parents[i]
        return i

    first: dict[Hashable, int] = {}
    for i, found in enumerate(marks):
        for mark in found:
            one, other = root(i), root(first.setdefault(mark, i))
            parents[max(one, other)] = min(one, other)
    return [root(i) for i in range(len(marks))]
