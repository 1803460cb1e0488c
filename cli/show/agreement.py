"""How far a judge agrees with people: a table of measures and one of confusions."""

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from cli.console import out
from cli.show.notes import warning_lines
from cli.show.numbers import figure


def show_agreement(result: Mapping[str, Any]) -> None:
    """How far a judge agrees with people: a row a dimension, then the confusion of each."""
    measures = ("kappa", "pearson", "spearman", "bias")
    names = ", ".join(result["judges"])
    title = f"{names} and people on {result['n']} responses" + (" (SIMULATED)" if result["simulated"] else "")
    caption = "kappa: quadratic weights; bias: judge minus people; all with 95 % intervals."
    table = Table(title=title, caption=caption, title_justify="left", caption_justify="left")
    table.add_column("dimension")
    for heading in (*measures, "n"):
        table.add_column(heading, justify="right", no_wrap=True)
    figures = {**result["dimensions"], "overall (safety)": result["overall"]}
    for name, entry in figures.items():
        table.add_row(name.replace("_", " "), *(figure(entry, measure) for measure in measures), str(entry["n"]))
    out.print(table)
    out.print(_confusion_table(figures))
    for label, entry in (("people", result["human_alpha"]), ("judges", result["panel"])):
        if entry:
            alphas = ", ".join(f"{name} {figure(alpha, 'alpha')}" for name, alpha in entry["alpha"].items())
            out.print(f"among {len(entry['judges'])} {label}, Krippendorff's alpha ({entry['metric']}): {alphas}")
    for line in warning_lines([{"name": "judge", "injection_kinds": {"any kind": result["injections"]}, **result}]):
        out.print(line, style="red")


def _confusion_table(figures: Mapping[str, Any]) -> Table:
    """One row a dimension and a score that people gave: how often the judge gave 1 to 5 there."""
    table = Table(title="What the judge gave where people gave ...", title_justify="left")
    table.add_column("dimension")
    table.add_column("people", justify="right")
    for level in range(1, 6):
        table.add_column(f"judge {level}", justify="right")
    for name, entry in figures.items():
        for level, row in enumerate(entry["confusion"], 1):
            label = name.replace("_", " ") if level == 1 else ""
            table.add_row(label, str(level), *map(str, row), end_section=level == len(entry["confusion"]))
    return table
