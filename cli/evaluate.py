"""``raise evaluate``: programs run over scenarios on one target or several; tables, curves or JSON out."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import dspy
import typer

from benchmark import Evaluation, ScenarioSet, sample, split
from benchmark.evaluation.runner import ROLES, setup_of
from benchmark.evaluation.stored import EpisodeStore, StoredEvaluation, StoredRun, store_run
from benchmark.evaluation.targets import Measurement, TargetJob, TargetOutcome, evaluate_targets
from benchmark.jobs.budget import check_prices, spending_limits
from benchmark.jobs.place import EPISODES, Place
from benchmark.judging.panel import judge_of
from cli.console import err, warn
from cli.engines import engine_of, refuse_limits_apart, refuse_unknown_engine
from cli.inputs import agent_settings, logged_of, refuse_folder, scenario_set, tell, tell_of_probe
from cli.measured import Measured, tell_measured
from cli.options.evaluate import Options
from cli.programs import program_named, takes_settings
from cli.settings import (
    Settings,
    concurrency_of,
    load_settings,
    open_all,
    place_for,
    refuse_unnamed_stand_ins,
    role_settings,
)
from cli.show.progress import stages
from cli.show.tables import check_table
from lms import LanguageModels, Role
from modules import PathIndex
from optimizers.plots.points import check_picture
from optimizers.tracking.conversations import Logged
from signatures import RaiseError
from signatures.errors import unknown
from signatures.masking import masked

if TYPE_CHECKING:
    from optimizers.tracking.record import TrackingRecord

Named = tuple[str, Callable[[LanguageModels], dspy.Module]]


def run(options: Options) -> None:
    """Evaluate the programs and compare them, or show again what was evaluated.

    Raises:
        typer.Exit: with 1 if nothing of a program could be scored, or a target is unfinished; with 3 if too little for
            a conclusion.
    """
    settings = load_settings()
    _refuse_early(options)
    if options.from_run:
        _end(tell_measured(_stored(options, place_for(options.store, settings)), options))
        return
    logged = logged_of(options, settings)
    named = _named(options)
    scenarios = scenario_set(options.data)
    pool = split(scenarios, options.split, seed=options.seed)
    chosen = scenarios.subset(sample(pool, options.limit, seed=options.seed))
    place = place_for(options.store, settings)
    jobs = _jobs(named, options, settings, place)
    curves = options.curve or options.curve_plot is not None
    episodes = place.open_journal(EPISODES, place.folder / EPISODES)
    at_once = max(job.concurrency for job in jobs) * len(jobs)
    with engine_of(options, place, at_once) as cluster, stages() as progress:
        shared = Measurement(chosen.scenarios, episodes, scenarios.hash, curves, progress, cluster, place)
        outcomes = evaluate_targets(jobs, shared)
    card = {**chosen.card(), "hash": scenarios.hash}
    _store(place, jobs, outcomes, card, options)
    title = f"{scenarios.name} {scenarios.version}, {options.split}, {len(chosen)} scenarios"
    code = tell_measured(Measured(outcomes, {**card, "split": options.split}, title, pool), options)
    if logged.on:
        _track(settings.root, _records(jobs, outcomes, scenarios, options, logged))
    _end(code)


def _end(code: int) -> None:
    if code:
        raise typer.Exit(code)


def _refuse_early(options: Options) -> None:
    """Refuse what could not be written or makes no sense, before anything is paid for."""
    refuse_unknown_engine(options)
    if bool(options.programs) == bool(options.from_run):
        raise RaiseError("name programs to evaluate, or stored runs with --from-run; not both.")
    if options.from_run and (options.curve or options.curve_plot):
        raise RaiseError("--curve asks models, which --from-run does not: name the programs again.")
    if options.curve_plot:
        refuse_folder(options.curve_plot, "a file for the curves")
        check_picture(options.curve_plot)
    check_table(options.table, json=options.json)
    if options.rows and not options.json:
        raise RaiseError("--rows adds to what --json prints: pass both.")


def _named(options: Options) -> list[Named]:
    """Each program by its name, to be made once the models are open."""
    reference = options.compare_to or options.programs[0]
    names = options.programs if reference in options.programs else [*options.programs, reference]
    planned = PathIndex.load(options.paths) if options.paths else None
    agent = agent_settings(options.settings)
    if options.settings and not any(takes_settings(name) for name in names):
        raise RaiseError("--settings is for raise and its variants: other programs have settings of their own.")
    return [(name, program_named(name, options.seed, planned, agent)) for name in names]


def _jobs(named: Sequence[Named], options: Options, settings: Settings, place: Place) -> list[TargetJob]:
    """One job a target; all models are checked before anything is written or paid for."""
    each_target = [replace(options, target=[name]) for name in dict.fromkeys(options.target or [])] or [options]
    targets = [role_settings(settings, one, options.seed, panels=True) for one in each_target]
    limits = spending_limits(options.max_calls, options.max_usd)
    for one, roles in zip(each_target, targets, strict=True):
        taking_part = {role: roles[role] for role in ROLES}
        refuse_unnamed_stand_ins(settings, one, taking_part)
        check_prices(limits, taking_part)
        refuse_limits_apart(options, place, taking_part, options.max_calls, options.max_usd)
    opened = open_all(targets, place)
    for models in opened:
        tell(models, *ROLES)
        tell_of_probe(models.roles[Role.TARGET], place.folder, options.settings)
    return [
        TargetJob(
            models,
            [(name, make(models)) for name, make in named],
            max(1, concurrency_of(settings, options.concurrency, models) // len(opened)),
            limits,
            [make for _, make in named],
        )
        for models in opened
    ]


def _store(
    place: Place,
    jobs: Sequence[TargetJob],
    outcomes: Sequence[TargetOutcome],
    card: dict[str, object],
    options: Options,
) -> None:
    """Keep what belongs together, for whoever reads it or compares it later."""
    stored = [
        StoredEvaluation.of(found, setup_of(program, job.models, judge_of(job.models)))
        for job, outcome in zip(jobs, outcomes, strict=True)
        for (_, program), found in zip(job.programs, outcome.evaluations, strict=False)
        if found.episodes
    ]
    if stored:
        run = store_run(place, stored, card, options.split, options.seed)
        err.print(f"run         {run.id} (read its conversations with: raise view {run.id})", soft_wrap=True)


def _stored(options: Options, place: Place) -> Measured:
    """What the runs of ``--from-run`` measured, target by target."""
    store = EpisodeStore(place)
    runs = list({run.id: run for run in (store.run(name) for name in options.from_run or [])}.values())
    if len({str(run.data["hash"]) for run in runs}) > 1:
        warn("the runs are of different scenario sets; rows are paired by scenario id, as far as they share any.")
    judges = {stored.provenance.judge for run in runs for stored in run.evaluations}
    if len(judges) > 1:
        raise RaiseError(
            f"the runs were judged by {' and by '.join(sorted(judges))}: scores of different judges cannot be "
            "compared; evaluate all with the same --judge."
        )
    targets = _by_target(store, runs)
    known = dict.fromkeys(found.name for evaluations in targets.values() for found in evaluations)
    if options.compare_to and options.compare_to not in known:
        raise RaiseError(unknown("program", options.compare_to, tuple(known)))
    first = runs[0]
    sizes = sorted({int(run.data["n"]) for run in runs})
    title = f"{first.data['name']} {first.data['version']}, {first.split}, {' and '.join(map(str, sizes))} scenarios"
    data = {**first.data, "split": first.split, "runs": [run.id for run in runs]}
    return Measured([TargetOutcome(target, found) for target, found in targets.items()], data, title)


def _by_target(store: EpisodeStore, runs: Sequence[StoredRun]) -> dict[str, list[Evaluation]]:
    """Target -> evaluations; of two that have one name, the later one has its run in it, unless they are the same."""
    targets: dict[str, dict[str, Evaluation]] = {}
    keys: dict[tuple[str, str], tuple[str, ...]] = {}
    for run in runs:
        for stored, found in zip(run.evaluations, store.evaluations(run), strict=True):
            target, name = stored.provenance.target, found.name
            if keys.setdefault((target, name), stored.keys) != stored.keys:
                name = f"{name} ({run.id[:6]})"
            targets.setdefault(target, {})[name] = replace(found, name=name)
    return {target: list(found.values()) for target, found in targets.items()}


def _records(
    jobs: Sequence[TargetJob],
    outcomes: Sequence[TargetOutcome],
    data: ScenarioSet,
    options: Options,
    logged: Logged,
) -> "list[TrackingRecord]":
    """What MLflow is to know: a run for each program on each target."""
    from optimizers.tracking.evaluation import Drawn, evaluation_record  # noqa: PLC0415  MLflow takes seconds to load

    drawn = Drawn(data, options.split, options.seed)
    return [
        evaluation_record(found, program, job.models, drawn, logged=logged)
        for job, outcome in zip(jobs, outcomes, strict=True)
        for (_, program), found in zip(job.programs, outcome.evaluations, strict=False)
    ]


def _track(root: Path, records: "Sequence[TrackingRecord]") -> None:
    """Record evaluations in MLflow; that one cannot be recorded is told, and changes nothing else."""
    from optimizers.tracking.address import tracking_uri  # noqa: PLC0415
    from optimizers.tracking.evaluation import record_evaluation  # noqa: PLC0415

    for record in records:
        if why := record_evaluation(root, record):
            name = record.parent.params["program"]
            warn(f"{name} is evaluated, but not recorded in MLflow ({why}): the same command again records it.")
            return
    err.print(f"MLflow      {masked(tracking_uri(root))} (open it with: raise ui)", soft_wrap=True)
