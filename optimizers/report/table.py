"""A table of words, as pages show it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """A table of words.

    Attributes:
        marked: index of the row that stands out, if one does.
    """

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    marked: int | None = None
