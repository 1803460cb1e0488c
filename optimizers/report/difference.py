"""What differs between two programs as one HTML page that loads nothing."""

from benchmark.pages import render
from optimizers.changes import ValueChange
from optimizers.difference import Difference, figure_words
from optimizers.report.table import Table


def write_difference(found: Difference) -> str:
    """The page."""
    return render(
        "difference",
        package="optimizers.report",
        title="RAISE: two programs compared",
        found=found,
        settings=_values(found.settings),
        origin=_values(found.origin),
        figures=Table(
            ("figure", "A [95 %]", "B [95 %]"),
            tuple((_words(one.name), figure_words(one.before), figure_words(one.after)) for one in found.figures),
        ),
    )


def _values(values: tuple[ValueChange, ...]) -> Table:
    rows = tuple((_words(entry.name), *(_shown(one) for one in (entry.before, entry.after))) for entry in values)
    return Table(("entry", "A", "B"), rows)


def _shown(value: object) -> str:
    return "none" if value is None else str(value)


def _words(name: str) -> str:
    return name.replace("_", " ")
