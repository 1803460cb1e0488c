"""``raise data``: build scenario sets, and say what is in them and how good they are."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from benchmark import Scenario, build_authored, sample
from cli import options, show
from cli.generate import generate_
from cli.hub import import_
from cli.inputs import scenario_set
from cli.reddit import data_reddit
from signatures import RaiseError

if TYPE_CHECKING:
    from benchmark.scenarios.quality import Gate

data_app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown", help="Build and describe scenario sets.")
data_app.command("generate")(generate_)
data_app.command("import")(import_)
data_app.command("reddit")(data_reddit)


@data_app.command("build")
def data_build(
    out: Annotated[Path, typer.Option(help="Scenario file to write (JSON Lines).")],
    source: Annotated[str, typer.Option(help="'authored': the set that ships with the project.")] = "authored",
    json: options.Json = False,
) -> None:
    """Write the authored set as a file; the same call twice gives the same bytes.

    Other sets have commands of their own: `generate`, `import`, `reddit`.

    Example: `raise data build --source authored --out authored.jsonl`
    """
    if source != "authored":
        raise RaiseError(
            f"unknown source {source!r}: 'authored' is built here; see raise data generate, import and reddit."
        )
    scenarios = build_authored()
    scenarios.save(out)
    if json:
        show.print_json({"file": str(out), **scenarios.card()})
    else:
        show.out.print(f"{len(scenarios)} scenarios in {out} (version {scenarios.version}, hash {scenarios.hash})")


@data_app.command("describe")
def data_describe(  # noqa: PLR0917  (options are parameters)
    data: options.Data = "authored",
    html: Annotated[Path | None, typer.Option(help="File for a report with plots; it opens without a network.")] = None,
    sample_: Annotated[int | None, typer.Option("--sample", min=1, help="Also show so many random scenarios.")] = None,
    seed: Annotated[int, typer.Option(help="Of the random scenarios: same seed, same scenarios.")] = 0,
    check: Annotated[bool, typer.Option("--check", help="Exit with 1 if a quality gate is red.")] = False,
    json: options.Json = False,
) -> None:
    """Say what is in a scenario set: version, hash, counts, coverage, and whether the quality gates are green.

    Example: `raise data describe --sample 20 --seed 7 --html data.html`
    """
    from benchmark.scenarios.quality import inspect, quality_page  # noqa: PLC0415  (plots and scikit-learn: only when needed)

    scenarios = scenario_set(data)
    report = inspect(scenarios)
    shown = sample(scenarios.scenarios, sample_, seed=seed) if sample_ else []
    if html:
        quality_page(report, html, seed=seed)
        show.err.print(f"wrote {html}", soft_wrap=True)
    if json:
        show.print_json({**report.row(), **({"sample": [s.row() for s in shown]} if shown else {})})
    else:
        show.describe(scenarios.describe())
        show.out.print(gates_table(report.gates))
        for line in offender_lines(report.gates):
            show.out.print(line, style="red", markup=False)
        if shown:
            show.out.print(scenarios_table(shown, seed))
    if check and not report.green:
        raise typer.Exit(1)


def gates_table(gates: "Sequence[Gate]") -> Table:
    """One row a quality gate: green or red, what is asked for, what is there."""
    red = [gate.name for gate in gates if gate.passed is False]
    title = f"Quality gates: {', '.join(red)} red" if red else "Quality gates: none red"
    table = Table(title=title, title_justify="left")
    for heading in ("", "gate", "limit", "figure"):
        table.add_column(heading, overflow="fold")
    colours = {"green": "green", "red": "bold red", "n/a": "dim"}
    for gate in gates:
        state = f"[{colours[gate.state]}]{gate.state}[/]"
        table.add_row(state, gate.name, escape(gate.limit), escape(gate.figure))
    return table


def offender_lines(gates: "Sequence[Gate]", most: int = 5) -> list[str]:
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
        table.add_row(escape(scenario.situation), escape(scenario.query), escape(profile))
    return table
