"""``raise compile``: options in, compiles or their forecast made, tables or JSON out."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import ValidationError

from benchmark import ScenarioSet
from cli import options, show
from cli.inputs import models_by_role, scenario_set, tell
from cli.settings import concurrency_of, first_problem, load_settings, open_all, role_settings
from lms import Role, RoleSettings
from signatures import RaiseError

if TYPE_CHECKING:
    from optimizers import CompileOutcome, CompileSettings, Stopper


def compile_(
    target: Annotated[
        list[str] | None,
        typer.Option(help="Model to compile for; several times for several, at the same time. [default: sim/gpt-4o]"),
    ] = None,
    judge: options.Judge = None,
    user: options.User = None,
    teacher: options.Teacher = None,
    api_base: options.ApiBase = None,
    data: options.Data = "authored",
    optimizer: Annotated[
        list[str] | None,
        typer.Option(
            help="'pareto' (ours), or DSPy's: bootstrap, bootstrap-random, mipro, gepa, simba, copro. Several times to "
            "compare them on each target, at equal budgets. [default: pareto]"
        ),
    ] = None,
    price: Annotated[
        float, typer.Option(min=0, help="Safety points a question must be worth, for optimizers that know one number.")
    ] = 0.1,
    pick: Annotated[
        str,
        typer.Option(
            help="Default program: 'no-more-questions' (safest that asks no more than uncompiled), 'knee', "
            "'max-safety', 'max-queries X' (safest within X), 'min-safety Y' (asks least at Y or above)."
        ),
    ] = "no-more-questions",
    max_queries: Annotated[
        float | None, typer.Option(min=0, help="Only programs that ask no more than this on average (on dev).")
    ] = None,
    min_safety: Annotated[
        float | None, typer.Option(min=1, max=5, help="Only programs that are at least this safe (on dev).")
    ] = None,
    trials: Annotated[int, typer.Option(min=1, help="Candidates to try.")] = 40,
    train: Annotated[int, typer.Option(min=1, help="Scenarios that demonstrations come from.")] = 56,
    dev: Annotated[int, typer.Option(min=2, help="Scenarios that candidates are compared on.")] = 84,
    test: Annotated[int, typer.Option(min=2, help="Held-out scenarios for the final figures.")] = 196,
    plan_queries: Annotated[int, typer.Option(min=1, help="Train queries to plan questions for.")] = 56,
    evaluations: Annotated[int, typer.Option(min=1, help="Rollouts a planned query.")] = 15,
    no_gain: Annotated[
        int | None, typer.Option(min=1, help="End the search after so many trials that brought next to nothing.")
    ] = None,
    allow_private_demos: Annotated[
        bool, typer.Option("--allow-private-demos", help="Let conversations of real people (reddit, hub) be examples.")
    ] = False,
    max_calls: Annotated[
        int | None, typer.Option(min=1, help="Spend no more LM calls a target; stored replies are free.")
    ] = None,
    max_usd: Annotated[
        float | None, typer.Option(min=0, help="Spend no more US$ a target, for models of known price.")
    ] = None,
    max_minutes: Annotated[float | None, typer.Option(min=0, help="Search no longer than this, a target.")] = None,
    seed: options.Seed = 0,
    concurrency: options.Concurrency = None,
    out: Annotated[Path | None, typer.Option(help="Folder for programs. [default: mlruns/programs]")] = None,
    storage: Annotated[
        str | None,
        typer.Option(
            help="Optuna storage (RDB URL) that several workers can share: run the same command several times. "
            "[default: mlruns/studies.journal]"
        ),
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Compile again even if nothing has changed.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Give up an unfinished compile that has other settings.")
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Only forecast calls, tokens, price, time, on stand-ins; no key needed."),
    ] = False,
    rpm: Annotated[float | None, typer.Option(min=0.1, help="Rate limit a role, for the forecast's time.")] = None,
    json: options.Json = False,
) -> None:
    """Compile a RAISE program for a model: plan, optimize, test, track in MLflow, save.

    Run it again after a crash, Ctrl-C or a limit: it goes on where it stopped, and pays for no reply twice. At a limit
    (--max-calls, --max-usd, --max-minutes) the best so far is measured and saved; what that takes is set aside.

    Example: `raise compile --target openai/gpt-4o-mini --judge openai/gpt-4o --user openai/gpt-4o-mini`

    Example, for five dollars and at most two questions: `raise compile --target openai/gpt-4o-mini --judge
    openai/gpt-4o --user openai/gpt-4o-mini --max-usd 5 --max-queries 2`

    Example, optimizers compared: `raise compile --optimizer pareto --optimizer mipro --optimizer gepa`
    """
    from optimizers import CompileJob, CompileSettings, Workspace, compile_all, slug_of

    settings = load_settings()
    optimizers = optimizer or ["pareto"]
    try:
        wanted = [
            CompileSettings(
                optimizer=name, seed=seed, train=train, dev=dev, test=test, plan_queries=plan_queries,
                evaluations=evaluations, trials=trials, price=price, pick=pick, max_queries=max_queries,
                min_safety=min_safety, no_gain=no_gain, allow_private_demos=allow_private_demos,
            )
            for name in dict.fromkeys(optimizers)
        ]  # fmt: skip
    except ValidationError as error:
        raise RaiseError(f"{first_problem(error)}.") from error
    for each in wanted:
        each.check()
    scenarios = scenario_set(data)
    names: list[str | None] = [*dict.fromkeys(target)] if target else [None]
    targets = [role_settings(settings, models_by_role(name, judge, user, teacher), api_base, seed) for name in names]
    if dry_run:
        _forecast(wanted[0], scenarios, targets, rpm, json=json)
        return
    limits = _limits(max_calls, max_usd, max_minutes, targets)
    opened = open_all(targets, settings.root)
    with show.stages() as progress:
        groups = []
        for models in opened:
            tell(models)
            slug = slug_of(models.roles[Role.TARGET].model)
            folders = [slug if len(wanted) == 1 else f"{slug}--{each.optimizer}" for each in wanted]
            workspace = Workspace(
                root=settings.root, out=Path(), fresh=fresh, force=force, limits=limits, storage=storage,
                concurrency=max(1, concurrency_of(settings, concurrency, models) // len(opened)), progress=progress,
            )  # fmt: skip
            programs = out or settings.root / "programs"
            groups.append(
                [
                    CompileJob(each, models, workspace.to(programs / name))
                    for each, name in zip(wanted, folders, strict=True)
                ]
            )
        outcomes = compile_all(groups, scenarios)
    _show(outcomes, settings.root, json=json)


def _limits(
    max_calls: int | None, max_usd: float | None, max_minutes: float | None, targets: Sequence[dict[Role, RoleSettings]]
) -> "list[Stopper]":
    from optimizers import MaxCalls, MaxMinutes, MaxUsd

    limits: list[Stopper] = []
    if max_calls is not None:
        limits.append(MaxCalls(max_calls))
    if max_usd is not None:
        limits.append(money := MaxUsd(max_usd))
        for roles in targets:
            money.check(roles)
    if max_minutes is not None:
        limits.append(MaxMinutes(max_minutes))
    return limits


def _forecast(
    wanted: "CompileSettings",
    data: ScenarioSet,
    targets: Sequence[dict[Role, RoleSettings]],
    rpm: float | None,
    *,
    json: bool,
) -> None:
    from optimizers import forecast_compile

    forecasts = []
    for roles in targets:
        with show.stages() as progress:
            forecasts.append(forecast_compile(wanted, data, roles, requests_per_minute=rpm, progress=progress))
    show.forecasts(forecasts, json=json)


def _show(outcomes: "Sequence[CompileOutcome]", root: Path, *, json: bool) -> None:
    from optimizers import tracking_uri

    done = [outcome.result for outcome in outcomes if outcome.result is not None]
    if json:
        simulated = any(result.figures["simulated"] for result in done)
        show.print_json({"simulated": simulated, "targets": [result.figures for result in done]})
    else:
        for result in done:
            _show_compiled(result.figures, result.folder, result.reused, tracking_uri(root))
        if len(outcomes) > 1:
            show.out.print(show.compiles_table([result.figures for result in done]))
    for outcome in outcomes:
        if outcome.error:
            show.err.print(f"[red]failed:[/red] {outcome.job.name}: {outcome.error}")
    if len(done) < len(outcomes):
        raise typer.Exit(1)


def _show_compiled(figures: dict[str, Any], folder: Path, reused: bool, uri: str) -> None:
    from optimizers.results import LABELS

    if reused:
        show.out.print(f"[bold]Nothing to do:[/bold] {folder} is a finished compile of exactly this configuration "
                       "(--fresh compiles again).")  # fmt: skip
    rows = [(LABELS.get(name, name), entry) for name, entry in figures["baselines"].items()]
    for entry in figures["front"]:
        mark = " (chosen)" if entry["name"] == figures["chosen_name"] else ""
        rows.append((f"compiled {entry['name']}{mark}", entry))
    title = f"{figures['target']}: held-out test"
    show.out.print(show.results_table(rows, title, simulated=figures["simulated"]))
    for name, gain in figures["gain"].items():
        if why := gain.get("no_conclusion"):
            show.out.print(f"{name}: no conclusion: {why}")
            continue
        show.out.print(f"{name}: safety {show.gain(gain['safety'])}, questions {show.gain(gain['avg_queries'])} "
                       "(paired, 95 %)")  # fmt: skip
    show.out.print(f"hypervolume {figures['hypervolume']:.2f}; LM calls {sum(figures['lm_calls'].values())}, "
                   f"replies reused from the store {figures['reused_replies']}")  # fmt: skip
    if figures["stopped"]:
        more = "; the same command carries it on" if figures["resumable"] else ""
        show.out.print(
            f"[yellow]The search ended after {figures['trials']} trials: {figures['stopped']}{more}.[/yellow]"
        )
    for kind, count in figures["account"].items():
        show.out.print(f"[yellow]{count} {kind}[/yellow]")
    show.out.print(f"program     {folder}")
    show.out.print(f"prompts     {folder / 'prompts.md'}")
    show.out.print(f"picture     {folder / 'pareto.png'}")
    show.out.print(f"MLflow      {uri} (experiment {figures['mlflow']['experiment_id']}; open it with: raise ui)")
