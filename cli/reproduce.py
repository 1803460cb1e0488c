"""``raise reproduce``: the paper's tables and figures measured and written, or the forecast of it."""

from dataclasses import replace

import typer

import optimizers
from benchmark import ScenarioSet
from benchmark.evaluation.runner import ROLES
from benchmark.reproduce import TARGETS, ReproduceSettings, Sampling, TargetJob, parse_names, reproduce
from cli.console import out, print_json
from cli.engines import engine_of, refuse_limits_apart, refuse_unknown_engine
from cli.inputs import refuse_unwritable, scenario_set, tell
from cli.options.reproduce import Options
from cli.settings import load_settings, place_for, refuse_unnamed_stand_ins, role_settings
from cli.show.forecasts import show_forecasts
from cli.show.progress import stages
from cli.show.results import reproduction_table
from lms import LanguageModels, Role, RoleSettings
from signatures import adopt_vocabulary, default_vocabulary


def run(options: Options) -> None:
    """Measure and write the report; an experiment of which nothing could be scored is exit code 1."""
    adopt_vocabulary(default_vocabulary(), "raise reproduce")
    refuse_unknown_engine(options)
    seed = options.seed
    wanted = ReproduceSettings(only=parse_names(options.only), sampling=Sampling.parse(options.sample), seed=seed)
    settings = load_settings()
    scenarios = scenario_set(options.data)
    each_target = [replace(options, target=[name]) for name in options.target or TARGETS]
    targets = [role_settings(settings, one, seed) for one in each_target]
    for one, roles in zip(each_target, targets, strict=True):
        refuse_unnamed_stand_ins(settings, one, {role: roles[role] for role in ROLES})
    if options.dry_run:
        _forecast(wanted, scenarios, targets, options)
        return
    refuse_unwritable(options.out)
    place = place_for(options.store, settings)
    for roles in targets:
        refuse_limits_apart(options, place, {role: roles[role] for role in ROLES})
    tell(LanguageModels(targets[0]), *ROLES)
    with engine_of(options, place) as cluster, stages() as progress:
        found = reproduce(
            wanted,
            scenarios,
            targets,
            out=options.out,
            store=place,
            concurrency=options.concurrency
            or (settings.concurrency if isinstance(settings.concurrency, int) else None),
            progress=progress,
            cluster=cluster,
        )
    summary = {**found.as_dict(), "out": str(options.out)}
    if options.json:
        print_json(summary)
    else:
        out.print(reproduction_table(summary))
        out.print(f"report      {options.out / 'index.html'}", soft_wrap=True)
    if not found.scored:
        raise typer.Exit(1)


def _forecast(
    wanted: ReproduceSettings, data: ScenarioSet, targets: list[dict[Role, RoleSettings]], options: Options
) -> None:
    jobs = [
        (TargetJob(wanted, data, place, len(targets)), {role: roles[role] for role in ROLES})
        for place, roles in enumerate(targets)
    ]
    with stages() as progress:
        forecasts = optimizers.forecast_each(
            jobs,
            processes=options.concurrency,
            requests_per_minute=options.rpm,
            progress=progress,
        )
    show_forecasts(forecasts, json=options.json)
