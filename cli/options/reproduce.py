"""What ``raise reproduce`` takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from typer import Option

from cli.options.groups import (
    Json,
    Judge,
    Roles,
    Scenarios,
    Spread,
    Store,
    TimedForecast,
    User,
    in_models,
    in_scenarios,
)


@dataclass(frozen=True, kw_only=True)
class Options(Roles, Scenarios, TimedForecast, Spread):
    """Measure the paper's tables and figures, beside the published ones: Table 2, Figures 4-7 and 13-16, Tables 7-8.

    Writes `index.html` (every figure, no network needed), `report.md`, a CSV for each, `failures.csv` and `card.json`.
    Run the same command again after a crash: it goes on where it stopped, and asks for no reply twice.

    Example: `raise reproduce --only table2,figure4 --sample 30/domain --out reproduction`

    Example, what it would cost: `raise reproduce --target openai/gpt-4o-mini --judge openai/gpt-4o --only table2
    --sample 210 --dry-run`
    """

    out: Annotated[Path, Option(help="Folder for the report.")] = Path("reproduction")
    only: Annotated[
        str | None,
        Option(metavar="NAMES", help="Tables and figures to measure, such as table2,figure4. [default: all eleven]"),
    ] = None
    target: Annotated[
        list[str] | None, in_models(help="Model to measure; repeat it for several. [default: the six stand-ins]")
    ] = None
    judge: Judge = None
    user: User = None
    sample: Annotated[
        str,
        in_scenarios(
            help="Scenarios for each model: a number, a number for each domain (30/domain), or auto: as many as it "
            "takes for intervals of ±0.1."
        ),
    ] = "auto"
    concurrency: Annotated[
        int | None,
        Option(min=1, help="Stand-ins: processes [default: cores]. Real models: conversations at once [default: 8]."),
    ] = None
    store: Store = None
    json: Json = False
