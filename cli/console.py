"""Where a command writes: results on stdout, progress and notes on stderr, JSON when asked for.

What the encoding of a terminal or a pipe lacks is written as ``\\uXXXX``, so that no text ends a run or is lost.
"""

import codecs
import io
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from benchmark.statistics.words import SIMULATED

WIDEST = 10_000
"""Characters of a line, as far as tables are measured."""
LONGEST_CELL = 60
"""Characters of a cell in a file; longer texts take more lines."""
WIDTH = None if sys.stdout.isatty() else 120  # pipes and logs have no width of their own
ESCAPED = "escaped"
"""Name of the error handler for encoding that escapes."""


def _escape(error: UnicodeError) -> tuple[str, int]:
    """What cannot be encoded, as JSON writes it."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2)), error.end


codecs.register_error(ESCAPED, _escape)


class _Console(Console):
    """Escapes before it lays out, so that the columns of tables stay straight."""

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(text.encode(self.encoding, ESCAPED).decode(self.encoding), **options)


class Output(_Console):
    """A console whose tables keep their right border: where they do not fit, Rich cuts them off."""

    def print(self, *objects: Any, **options: Any) -> None:
        """As Rich does, with every table whole."""
        for table in objects:
            if isinstance(table, Table):
                self._make_room(table)
        super().print(*objects, **options)

    def _make_room(self, table: Table) -> None:
        """In a file, lines become as long as it takes, and long texts are broken; in a terminal, all cells are."""
        rigid = any(column.no_wrap or column.min_width for column in table.columns)
        if not rigid or self._natural_width(table) <= self.width:
            return  # Rich breaks cells itself
        for column in table.columns:
            if self.is_terminal:
                column.no_wrap, column.min_width = False, None
            elif not column.no_wrap:
                column.max_width = column.max_width or LONGEST_CELL
        if not self.is_terminal:
            self.width = max(self.width, self._natural_width(table))

    def _natural_width(self, table: Table) -> int:
        return Measurement.get(self, self.options.update(width=WIDEST), table).maximum


# no markup: paths, model names and the words of a server may hold brackets, and must be shown as they are
out = Output(highlight=False, markup=False, width=WIDTH)
err = _Console(stderr=True, highlight=False, markup=False, width=None if sys.stderr.isatty() else 120)


@contextmanager
def notes_undiverted() -> Iterator[None]:
    """Within the block, notes reach today's stderr though a library diverts it, as is done to silence DSPy."""
    err.file = sys.stderr
    try:
        yield
    finally:
        err.file = None  # type: ignore[assignment]  # rich then looks stderr up each time


def escape_streams() -> None:
    """Have stdout and stderr escape what they cannot encode, whoever writes to them."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=ESCAPED)


def speaks_unicode() -> bool:
    """Whether stdout can be given any text."""
    return out.encoding.startswith("utf")


def labelled_table(title: str, *, simulated: bool) -> Table:
    """An empty table; its caption says so if stand-ins had part in its figures."""
    return Table(title=title, caption=SIMULATED if simulated else None, caption_style="bold red", title_justify="left")


def print_json(content: Any) -> None:
    """One machine-readable object on stdout; plain ASCII unless stdout is Unicode: programs read JSON as UTF-8."""
    sys.stdout.write(json.dumps(content, ensure_ascii=not speaks_unicode(), allow_nan=False) + "\n")


def warn(sentence: str) -> None:
    """A note on stderr."""
    err.print(Text.assemble(("note:", "yellow"), f" {sentence}"))


def fail(sentence: str) -> None:
    """What was wrong, in one line on stderr."""
    err.print(Text.assemble(("error:", "red"), f" {' '.join(sentence.split())}"), soft_wrap=True)
