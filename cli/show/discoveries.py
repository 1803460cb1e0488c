"""A table of proposed attributes and what knowing them adds."""

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from cli.console import labelled_table
from cli.show.numbers import p_value, signed


def discovery_table(found: Mapping[str, Any], title: str, *, simulated: bool) -> Table:
    """One row an attribute: gain in safety with its interval, corrected p, verdict; below them what was rejected."""
    table = labelled_table(title, simulated=simulated)
    table.add_column("attribute", overflow="fold", min_width=12)
    table.add_column("meaning", overflow="fold")
    for heading in ("gain in safety [95 %]", "p (Holm)", "n"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("", overflow="fold")
    for entry in found["attributes"]:
        table.add_row(
            entry["label"],
            entry["meaning"],
            signed(entry["gain"], entry["gain_lo"], entry["gain_hi"]),
            p_value(entry["p_holm"]),
            str(entry["n"]),
            entry["no_conclusion"] or ("accepted" if entry["accepted"] else "no gain found"),
        )
    for entry in found["rejected"]:
        table.add_row(entry["label"], "", "", "", "", f"not tested: {entry['reason']}")
    return table
