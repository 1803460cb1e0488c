"""Scenario sets: facts, quality gates with the items at fault, and some scenarios to read."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from benchmark import Scenario
from benchmark.scenarios.quality import Gate
from cli.console import out


def describe(description: Mapping[str, Any]) -> None:
    """One line a fact about a scenario set."""
    for name, value in description.items():
        text = ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else value
        out.print(Text.assemble((str(name), "bold"), f": {text}"))


def gates_table(gates: Sequence[Gate]) -> Table:
    """One row a quality gate: green, red or not enough data, what is asked for, what is there."""
    red = [gate.name for gate in gates if gate.passed is False]
    title = f"Quality gates: {', '.join(red)} red" if red else "Quality gates: none red"
    table = Table(title=title, title_justify="left")
    for heading in ("", "gate", "limit", "figure"):
        table.add_column(heading, overflow="fold")
    colours = {"green": "green", "red": "bold red", "not enough data": "yellow", "n/a": "dim"}
    for gate in gates:
        state = Text(gate.state, style=colours[gate.state])
        table.add_row(
            state, gate.name, gate.limit, f"{gate.figure}; too few: {gate.short}" if gate.short else gate.figure
        )
    return table


def offender_lines(gates: Sequence[Gate], most: int = 5) -> list[str]:
    """The first items at fault of each red gate, and how many more there are."""
    lines = []
    for gate in gates:
        if gate.passed is False:
            lines += [f"{gate.name}: {text}" for text in gate.offenders[:most]]
            if len(gate.offenders) > most:
                lines.append(f"{gate.name}: {len(gate.offenders) - most} more (--json and --html list them)")
    return lines


def scenarios_table(scenarios: Sequence[Scenario], seed: int) -> Table:
    """One row a scenario: where it belongs, what is asked, by whom."""
    table = Table(title=f"{len(scenarios)} random scenarios (seed {seed})", title_justify="left", show_lines=True)
    for heading, share in (("situation", 2), ("query", 4), ("profile", 5)):
        table.add_column(heading, ratio=share, overflow="fold")
    for scenario in scenarios:
        profile = "; ".join(f"{name.replace('_', ' ')}: {value}" for name, value in scenario.profile.known().items())
        table.add_row(scenario.situation, scenario.query, profile)
    return table
