"""Rows of a file that were left out, and why."""

from collections.abc import Iterable, Mapping
from typing import Any

from cli.console import out


def show_refused(reasons: Iterable[Mapping[str, Any]]) -> None:
    """A line for each reason, with the number of rows and the first of them."""
    for entry in reasons:
        rows = ", ".join(map(str, entry["first"])) + (", ..." if entry["rows"] > len(entry["first"]) else "")
        out.print(f"{entry['rows']} not taken: {entry['reason']} (row {rows})", style="red", highlight=False)
