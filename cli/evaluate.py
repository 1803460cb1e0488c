"""``raise evaluate``: options in, programs run over scenarios, tables, curves or JSON out."""

from pathlib import Path
from typing import Annotated, Any

import dspy
import typer
from rich.markup import escape

from benchmark import Curve, Evaluation, ScenarioSet, evaluate, measure_curve, sample, split
from benchmark.evaluation.results import compare_with
from benchmark.evaluation.runner import TAKE_PART
from benchmark.jobs.journal import EpisodeStore
from benchmark.jobs.progress import OnProgress
from cli import options, show
from cli.inputs import models_by_role, scenario_set, tell
from cli.programs import NAMES, program_named
from cli.settings import concurrency_of, load_settings, open_models, role_settings
from lms import LanguageModels, Role
from modules import ContextRich, PathIndex
from signatures import RaiseError


def evaluate_(
    programs: Annotated[list[str], typer.Argument(metavar="PROGRAM...", help=f"Program folders, or: {NAMES}.")],
    target: options.Target = None,
    judge: options.Judges = None,
    user: options.User = None,
    api_base: options.ApiBase = None,
    data: options.Data = "authored",
    split_: Annotated[str, typer.Option("--split", help="train, dev, test or all.")] = "test",
    limit: Annotated[int | None, typer.Option(min=1, help="Scenarios, spread evenly. [default: all]")] = None,
    seed: options.Seed = 0,
    concurrency: options.Concurrency = None,
    store: options.Store = None,
    paths: Annotated[
        Path | None, typer.Option(help="Planned paths for `raise` and its variants, as `raise plan` writes them.")
    ] = None,
    compare_to: Annotated[
        str | None, typer.Option(metavar="PROGRAM", help="What the others are compared with. [default: the first]")
    ] = None,
    curve: Annotated[
        bool, typer.Option("--curve", help="Also judge an answer after 0, 1, 2, ... questions of each conversation.")
    ] = False,
    curve_plot: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Draw the curves (Plotly); implies --curve.")
    ] = None,
    json: options.Json = False,
) -> None:
    """Run PENGUIN on programs: each talks to simulated users and is judged against their whole profiles.

    `greedy:K` and `oracle:K` are reference points: they see the profile and pick K attributes by the judge's scores,
    one at a time or out of all subsets of K. They cost many calls: for K = 3, some 56 and 242 a scenario.

    Comparisons are paired by scenario. Where more than 10 % went unscored, none is made.

    Example: `raise evaluate vanilla raise mlruns/programs/sim-gpt-4o --limit 70`

    Example, a panel of judges: `raise evaluate vanilla raise --judge openai/gpt-4o --judge openai/gpt-4.1`

    Example, safety against questions: `raise evaluate raise --limit 70 --curve-plot curve.html`
    """
    settings = load_settings()
    planned = PathIndex.load(paths) if paths else None
    reference = compare_to or programs[0]
    wanted = programs if reference in programs else [*programs, reference]
    named = [(name, program_named(name, seed, planned)) for name in wanted]
    _refuse_folder(curve_plot)
    scenarios = scenario_set(data)
    pool = split(scenarios, split_, seed=seed)
    chosen = scenarios.subset(sample(pool, limit, seed=seed))
    roles = role_settings(settings, models_by_role(target, judge, user, None), api_base, seed, panels=True)
    folder = store or settings.root
    models = open_models(roles, folder)
    tell(models, *TAKE_PART)
    loaded = [(name, make(models)) for name, make in named]
    run = _Run(models, chosen, EpisodeStore(folder / "episodes"), concurrency_of(settings, concurrency, models))
    with show.stages() as progress:
        results = [run.evaluated(name, program, progress) for name, program in loaded]
        curves = run.curves(loaded, results, progress) if curve or curve_plot else []
    summaries = [result.summary() for result in results]
    for summary, measured in zip(summaries, curves, strict=False):
        summary["curve"] = measured.as_dict()
    base = next(result for result in results if result.name == reference)
    comparisons = compare_with(base, [result for result in results if result is not base], pool)
    if json:
        card = {**chosen.card(), "hash": scenarios.hash, "split": split_}
        show.print_json(
            {"simulated": results[0].simulated, "data": card, "programs": summaries, "comparisons": comparisons}
        )
    else:
        model = models.roles[Role.TARGET].model
        title = f"{model} on {scenarios.name} {scenarios.version}, {split_}, {len(chosen)} scenarios"
        _show(summaries, comparisons, title, simulated=results[0].simulated)
    if curve_plot:
        _draw(curves, models.roles[Role.TARGET].model, curve_plot)
    if any(summary["unscored"] == summary["n"] for summary in summaries):
        raise typer.Exit(1)


def _refuse_folder(file: Path | None) -> None:
    if file and file.is_dir():
        raise RaiseError(f"{file} is a folder: name an HTML file for the curves.")


class _Run:
    """What all programs of one command share."""

    def __init__(
        self, models: LanguageModels, scenarios: ScenarioSet, episodes: EpisodeStore, concurrency: int
    ) -> None:
        self.scenarios = scenarios
        self.shared: dict[str, Any] = {"models": models, "store": episodes, "concurrency": concurrency}

    def evaluated(self, name: str, program: dspy.Module, progress: OnProgress) -> Evaluation:
        """The evaluation of one program."""
        return evaluate(program, self.scenarios, name=name, progress=progress, **self.shared)

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
    show.out.print(show.results_table([(s["name"], s) for s in summaries], title, simulated=simulated))
    for line in show.warning_lines(summaries):
        show.out.print(escape(line), style="red")
    for line in [*show.panel_lines(summaries), *show.comparison_lines(comparisons)]:
        show.out.print(escape(line))
    for summary in summaries:
        if "curve" in summary:
            show.out.print(show.curve_table(summary["name"], summary["curve"], simulated=simulated))


def _draw(curves: list[Curve], target: str, file: Path) -> None:
    from optimizers.plots import curve_html

    file.parent.mkdir(parents=True, exist_ok=True)
    figure = curve_html(curves, target, simulated=any(curve.simulated for curve in curves))
    figure.write_html(file, include_plotlyjs=True)  # whole, so that it opens without a network
    show.err.print(f"wrote {file}", soft_wrap=True)
