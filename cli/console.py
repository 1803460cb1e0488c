"""Where a command writes: results on stdout, progress and notes on stderr, JSON when asked for."""

import json
import sys
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDTH = None if sys.stdout.isatty() else 120  # pipes and logs have no width of their own
# no markup: paths, model names and the words of a server may hold brackets, and must be shown as they are
out = Console(highlight=False, markup=False, width=WIDTH)
err = Console(stderr=True, highlight=False, markup=False, width=None if sys.stderr.isatty() else 120)

BANNER = "SIMULATED models: these figures show how the software works and say nothing about real models."


def labelled_table(title: str, *, simulated: bool) -> Table:
    """An empty table; its caption says so if stand-ins had part in its figures."""
    return Table(title=title, caption=BANNER if simulated else None, caption_style="bold red", title_justify="left")


def print_json(content: Any) -> None:
    """One machine-readable object on stdout."""
    sys.stdout.write(json.dumps(content, ensure_ascii=False, allow_nan=False) + "\n")


def warn(sentence: str) -> None:
    """A note on stderr."""
    err.print(Text.assemble(("note:", "yellow"), f" {sentence}"))


def fail(sentence: str) -> None:
    """What was wrong, in one line on stderr."""
    err.print(Text.assemble(("error:", "red"), f" {' '.join(sentence.split())}"), soft_wrap=True)
