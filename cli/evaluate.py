"""``raise evaluate``: programs run over scenarios; tables, curves or JSON out."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dspy
import typer

from benchmark import Curve, Evaluation, ScenarioSet, evaluate, measure_curve, sample, split
from benchmark.evaluation.results import compare_with, rows_of
from benchmark.evaluation.runner import ROLES
from benchmark.evaluation.spread import Recipe, spread_evaluation
from benchmark.jobs.cluster import Cluster
from benchmark.jobs.journal import Journal
from benchmark.jobs.place import EPISODES, Place
from benchmark.jobs.progress import OnProgress
from cli.command import NO_CONCLUSION
from cli.console import err, out, print_json, warn
from cli.inputs import agent_settings, engine_named, logged_of, refuse_folder, scenario_set, tell, tell_of_probe
from cli.options.evaluate import Options
from cli.programs import program_named, takes_settings
from cli.settings import concurrency_of, load_settings, open_models, place_for, refuse_unnamed_stand_ins, role_settings
from cli.show.curves import curve_table
from cli.show.notes import comparison_lines, panel_lines, warning_lines
from cli.show.progress import stages
from cli.show.results import cost_table, results_table
from cli.show.tables import check_table, prints_table, programs_columns, put_table
from lms import LanguageModels, Role
from modules import ContextRich, PathIndex
from modules.files import keeping
from optimizers.plots.points import check_picture
from signatures import RaiseError
from signatures.masking import masked

if TYPE_CHECKING:
    from optimizers.tracking.record import TrackingRecord


def run(options: Options) -> None:
    """Evaluate the programs and compare them.

    Raises:
        typer.Exit: with 1 if nothing of a program could be scored, with 3 if too little for a conclusion.
    """
    settings, seed = load_settings(), options.seed
    logged = logged_of(options, settings)
    reference = options.compare_to or options.programs[0]
    names = options.programs if reference in options.programs else [*options.programs, reference]
    named = _named(options, names)
    _refuse_early(options)
    engine = engine_named(options.engine)
    scenarios = scenario_set(options.data)
    pool = split(scenarios, options.split, seed=seed)
    chosen = scenarios.subset(sample(pool, options.limit, seed=seed))
    roles = role_settings(settings, options, seed, panels=True)
    refuse_unnamed_stand_ins(settings, options, {role: roles[role] for role in ROLES})
    place = place_for(options.store, settings)
    models = open_models(roles, place)
    tell(models, *ROLES)
    tell_of_probe(roles[Role.TARGET], place.folder, options.settings)
    loaded = [(name, make(models)) for name, make in named]
    episodes = place.open_journal(EPISODES, place.folder / EPISODES)
    work = _Run(models, chosen, episodes, concurrency_of(settings, options.concurrency, models))
    with stages() as progress:
        if engine == "ray":
            work.spread(named, place, options, progress)
        results = [work.evaluated(name, program, progress) for name, program in loaded]
        curves = work.curves(loaded, results, progress) if options.curve or options.curve_plot else []
    summaries = _summaries(results, curves, rows=options.rows)
    base = next(result for result in results if result.name == reference)
    comparisons = compare_with(base, [result for result in results if result is not base], pool)
    simulated, model = results[0].simulated, models.roles[Role.TARGET].model
    if options.json:
        card = {**chosen.card(), "hash": scenarios.hash, "split": options.split}
        print_json(
            {"simulated": simulated, "target": model, "data": card, "programs": summaries, "comparisons": comparisons}
        )
    elif not prints_table(options.table):
        title = f"{model} on {scenarios.name} {scenarios.version}, {options.split}, {len(chosen)} scenarios"
        _show(summaries, comparisons, title, simulated=simulated)
    if options.table:
        put_table(programs_columns(summaries, comparisons, simulated=simulated), options.table)
    if options.curve_plot:
        _draw(curves, model, options.curve_plot)
    if logged.on:
        from optimizers.tracking.evaluation import Drawn, evaluation_record  # noqa: PLC0415  MLflow takes seconds to load

        drawn = Drawn(scenarios, options.split, seed)
        done = zip(results, loaded, strict=True)
        records = [evaluation_record(one, program, models, drawn, logged=logged) for one, (_, program) in done]
        _track(settings.root, records)
    if any(summary["unscored"] == summary["n"] for summary in summaries):
        raise typer.Exit(1)
    if not all(summary["conclusion"] for summary in summaries):
        raise typer.Exit(NO_CONCLUSION)


def _named(options: Options, names: Sequence[str]) -> list[tuple[str, Callable[[LanguageModels], dspy.Module]]]:
    """Each program by its name, to be made once the models are open."""
    planned = PathIndex.load(options.paths) if options.paths else None
    agent = agent_settings(options.settings)
    if options.settings and not any(takes_settings(name) for name in names):
        raise RaiseError("--settings is for raise and its variants: other programs have settings of their own.")
    return [(name, program_named(name, options.seed, planned, agent)) for name in names]


def _refuse_early(options: Options) -> None:
    """Refuse what could not be written, before anything is paid for."""
    if options.curve_plot:
        refuse_folder(options.curve_plot, "a file for the curves")
        check_picture(options.curve_plot)
    check_table(options.table, json=options.json)
    if options.rows and not options.json:
        raise RaiseError("--rows adds to what --json prints: pass both.")


def _summaries(results: Sequence[Evaluation], curves: Sequence[Curve], *, rows: bool) -> list[dict[str, Any]]:
    """The figures of each program, with its curve, and its rows if they are wanted."""
    summaries = [result.summary() for result in results]
    for summary, measured in zip(summaries, curves, strict=False):
        summary["curve"] = measured.as_dict()
    for summary, result in zip(summaries, results if rows else (), strict=False):
        summary["rows"] = rows_of(result)
    return summaries


class _Run:
    """What all programs of one command share."""

    def __init__(self, models: LanguageModels, scenarios: ScenarioSet, episodes: Journal, concurrency: int) -> None:
        self.scenarios = scenarios
        self.shared: dict[str, Any] = {"models": models, "store": episodes, "concurrency": concurrency}

    def evaluated(self, name: str, program: dspy.Module, progress: OnProgress) -> Evaluation:
        """The evaluation of one program."""
        return evaluate(program, self.scenarios, name=name, progress=progress, **self.shared)

    def spread(
        self,
        programs: Sequence[tuple[str, Callable[[LanguageModels], dspy.Module]]],
        place: Place,
        options: Options,
        progress: OnProgress,
    ) -> None:
        """Have the episodes made on a cluster, into the journal from which they are then taken."""
        models, at_once = self.shared["models"], self.shared["concurrency"]
        roles = {role: models.roles[role] for role in ROLES}
        for name, make in programs:
            recipe = Recipe(make, roles, place, adapting=models.adapting)
            spread_evaluation(recipe, list(self.scenarios), Cluster(options.ray_address, at_once), progress, name)

    def curves(
        self, programs: list[tuple[str, dspy.Module]], results: list[Evaluation], progress: OnProgress
    ) -> list[Curve]:
        """One curve a program, beside context-rich on the same scenarios."""
        rich = next((found for found in results if found.name == "context-rich"), None)
        rich = rich or self.evaluated("context-rich, for comparison", ContextRich(), progress)
        return [
            measure_curve(program, result, rich, progress=progress, **self.shared)
            for (_, program), result in zip(programs, results, strict=True)
        ]


def _show(summaries: list[dict[str, Any]], comparisons: list[dict[str, Any]], title: str, *, simulated: bool) -> None:
    rows = [(s["name"], s) for s in summaries]
    out.print(results_table(rows, title, simulated=simulated))
    out.print(cost_table(rows, simulated=simulated))
    for line in warning_lines(summaries):
        out.print(line, style="red")
    for line in [*panel_lines(summaries), *comparison_lines(comparisons)]:
        out.print(line)
    for summary in summaries:
        if "curve" in summary:
            out.print(curve_table(summary["name"], summary["curve"], simulated=simulated))


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


def _draw(curves: list[Curve], target: str, file: Path) -> None:
    from optimizers.plots.files import write_curves  # noqa: PLC0415  matplotlib, and only a picture needs it

    with keeping(file):
        points = [(curve.name, curve.points()) for curve in curves]
        write_curves(points, target, file, simulated=any(curve.simulated for curve in curves))
    err.print(f"wrote {file}", soft_wrap=True)
