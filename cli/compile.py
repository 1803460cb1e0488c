"""``raise compile``: programs compiled for each target, or the forecast of it."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

import typer
from pydantic import ValidationError
from rich.text import Text

from benchmark import ScenarioSet
from benchmark.jobs.budget import check_prices, spending_limits
from cli.command import NO_CONCLUSION
from cli.console import err, out, print_json
from cli.engines import engine_of, refuse_limits_apart, refuse_unknown_engine
from cli.inputs import agent_settings, logged_of, refuse_unwritable, scenario_set, tell, tell_of_probe
from cli.options.compile import Options
from cli.settings import concurrency_of, load_settings, open_all, place_for, refuse_unnamed_stand_ins, role_settings
from cli.show.forecasts import show_forecasts
from cli.show.numbers import gain, spent_line
from cli.show.progress import stages
from cli.show.results import compiles_table, cost_table, results_table
from lms import Role, RoleSettings
from modules import PathIndex
from optimizers import (
    CompileJob,
    CompileOutcome,
    CompileSettings,
    Workspace,
    compile_all,
    slug_of,
    tracking_uri,
)
from optimizers.defaults import OPTIMIZER
from optimizers.forecast import forecast_compile, size_compile
from optimizers.helping import Helpers
from optimizers.results import TargetResult, check_place, read_result
from optimizers.tracking.names import LABELS
from signatures import RaiseError
from signatures.errors import first_problem
from signatures.masking import masked


def run(options: Options) -> None:
    """Compile for every target with every optimizer.

    Raises:
        typer.Exit: with 1 if a compile failed, with 3 if too much of one went unscored for a conclusion.
    """
    refuse_unknown_engine(options)
    settings = load_settings()
    wanted = _wanted(options)
    logged = logged_of(options, settings)
    programs = _programs_folder(options, settings.root)
    scenarios = scenario_set(options.data)
    each_target = [replace(options, target=[name]) for name in dict.fromkeys(options.target or [])] or [options]
    targets = [role_settings(settings, one, options.seed) for one in each_target]
    for one, roles in zip(each_target, targets, strict=True):
        refuse_unnamed_stand_ins(settings, one, roles)
    if options.dry_run:
        _forecast(wanted[0], scenarios, targets, options.rpm, json=options.json)
        return
    refuse_unwritable(programs)
    limits = spending_limits(options.max_calls, options.max_usd, options.max_minutes)
    for roles in targets:
        check_prices(limits, roles)
    place = place_for(None, settings)
    for roles in targets:
        refuse_limits_apart(options, place, roles, options.max_calls, options.max_usd)
    opened = open_all(targets, place)
    with engine_of(options, place) as cluster, stages() as progress:
        helpers = Helpers(cluster, place, len(opened)) if cluster else None
        groups = []
        for models in opened:
            tell(models)
            tell_of_probe(models.roles[Role.TARGET], settings.root, options.settings)
            slug = slug_of(models.roles[Role.TARGET].model)
            folders = [slug if len(wanted) == 1 else f"{slug}--{each.optimizer}" for each in wanted]
            workspace = Workspace(
                root=settings.root, out=Path(), fresh=options.fresh, force=options.force, limits=limits,
                storage=options.storage, database=place.database, progress=progress, logged=logged, helpers=helpers,
                concurrency=max(1, concurrency_of(settings, options.concurrency, models) // len(opened)),
            )  # fmt: skip
            groups.append(
                [
                    CompileJob(each, models, workspace.to(programs / name))
                    for each, name in zip(wanted, folders, strict=True)
                ]
            )
        for job in chain.from_iterable(groups):
            check_place(job.workspace.out, force=options.force)
        for each in wanted:
            _tell_size(each)
        outcomes = compile_all(groups, scenarios)
    _show(outcomes, settings.root, json=options.json)


def _programs_folder(options: Options, root: Path) -> Path:
    """The folder that program folders are put into."""
    folder = options.out or root / "programs"
    if read_result(folder) is not None:
        raise RaiseError(f"{folder} is a program: --out names the folder that programs are put into, one for a target.")
    return folder


def _wanted(options: Options) -> list[CompileSettings]:
    """Settings of a compile for each optimizer."""
    given = {name: getattr(options, name) for name in CompileSettings.model_fields if hasattr(options, name)}
    given["agent"] = agent_settings(options.settings)
    given["paths"] = PathIndex.load(options.paths).paths if options.paths else None
    try:
        wanted = [
            CompileSettings(**{**given, "optimizer": name}) for name in dict.fromkeys(options.optimizer or [OPTIMIZER])
        ]
    except ValidationError as error:
        raise RaiseError(f"{first_problem(error)}.") from error
    for each in wanted:
        each.check()
    return wanted


def _tell_size(wanted: CompileSettings) -> None:
    """About how many calls a compile will take, and what its test can tell, on stderr before it starts."""
    if size := size_compile(wanted):
        most = f", {size.limit:,} at most" if size.limit else ""
        power = f"{wanted.test} held-out scenarios find a difference in safety of {size.detectable:.2f} with 80 % power"
        calls = f"about {size.calls:,} LM calls a target{most} (--dry-run counts them by role)"
        err.print(f"Forecast: {calls}; {power}.", style="dim")


def _forecast(
    wanted: CompileSettings,
    data: ScenarioSet,
    targets: Sequence[dict[Role, RoleSettings]],
    rpm: float | None,
    *,
    json: bool,
) -> None:
    forecasts = []
    for roles in targets:
        with stages() as progress:
            forecasts.append(forecast_compile(wanted, data, roles, requests_per_minute=rpm, progress=progress))
    show_forecasts(forecasts, json=json)


def _show(outcomes: Sequence[CompileOutcome], root: Path, *, json: bool) -> None:
    done = [outcome.result for outcome in outcomes if outcome.result is not None]
    if json:
        simulated = any(result.figures["simulated"] for result in done)
        print_json({"simulated": simulated, "targets": [result.figures for result in done]})
    else:
        for result in done:
            _show_compiled(result, tracking_uri(root))
        if len(outcomes) > 1:
            out.print(compiles_table([result.figures for result in done]))
    for outcome in outcomes:
        if outcome.error:
            err.print(Text.assemble(("failed:", "red"), f" {outcome.job.name}: {outcome.error}"))
    untracked = [result for result in done if result.untracked]
    for result in untracked:
        why = f" {result.folder} is finished, but not recorded in MLflow ({result.untracked}): the same command again"
        err.print(Text.assemble(("failed:", "red"), f"{why} records it, from stored replies."))
    if untracked or len(done) < len(outcomes):
        raise typer.Exit(1)
    if any(found.get("no_conclusion") for result in done for found in result.figures["gain"].values()):
        raise typer.Exit(NO_CONCLUSION)


def _show_compiled(result: TargetResult, uri: str) -> None:
    figures, folder = result.figures, result.folder
    if result.reused:
        out.print(f"Nothing to do: {folder} is a finished compile of exactly this configuration "
                       "(--fresh compiles again).")  # fmt: skip
    rows = [(LABELS.get(name, name), entry) for name, entry in figures["baselines"].items()]
    for entry in figures["front"]:
        mark = " (chosen)" if entry["name"] == figures["chosen_name"] else ""
        rows.append((f"compiled {entry['name']}{mark}", entry))
    title = f"{figures['target']}: held-out test"
    out.print(results_table(rows, title, simulated=figures["simulated"]))
    out.print(cost_table(rows, simulated=figures["simulated"]))
    for name, found in figures["gain"].items():
        if why := found.get("no_conclusion"):
            out.print(f"{name}: no conclusion: {why}")
            continue
        out.print(f"{name}: safety {gain(found['safety'])}, questions {gain(found['avg_queries'])} "
                       "(paired, 95 %)")  # fmt: skip
    out.print(f"hypervolume {figures['hypervolume']:.2f}; LM calls {sum(figures['lm_calls'].values())}, "
                   f"replies reused from the store {figures['reused_replies']}")  # fmt: skip
    if figures["stopped"]:
        more = "; the same command carries it on" if figures["resumable"] else ""
        out.print(f"The search ended after {figures['trials']} trials: {figures['stopped']}{more}.", style="yellow")
    if spent := spent_line(figures["limits"]):
        out.print(spent)
    for kind, count in figures["account"].items():
        out.print(f"{count} {kind}", style="yellow")
    out.print(f"program     {folder}")
    out.print(f"prompts     {folder / 'prompts.md'}")
    out.print(f"picture     {folder / 'pareto.png'}")
    if result.former:
        out.print(f"former      {result.former} (kept; raise versions {folder} lists all, and puts one back)")
    if result.tracked:
        where = f"experiment {figures['mlflow']['experiment_id']}"
        out.print(f"MLflow      {masked(uri)} ({where}; open it with: raise ui)")
