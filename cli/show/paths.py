"""Planned paths as a table."""

import textwrap
from collections.abc import Sequence

from rich.table import Table

from cli.console import labelled_table
from modules import PlannedPath


def paths_table(paths: Sequence[PlannedPath], total: int, *, simulated: bool) -> Table:
    """One row a planned path: the query, what to ask in which order, the safety expected, evaluations spent."""
    title = f"Planned paths: {len(paths)} of {total}"
    table = labelled_table(title, simulated=simulated)
    table.add_column("query", max_width=48)
    table.add_column("ask, in this order")
    table.add_column("value", justify="right")
    table.add_column("evaluations", justify="right")
    for path in paths:
        query = textwrap.shorten(path.query, 90, placeholder=" ...")
        value = "not measured" if path.value is None else f"{path.value:.2f}"
        asked = ", ".join(name.replace("_", " ") for name in path.path) or "nothing"
        table.add_row(query, asked, value, str(path.evaluations))
    return table
