"""Tables of measured programs, of compiles, and of the paper's experiments."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from benchmark.statistics.columns import results
from benchmark.statistics.words import COSTS, SIMULATED
from cli.console import labelled_table
from cli.show.numbers import figure, gain, share, short

COUNTED = {"ungrounded": "ungrounded", "off_target": "off target", "invalid": "invalid", "invented_kept": "invented"}
"""What targets do wrong, and its heading; columns that are nearly always empty are left out."""


def results_table(rows: Sequence[tuple[str, Mapping[str, Any]]], title: str, *, simulated: bool) -> Table:
    """One row a program: safety with interval, the three dimensions, questions, how many were scored, LM work."""
    table = labelled_table(title, simulated=simulated)
    table.add_column("program", overflow="fold", min_width=18)
    for heading in results():
        table.add_column(heading, justify="right", no_wrap=True)
    told = any(entry.get("injections") for _, entry in rows)  # a column that is nearly always empty
    counted = [name for name in COUNTED if any(entry.get(name) for _, entry in rows)]
    for heading in (
        "unscored",
        *(["to judge"] if told else []),
        *(COUNTED[name] for name in counted),
        "LM replies each",
    ):
        table.add_column(heading, justify="right")
    for name, entry in rows:
        table.add_row(
            name,
            *(cell(entry) for cell in results().values()),
            share(entry["unscored"], entry["n"]),
            *([str(entry.get("injections", 0))] if told else []),
            *(str(entry.get(name, 0)) for name in counted),
            short(entry["replies_per_conversation"]),
        )
    return table


def cost_table(rows: Sequence[tuple[str, Mapping[str, Any]]], *, simulated: bool) -> Table:
    """One row a program: what a conversation takes of the target alone; calls, tokens, price, waiting."""
    table = labelled_table("What a conversation takes of the target (judge and user apart)", simulated=simulated)
    table.add_column("program", overflow="fold", min_width=18)
    for heading in COSTS:
        table.add_column(heading, justify="right", no_wrap=True)
    for name, entry in rows:
        table.add_row(name, *(cell(entry["per_conversation"]) for cell in COSTS.values()))
    return table


def targets_table(targets: Sequence[tuple[str, Sequence[Mapping[str, Any]]]], title: str, *, simulated: bool) -> Table:
    """One row a target, one column a program: safety, and below it questions, with their intervals."""
    programs = list(dict.fromkeys(summary["name"] for _, summaries in targets for summary in summaries))
    table = labelled_table(f"Safety, and below it questions [95 %]: {title}", simulated=simulated)
    table.add_column("target", overflow="fold", min_width=12)
    for program in programs:
        table.add_column(program, justify="right", no_wrap=True)
    for target, summaries in targets:
        found = {summary["name"]: summary for summary in summaries}
        table.add_row(target, *(_safety_and_questions(found.get(program)) for program in programs), end_section=True)
    return table


def _safety_and_questions(summary: Mapping[str, Any] | None) -> str:
    return "unfinished" if summary is None else f"{figure(summary)}\n{figure(summary, 'avg_queries')}"


def compiles_table(compiles: Sequence[Mapping[str, Any]]) -> Table:
    """One row a compile: uncompiled and chosen program on held-out test, their difference, the front, LM work."""
    simulated = any(figures["simulated"] for figures in compiles)
    table = labelled_table("Compared: held-out test", simulated=simulated)
    for heading in ("target", "optimizer"):
        table.add_column(heading, overflow="fold")
    for heading in ("uncompiled", "asks", "compiled [95 %]", "asks", "gain [95 %]", "hypervolume", "replies of search"):
        table.add_column(heading, justify="right")
    for figures in compiles:
        chosen = next(entry for entry in figures["front"] if entry["name"] == figures["chosen_name"])
        before = figures["baselines"]["raise"]
        table.add_row(
            figures["target"],
            figures["optimizer"],
            short(before["safety"]),
            short(before["avg_queries"]),
            figure(chosen),
            short(chosen["avg_queries"]),
            gain(figures["gain"]["compiled minus uncompiled"]["safety"]),
            short(figures["hypervolume"]),
            f"{figures['search_replies']:,}",
        )
    return table


def reproduction_table(summary: Mapping[str, Any]) -> Table:
    """One row a table or figure of the paper: cells, how far they are off, intervals, users, what went unscored."""
    calls = ", ".join(f"{role} {n:,}" for role, n in summary["lm_calls"].items()) or "none"
    caption = f"LM calls: {calls}." + (f" {SIMULATED}" if summary["simulated"] else "")
    table = Table(title=", ".join(summary["targets"]), caption=caption, title_justify="left", caption_justify="left")
    table.add_column("experiment", no_wrap=True)
    for heading in ("cells", "published", "mean dev.", "inside", "widest ±", "users a model", "unscored"):
        table.add_column(heading, justify="right")
    for entry in summary["experiments"]:
        few, many = entry["users"]
        table.add_row(
            entry["name"],
            str(entry["cells"]),
            str(entry["compared"]),
            short(entry["mean_deviation"]),
            str(entry["inside"]),
            short(entry["half_width"]),
            str(few) if few == many else f"{few} to {many}",
            str(entry["unscored"]),
        )
    return table
