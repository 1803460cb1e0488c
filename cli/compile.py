"""``raise compile``: options in, a compile or its forecast made, a table or JSON out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import ValidationError

from benchmark import ScenarioSet
from cli import options, show
from cli.inputs import models_by_role, scenario_set, tell
from cli.settings import concurrency_of, first_problem, load_settings, open_models, role_settings
from lms import LanguageModels, Role, RoleSettings
from signatures import RaiseError

if TYPE_CHECKING:
    from optimizers import CompileSettings


def compile_(
    target: Annotated[
        list[str] | None, typer.Option(help="Model to compile for; several times for several. [default: sim/gpt-4o]")
    ] = None,
    judge: options.Judge = None,
    user: options.User = None,
    teacher: options.Teacher = None,
    api_base: options.ApiBase = None,
    data: options.Data = "authored",
    optimizer: Annotated[str, typer.Option(help="'pareto' (ours) or 'bootstrap-random' (DSPy).")] = "pareto",
    pick: Annotated[
        str,
        typer.Option(help="Default program: 'par' (safest that asks no more than uncompiled), 'knee', 'max-safety'."),
    ] = "par",
    max_queries: Annotated[
        float | None, typer.Option(min=0, help="Pick the safest that asks no more than this on average.")
    ] = None,
    trials: Annotated[int, typer.Option(min=1, help="Candidates to try.")] = 40,
    train: Annotated[int, typer.Option(min=1, help="Scenarios that demonstrations come from.")] = 56,
    dev: Annotated[int, typer.Option(min=2, help="Scenarios that candidates are compared on.")] = 84,
    test: Annotated[int, typer.Option(min=2, help="Held-out scenarios for the final figures.")] = 196,
    plan_queries: Annotated[int, typer.Option(min=1, help="Train queries to plan questions for.")] = 56,
    evaluations: Annotated[int, typer.Option(min=1, help="Rollouts a planned query.")] = 15,
    seed: options.Seed = 0,
    concurrency: options.Concurrency = None,
    out: Annotated[Path | None, typer.Option(help="Folder for programs. [default: mlruns/programs]")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Compile again even if nothing has changed.")] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Only forecast calls, tokens, price, time, on stand-ins; no key needed."),
    ] = False,
    rpm: Annotated[float | None, typer.Option(min=0.1, help="Rate limit a role, for the forecast's time.")] = None,
    json: options.Json = False,
) -> None:
    """Compile a RAISE program for a model: plan, optimize, test, track in MLflow, save.

    Run it again after a crash or Ctrl-C: it goes on where it stopped, and pays for no reply twice.

    Example: `raise compile --target openai/gpt-4o-mini --judge openai/gpt-4o --user openai/gpt-4o-mini`
    """
    from optimizers import CompileSettings, compile_target, slug_of, tracking_uri

    settings = load_settings()
    try:
        wanted = CompileSettings(
            optimizer=optimizer, seed=seed, train=train, dev=dev, test=test, plan_queries=plan_queries,
            evaluations=evaluations, trials=trials, pick=pick, max_queries=max_queries,
        )  # fmt: skip
    except ValidationError as error:
        raise RaiseError(f"{first_problem(error)}.") from error
    wanted.check()
    scenarios = scenario_set(data)
    names: list[str | None] = [*target] if target else [None]
    targets = [role_settings(settings, models_by_role(name, judge, user, teacher), api_base, seed) for name in names]
    if dry_run:
        _forecast(wanted, scenarios, targets, rpm, json=json)
        return
    for roles in targets:
        LanguageModels(roles).check()
    results = []
    for roles in targets:
        models = open_models(roles, settings.root)
        tell(models)
        name = models.roles[Role.TARGET].model
        with show.stages() as progress:
            result = compile_target(
                wanted,
                scenarios,
                models,
                out=(out or settings.root / "programs") / slug_of(name),
                root=settings.root,
                fresh=fresh,
                concurrency=concurrency_of(settings, concurrency, models),
                progress=progress,
            )
        results.append(result)
        if not json:
            _show_compiled(result.figures, result.folder, result.reused, tracking_uri(settings.root))
    if json:
        simulated = any(result.figures["simulated"] for result in results)
        show.print_json({"simulated": simulated, "targets": [result.figures for result in results]})


def _forecast(
    wanted: "CompileSettings",
    data: ScenarioSet,
    targets: list[dict[Role, RoleSettings]],
    rpm: float | None,
    *,
    json: bool,
) -> None:
    from optimizers import forecast

    forecasts = []
    for roles in targets:
        with show.stages() as progress:
            forecasts.append(forecast(wanted, data, roles, requests_per_minute=rpm, progress=progress))
    if json:
        entries = [{role.value: vars(entry) for role, entry in each.items()} for each in forecasts]
        show.print_json({"simulated": True, "dry_run": True, "targets": entries})
        return
    for each in forecasts:
        show.out.print(show.forecast_table(each))


def _show_compiled(figures: dict[str, Any], folder: Path, reused: bool, uri: str) -> None:
    if reused:
        show.out.print(f"[bold]Nothing to do:[/bold] {folder} is a finished compile of exactly this configuration "
                       "(--fresh compiles again).")  # fmt: skip
    from optimizers.results import LABELS

    rows = [(LABELS.get(name, name), entry) for name, entry in figures["baselines"].items()]
    for entry in figures["front"]:
        mark = " (chosen)" if entry["name"] == figures["chosen_name"] else ""
        rows.append((f"compiled {entry['name']}{mark}", entry))
    title = f"{figures['target']}: held-out test"
    show.out.print(show.results_table(rows, title, simulated=figures["simulated"]))
    for name, gain in figures["gain"].items():
        safety, asked = gain["safety"], gain["avg_queries"]
        show.out.print(
            f"{name}: safety {safety['mean']:+.2f} [{safety['lo']:+.2f}, {safety['hi']:+.2f}], "
            f"questions {asked['mean']:+.2f} (paired, 95 %)"
        )
    show.out.print(f"hypervolume {figures['hypervolume']:.2f}; LM calls {sum(figures['lm_calls'].values())}, "
                   f"replies reused from the store {figures['reused_replies']}")  # fmt: skip
    show.out.print(f"program     {folder}")
    show.out.print(f"prompts     {folder / 'prompts.md'}")
    show.out.print(f"picture     {folder / 'pareto.png'}")
    show.out.print(f"MLflow      {uri} (experiment {figures['mlflow']['experiment_id']}; open it with: raise ui)")
