"""Differences of two programs: words with marks that need no colour, tables of values and figures."""

from collections.abc import Iterator, Sequence

from rich.table import Table
from rich.text import Text

from cli.console import labelled_table
from optimizers.changes import DemoChange, Piece, PromptChange, ValueChange
from optimizers.difference import FigureChange, figure_words

MARKS = {"removed": ("[-", "-]", "red strike"), "added": ("{+", "+}", "green")}
"""Change -> what stands before and after its words, and their style."""
INDENT = "    "


def mark_words(pieces: Sequence[Piece]) -> Text:
    """The words of both texts: ``[-old-]{+new+}``."""
    shown = Text()
    for piece in pieces:
        before, after, style = MARKS.get(piece.change, ("", "", ""))
        shown.append(f"{before}{piece.text}{after}", style=style)
    return shown


def describe_prompt(change: PromptChange) -> Text:
    """One predictor: what became of its instruction, its demonstrations and its request."""
    return Text("\n").join([*_lines(change), Text()])


def _lines(change: PromptChange) -> Iterator[Text]:
    before, after = change.tokens
    tokens = f"about {before:,} tokens without inputs" if before == after else f"about {before:,} -> {after:,} tokens"
    yield Text.assemble((change.predictor, "bold"), f" ({tokens})")
    if change.reworded:
        yield Text("  instruction:")
        yield _indented(mark_words(change.instructions))
    for demo in change.demos:
        yield Text(f"  demonstration {demo.change}:")
        yield from _fields(demo)
    if change.reordered:
        yield Text("  the demonstrations that stayed are in another order")
    elif change.demos and change.kept:
        yield Text(f"  demonstrations that stayed: {change.kept}")
    if change.asked_anew:
        yield Text("  request:")
        yield _indented(mark_words(change.request))


def _fields(demo: DemoChange) -> Iterator[Text]:
    for name, pieces in demo.fields:
        yield _indented(Text.assemble(f"{name.replace('_', ' ')}: ", mark_words(pieces)))


def _indented(shown: Text) -> Text:
    lines = shown.split("\n", allow_blank=True)
    return Text("\n").join([Text.assemble(INDENT, line) for line in lines])


def values_table(title: str, values: Sequence[ValueChange]) -> Table:
    """One row an entry that differs."""
    table = Table(title=title, title_justify="left")
    for heading in ("", "A", "B"):
        table.add_column(heading, overflow="fold")
    for entry in values:
        table.add_row(entry.name.replace("_", " "), *(_value(value) for value in (entry.before, entry.after)))
    return table


def _value(value: object) -> str:
    return "-" if value is None else str(value)


def figures_table(figures: Sequence[FigureChange], *, simulated: bool) -> Table:
    """One row a figure that differs, with intervals where there are any."""
    table = labelled_table("Figures on held-out test [95 %]", simulated=simulated)
    table.add_column("")
    for heading in ("A", "B"):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in figures:
        table.add_row(one.name.replace("_", " "), *(figure_words(entry) for entry in (one.before, one.after)))
    return table
