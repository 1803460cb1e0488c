"""``raise plan``: paths planned for the queries of a split, or the forecast of it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import optimizers
from benchmark import Scenario, bootstrap_mean, split
from benchmark.jobs.budget import Budget, check_prices, spending_limits
from benchmark.jobs.shares import shared_limits
from benchmark.planning.knowledge import KnowledgeFile
from benchmark.planning.planning import ROLES, Plan, PlanSettings, plan
from benchmark.planning.spread import PLANS, Recipe, plan_elsewhere
from benchmark.statistics.intervals import number
from cli import path_import
from cli.console import out, print_json
from cli.engines import engine_of, refuse_limits_apart, refuse_unknown_engine
from cli.inputs import refuse_folder, scenario_set, tell
from cli.options.plan import Options
from cli.settings import concurrency_of, load_settings, open_models, place_for, refuse_unnamed_stand_ins, role_settings
from cli.show.forecasts import show_forecast
from cli.show.numbers import figure, money, spent_line, usage
from cli.show.paths import paths_table
from cli.show.progress import stages
from lms import LanguageModels, Role, RoleSettings
from modules.files import keeping
from modules.offline import People
from modules.search import Strategy
from signatures.identity import content_id

EXAMPLES = 7


def run(options: Options) -> None:
    """Plan the paths and write them, with a summary; or take in those of a file."""
    if options.import_:
        path_import.run(options, options.import_)
        return
    file, seed = options.out, options.seed
    refuse_unknown_engine(options)
    wanted = _wanted(options)
    limits = spending_limits(options.max_calls, options.max_usd)
    pooled = KnowledgeFile(options.knowledge) if options.knowledge else None
    wanted.check(pooled)
    refuse_folder(file, "a file for the planned paths")
    if options.knowledge:
        refuse_folder(options.knowledge, "a file for the pooled knowledge")
    settings = load_settings()
    scenarios = split(scenario_set(options.data), options.split, seed=seed)
    roles = role_settings(settings, options, seed)
    taking_part = {role: roles[role] for role in ROLES}
    refuse_unnamed_stand_ins(settings, options, taking_part)
    if options.dry_run:
        _forecast(wanted, scenarios, taking_part, seed, json=options.json)
        return
    check_prices(limits, taking_part)
    place = place_for(None, settings)
    models = open_models(roles, place)
    tell(models, *ROLES)
    run_id = content_id("plan", asdict(wanted), seed, [s.id for s in scenarios], [models.identity(r) for r in ROLES])
    refuse_limits_apart(options, place, taking_part, options.max_calls, options.max_usd)
    at_once = concurrency_of(settings, options.concurrency, models)
    journal = file.with_name(f"{file.name}.journal").absolute()
    recipe = Recipe(wanted, seed, models.roles, place.everywhere(), journal, limits, run_id, models.adapting)
    with (
        engine_of(options, place, at_once) as cluster,
        stages() as progress,
        shared_limits(limits, models, run_id) as shared,
        plan_elsewhere(cluster, recipe) as elsewhere,
    ):
        budget = Budget(models.ledger, shared)
        planned = plan(
            scenarios,
            wanted,
            models=models,
            seed=seed,
            concurrency=at_once,
            progress=progress,
            journal=place.open_journal(PLANS, journal.parent, journal.name),
            knowledge=pooled,
            budget=budget,
            elsewhere=elsewhere,
        )
    with keeping(file):
        planned.paths.save(file)
    summary = {**_summary(planned, models, file), "limits": budget.account()}
    if options.json:
        print_json(summary)
    else:
        _show(planned, summary)


def _wanted(options: Options) -> PlanSettings:
    strategy, people = cast(Strategy, options.strategy), cast(People, options.people)
    return PlanSettings(
        options.queries, options.evaluations, options.depth, strategy, options.pool, people, options.at_once
    )


def _forecast(
    wanted: PlanSettings, scenarios: Sequence[Scenario], roles: Mapping[Role, RoleSettings], seed: int, *, json: bool
) -> None:
    with stages() as progress:
        entries = optimizers.forecast_work(
            lambda models: plan(
                scenarios,
                wanted,
                models=models,
                seed=seed,
                progress=progress,
            ),
            roles,
        )
    show_forecast(entries, json=json)


def _summary(planned: Plan, models: LanguageModels, file: Path) -> dict[str, Any]:
    paths = planned.paths.paths
    value = bootstrap_mean([path.rating for path in paths], [path.origin for path in paths])
    return {
        "simulated": models.simulated(*ROLES),
        "file": str(file),
        "planned": len(paths),
        "failed": len(planned.failed),
        "resumed": planned.resumed,
        "stopped": planned.stopped,
        "mean_value": number(value.mean, 3),
        "mean_value_lo": number(value.lo, 3),
        "mean_value_hi": number(value.hi, 3),
        "evaluations": sum(path.evaluations for path in paths),
        "failed_evaluations": sum(path.failures for path in paths),
        "failures": [vars(failure) for failure in planned.failed],
        **usage(planned.charged, models),
    }


def _show(planned: Plan, summary: Mapping[str, Any]) -> None:
    out.print(paths_table(planned.paths.paths[:EXAMPLES], len(planned.paths), simulated=summary["simulated"]))
    for failure in planned.failed:
        out.print(f"not planned: {failure.query}: {failure.reason}", style="red")
    out.print(
        f"{summary['planned']} planned ({summary['resumed']} of them before), {summary['failed']} failed; "
        f"{summary['evaluations']} evaluations, {summary['failed_evaluations']} of them failed; {money(summary)}"
    )
    out.print(f"mean planned safety {figure(summary, 'mean_value')} (what the search expects of its paths)")
    if planned.stopped:
        out.print(f"stopped at the limit: {planned.stopped}; the same command again goes on.", style="yellow")
    if spent := spent_line(summary["limits"]):
        out.print(spent)
    out.print(f"paths       {summary['file']}", soft_wrap=True)
