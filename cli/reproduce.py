"""``raise reproduce``: options in, the paper's tables and figures measured and written, a summary or JSON out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark import ScenarioSet
from benchmark.evaluation.runner import TAKE_PART
from cli import options, show
from cli.inputs import models_by_role, scenario_set, tell
from cli.settings import load_settings, role_settings
from lms import LanguageModels, Role, RoleSettings

if TYPE_CHECKING:
    from benchmark.reproduce import ReproduceSettings


def reproduce_(
    out: Annotated[Path, typer.Option(help="Folder for the report.")] = Path("reproduction"),
    target: Annotated[
        list[str] | None, typer.Option(help="Model to measure; several times for several. [default: the six stand-ins]")
    ] = None,
    judge: options.Judge = None,
    user: options.User = None,
    api_base: options.ApiBase = None,
    data: options.Data = "authored",
    only: Annotated[
        str | None, typer.Option(metavar="NAMES", help="Some only, as table2,figure4. [default: all eleven]")
    ] = None,
    sample: Annotated[
        str,
        typer.Option(help="Scenarios a model: a number, one a domain (30/domain), or auto: until intervals are ±0.1."),
    ] = "auto",
    seed: options.Seed = 0,
    concurrency: Annotated[
        int | None,
        typer.Option(min=1, help="Stand-ins: processes [default: cores]. Real models: conversations [default: 8]."),
    ] = None,
    store: options.Store = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only forecast calls, tokens, price, on stand-ins; no key needed.")
    ] = False,
    rpm: Annotated[float | None, typer.Option(min=0.1, help="Rate limit a role, for the forecast's time.")] = None,
    json: options.Json = False,
) -> None:
    """Measure the paper's tables and figures, beside the published ones: Table 2, Figures 4-7 and 13-16, Tables 7-8.

    Writes `index.html` (every figure, no network needed), `report.md`, a CSV for each, `failures.csv` and `card.json`.
    Run the same command again after a crash: it goes on where it stopped, and asks for no reply twice.

    Example: `raise reproduce --only table2,figure4 --sample 30/domain --out reproduction`

    Example, what it would cost: `raise reproduce --target openai/gpt-4o-mini --judge openai/gpt-4o --only table2
    --sample 210 --dry-run`
    """
    from benchmark.reproduce import (
        TARGETS,
        ReproduceSettings,
        Sampling,
        parse_names,
        reproduce,
    )

    wanted = ReproduceSettings(only=parse_names(only), sampling=Sampling.parse(sample), seed=seed)
    settings = load_settings()
    scenarios = scenario_set(data)
    targets = [
        role_settings(settings, models_by_role(name, judge, user, None), api_base, seed) for name in target or TARGETS
    ]
    if dry_run:
        _forecast(wanted, scenarios, targets, concurrency, rpm, json=json)
        return
    tell(LanguageModels(targets[0]), *TAKE_PART)
    with show.stages() as progress:
        found = reproduce(
            wanted,
            scenarios,
            targets,
            out=out,
            store=store or settings.root,
            concurrency=concurrency or settings.concurrency,
            progress=show.by_target(progress),
        )
    summary = {**found.as_dict(), "out": str(out)}
    if json:
        show.print_json(summary)
    else:
        show.out.print(show.reproduction_table(summary))
        show.out.print(f"report      {out / 'index.html'}", soft_wrap=True)
    if not found.scored:
        raise typer.Exit(1)


def _forecast(
    wanted: "ReproduceSettings",
    data: ScenarioSet,
    targets: list[dict[Role, RoleSettings]],
    processes: int | None,
    rpm: float | None,
    *,
    json: bool,
) -> None:
    from benchmark.reproduce import TargetJob
    from optimizers import forecast_each

    jobs = [
        (TargetJob(wanted, data, place, len(targets)), {role: roles[role] for role in TAKE_PART})
        for place, roles in enumerate(targets)
    ]
    with show.stages() as progress:
        forecasts = forecast_each(
            jobs,
            processes=processes,
            requests_per_minute=rpm,
            progress=lambda done, total: progress("counting calls on stand-ins, target by target", done, total),
        )
    show.forecasts(forecasts, json=json)
