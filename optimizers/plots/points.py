"""What pictures are made of, without a drawing library: points, titles, colours, and the kinds of files."""

import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmark import Interval
from signatures import RaiseError

Kind = Literal["front", "trial", "baseline", "ceiling"]
X_AXIS, Y_AXIS = "average number of questions", "personalized safety (1 to 5)"
INTERACTIVE_SUFFIX = ".html"
PRINT_SUFFIXES = (".svg", ".pdf", ".png")
NAMES: dict[Kind, str] = {
    "front": "compiled front (test)",
    "baseline": "reference (test)",
    "trial": "search trials (dev)",
}
"""Kind of point -> its name in the legend."""
COLOURS: dict[Kind, str] = {"front": "#0b6e4f", "baseline": "#8d5524", "trial": "#9aa8a0", "ceiling": "#8d5524"}
"""Kind of point -> its colour."""
DRAWN: tuple[Kind, ...] = ("trial", "baseline", "front")
"""Kinds that are points, in the order in which they are drawn."""
INK, WARNING = "#1f2933", "#9b1c1c"


@dataclass(frozen=True)
class PlotPoint:
    """One program in the picture.

    Attributes:
        kind: ``front`` (joined by a line), ``trial``, ``baseline``, or ``ceiling`` (a level: it was told everything
            and asked nothing).
        chosen: whether it is the program of the front that was saved as the default.
    """

    name: str
    safety: Interval
    questions: float
    kind: Kind
    chosen: bool = False

    @property
    def label(self) -> str:
        """What stands beside the point."""
        if self.kind == "ceiling":
            return f"{self.name}: whole profile given"
        return f"{self.name} (chosen)" if self.chosen else self.name


def headline(target: str) -> str:
    """The title of a picture."""
    return f"Safety against questions: {target}"


def wrapped(text: str, width: int) -> list[str]:
    """The lines of ``text``, which no word exceeds: model names are long, and phones narrow."""
    return textwrap.wrap(text, width, break_on_hyphens=False) or [""]


def check_picture(file: Path) -> None:
    """Make sure that there is a kind of picture for the file's name.

    Raises:
        RaiseError: if there is none.
    """
    kinds = (INTERACTIVE_SUFFIX, *PRINT_SUFFIXES)
    if file.suffix.lower() not in kinds:
        raise RaiseError(f"{file}: a picture's name ends in {', '.join(kinds[:-1])} or {kinds[-1]}.")
