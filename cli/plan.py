"""``raise plan``: options in, paths planned or their price forecast, a table or JSON out."""

from pathlib import Path
from typing import Annotated, Any, cast

import typer

from benchmark import bootstrap_mean, split
from benchmark.jobs.budget import Budget, check_prices, spending_limits
from benchmark.jobs.journal import EpisodeStore
from benchmark.planning.knowledge import KnowledgeFile
from benchmark.planning.plan import TAKE_PART, Plan, PlanSettings, plan
from benchmark.statistics.intervals import number
from cli import options, show
from cli.inputs import models_by_role, scenario_set, tell
from cli.settings import concurrency_of, load_settings, open_models, role_settings
from lms import LanguageModels
from modules.offline import People
from modules.search import Strategy
from signatures import RaiseError

EXAMPLES = 7


def plan_(
    out: Annotated[Path, typer.Option(help="File for the planned paths (JSON Lines).")],
    target: options.Target = None,
    judge: options.Judge = None,
    api_base: options.ApiBase = None,
    data: options.Data = "authored",
    split_: Annotated[str, typer.Option("--split", help="Where queries come from: train, dev, test or all.")] = "train",
    queries: Annotated[int, typer.Option(min=1, help="Queries to plan for, spread over fields of life.")] = 56,
    evaluations: Annotated[
        int, typer.Option(min=1, help="Rollouts a query at most: one answer and one judgement each.")
    ] = 15,
    depth: Annotated[int, typer.Option(min=1, max=10, help="Longest path.")] = 4,
    strategy: Annotated[str, typer.Option(help="lattice (ours), guided (the paper's), uct (no prior).")] = "lattice",
    people: Annotated[
        str, typer.Option(help="Plan for 'all' who could have asked the query, or for 'one' of them (the paper's way).")
    ] = "all",
    pool: Annotated[
        bool, typer.Option("--pool/--no-pool", help="Let queries learn from those of their field planned before.")
    ] = True,
    knowledge: Annotated[
        Path | None, typer.Option(help="File of pooled knowledge (JSON): start from it, and write it back at the end.")
    ] = None,
    max_calls: Annotated[
        int | None, typer.Option(min=1, help="Start no further query after so many LM calls; stored replies are free.")
    ] = None,
    max_usd: Annotated[float | None, typer.Option(min=0, help="The same in US$, for models of known price.")] = None,
    at_once: Annotated[
        int, typer.Option(min=1, help="Evaluations of one query at once: quicker, but each knows less of the others.")
    ] = 1,
    seed: options.Seed = 0,
    concurrency: Annotated[
        int | None, typer.Option(min=1, help="Queries at once; the paths stay the same. [default: 1 simulated, 8 real]")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only forecast calls, tokens, price, on stand-ins; no key needed.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Plan offline which attributes are worth asking about, for the queries of a split.

    The target ranks the attributes once a query. Then it answers the query from parts of a profile, drawn from the
    people who could have asked it; the judge scores each answer against the whole profile; the search turns the scores
    into a path, best question first.

    Run the same command again after a crash, Ctrl-C or a limit: it goes on where it stopped. Finished queries are in
    `OUT.journal`, and no reply is paid for twice.

    Example: `raise plan --out paths.jsonl --queries 20`

    Example, what it would cost: `raise plan --out paths.jsonl --target openai/gpt-4o-mini --judge openai/gpt-4o
    --dry-run`

    Example, for two dollars: `raise plan --out paths.jsonl --target openai/gpt-4o-mini --judge openai/gpt-4o
    --max-usd 2`
    """
    wanted = PlanSettings(
        queries, evaluations, depth, cast(Strategy, strategy), pool, cast(People, people), evaluations_at_once=at_once
    )
    limits = spending_limits(max_calls, max_usd)
    pooled = KnowledgeFile(knowledge) if knowledge else None
    wanted.check(pooled)
    if out.is_dir():
        raise RaiseError(f"{out} is a folder: name a file for the planned paths.")
    settings = load_settings()
    scenarios = split(scenario_set(data), split_, seed=seed)
    roles = role_settings(settings, models_by_role(target, judge, None, None), api_base, seed)
    if dry_run:
        from optimizers import forecast_work

        with show.stages() as progress:
            entries = forecast_work(
                lambda models: plan(
                    scenarios,
                    wanted,
                    models=models,
                    seed=seed,
                    progress=progress,
                ),
                {role: roles[role] for role in TAKE_PART},
            )
        show.forecast(entries, json=json)
        return
    check_prices(limits, {role: roles[role] for role in TAKE_PART})
    models = open_models(roles, settings.root)
    tell(models, *TAKE_PART)
    with show.stages() as progress:
        planned = plan(
            scenarios,
            wanted,
            models=models,
            seed=seed,
            concurrency=concurrency_of(settings, concurrency, models),
            progress=progress,
            journal=EpisodeStore(out.parent, f"{out.name}.journal"),
            knowledge=pooled,
            budget=Budget(models.ledger, limits),
        )
    planned.paths.save(out)
    summary = _summary(planned, models, out)
    if json:
        show.print_json(summary)
    else:
        _show(planned, summary)


def _summary(planned: Plan, models: LanguageModels, out: Path) -> dict[str, Any]:
    paths = planned.paths.paths
    value = bootstrap_mean([path.value for path in paths], [path.origin for path in paths])
    counted = models.ledger.snapshot()
    total = counted.total()
    return {
        "simulated": models.simulated(*TAKE_PART),
        "file": str(out),
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
        "lm_calls": counted.calls(),
        "cost_usd": None if total.unpriced else round(total.cost_usd, 6),
    }


def _show(planned: Plan, summary: dict[str, Any]) -> None:
    show.out.print(show.paths_table(planned.paths.paths[:EXAMPLES], len(planned.paths), simulated=summary["simulated"]))
    for failure in planned.failed:
        show.out.print(f"not planned: {failure.query}: {failure.reason}", style="red", markup=False)
    spent = "" if summary["cost_usd"] is None else f", {summary['cost_usd']:.4f} US$"
    show.out.print(
        f"{summary['planned']} planned ({summary['resumed']} of them before), {summary['failed']} failed; "
        f"{summary['evaluations']} evaluations, {summary['failed_evaluations']} of them failed; "
        f"LM calls {sum(summary['lm_calls'].values())}{spent}"
    )
    show.out.print(f"mean planned safety {show.figure(summary, 'mean_value')} (what the search expects of its paths)")
    if planned.stopped:
        show.out.print(f"stopped at the limit: {planned.stopped}; the same command again goes on.", style="yellow")
    show.out.print(f"paths       {summary['file']}", soft_wrap=True)
