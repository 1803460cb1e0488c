"""Tables of recorded evaluations and their paired differences."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from cli.console import labelled_table
from cli.show.numbers import figure, p_value, share, signed


def recorded_table(summaries: Sequence[Mapping[str, Any]], *, simulated: bool) -> Table:
    """One row an evaluation: what it is of, safety and questions with intervals."""
    table = labelled_table("Recorded evaluations", simulated=simulated)
    for heading in ("evaluation", "program", "target", "judge"):
        table.add_column(heading, overflow="fold")
    for heading in ("safety [95 %]", "questions [95 %]", "n"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("unscored", justify="right")
    for entry in summaries:
        table.add_row(
            *(entry[key] for key in ("name", "program", "target", "judge")),
            figure(entry),
            figure(entry, "avg_queries"),
            str(entry["n"]),
            share(entry["unscored"], entry["n"]),
        )
    return table


def differences_table(entry: Mapping[str, Any], *, simulated: bool) -> Table:
    """The differences of one comparison, overall and by field of life."""
    table = labelled_table(f"{entry['program']} minus {entry['reference']}, paired", simulated=simulated)
    table.add_column("field")
    for heading in ("safety [95 %]", "questions [95 %]", "p", "p (Holm)", "n"):
        table.add_column(heading, justify="right", no_wrap=True)
    overall = signed(entry["safety"], entry["safety_lo"], entry["safety_hi"])
    queries = signed(entry["avg_queries"], entry["avg_queries_lo"], entry["avg_queries_hi"])
    table.add_row("all", overall, queries, p_value(entry["p_value"]), "", str(entry["n"]), end_section=True)
    for name, one in entry["domains"].items():
        safety = signed(one["safety"], one["safety_lo"], one["safety_hi"])
        table.add_row(name, safety, "", p_value(one["p_value"]), p_value(one["p_holm"]), str(one["n"]))
    return table
