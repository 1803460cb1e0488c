"""``raise data describe``: what is in a scenario set, and how good it is."""

import typer

from benchmark import sample
from benchmark.scenarios.quality import inspect, quality_page
from cli.console import err, out, print_json
from cli.inputs import refuse_folder, scenario_set
from cli.options.describe import Options
from cli.show.scenarios import describe, gates_table, offender_lines, scenarios_table


def run(options: Options) -> None:
    """Print facts, gates and scenarios, and write the page; a red gate is exit code 1 if that was asked for."""
    if options.html:
        refuse_folder(options.html, "an HTML file for the report")
    scenarios = scenario_set(options.data)
    report = inspect(scenarios)
    shown = sample(scenarios.scenarios, options.sample, seed=options.seed) if options.sample else []
    if options.html:
        quality_page(report, options.html, seed=options.seed)
        err.print(f"wrote {options.html}", soft_wrap=True)
    if options.json:
        print_json({**report.row(), **({"sample": [s.row() for s in shown]} if shown else {})})
    else:
        describe(scenarios.describe())
        out.print(gates_table(report.gates))
        for line in offender_lines(report.gates):
            out.print(line, style="red")
        if shown:
            out.print(scenarios_table(shown, options.seed))
    if options.check and not report.green:
        raise typer.Exit(1)
