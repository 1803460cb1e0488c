"""``raise data generate``: options in, a set written by a model or its price forecast, a summary or JSON out."""

from pathlib import Path
from typing import Annotated, Any

import typer

from benchmark.jobs.budget import Budget, check_prices, spending_limits
from benchmark.jobs.journal import EpisodeStore
from benchmark.scenarios.sidecar import save_report
from benchmark.scenarios.synthetic import Generated, GenerateSettings, generate
from benchmark.scenarios.synthetic.build import TAKE_PART
from benchmark.scenarios.taxonomy import DOMAINS
from cli import options, show
from cli.inputs import models_by_role, tell
from cli.settings import concurrency_of, load_settings, open_models, role_settings
from lms import LanguageModels
from signatures import RaiseError

REASONS = 6


def generate_(
    out: Annotated[Path, typer.Option(help="Scenario file to write (JSON Lines).")],
    *,
    domains: Annotated[str, typer.Option(help="Fields of life, with commas between.")] = ",".join(DOMAINS),
    situations: Annotated[int, typer.Option(min=1, help="Situations a field.")] = 20,
    profiles: Annotated[int, typer.Option(min=1, help="People a situation.")] = 5,
    queries: Annotated[int, typer.Option(min=1, help="Questions a situation; everyone of its people asks each.")] = 10,
    teacher: Annotated[
        str | None,
        typer.Option("--teacher", "--builder", help="Model that writes: any dspy.LM string. [default: sim/teacher]"),
    ] = None,
    api_base: options.ApiBase = None,
    retries: Annotated[
        int, typer.Option(min=0, max=20, help="Times to ask again for what did not pass, with the faults named.")
    ] = 3,
    max_calls: Annotated[
        int | None, typer.Option(min=1, help="Make no further LM call after so many; stored replies are free.")
    ] = None,
    max_usd: Annotated[float | None, typer.Option(min=0, help="The same in US$, for models of known price.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same set (with stand-ins, or from stored replies).")] = 0,
    concurrency: Annotated[
        int | None,
        typer.Option(min=1, help="Situations at once; the set stays the same. [default: 1 simulated, 8 real]"),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only forecast calls, tokens, price, on stand-ins; no key needed.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Have a model write a scenario set: situations, people in them, and what they ask.

    What it writes is checked in code: people against the dependency graph, questions for anything that gives a person
    away or repeats another. What does not pass is asked for again, with the fault named; after `--retries` a person is
    repaired from the graph, and a question is dropped. `OUT.report.json` has the account.

    Run the same command again after a crash, Ctrl-C or a limit: it goes on where it stopped. Finished steps are in
    `OUT.journal`, and no reply is paid for twice.

    Example: `raise data generate --out mine.jsonl --domains health,financial --situations 3`

    Example, what it would cost: `raise data generate --out mine.jsonl --builder openai/gpt-4o-mini --dry-run`

    Example, for two dollars: `raise data generate --out mine.jsonl --builder openai/gpt-4o-mini --max-usd 2`
    """
    named = tuple(name.strip().lower() for name in domains.split(",") if name.strip())
    wanted = GenerateSettings(named, situations, profiles, queries, retries)
    limits = spending_limits(max_calls, max_usd)
    wanted.check()
    if out.is_dir():
        raise RaiseError(f"{out} is a folder: name a scenario file to write.")
    settings = load_settings()
    roles = role_settings(settings, models_by_role(None, None, None, teacher), api_base, seed)
    if dry_run:
        from optimizers import forecast_work  # noqa: PLC0415  heavy, and only a dry run needs it

        with show.stages() as progress:
            entries = forecast_work(
                lambda models: generate(wanted, models=models, seed=seed, progress=progress),
                {role: roles[role] for role in TAKE_PART},
            )
        show.forecast(entries, json=json)
        return
    check_prices(limits, {role: roles[role] for role in TAKE_PART})
    models = open_models(roles, settings.root)
    tell(models, *TAKE_PART)
    with show.stages() as progress:
        made = generate(
            wanted,
            models=models,
            seed=seed,
            concurrency=concurrency_of(settings, concurrency, models),
            progress=progress,
            journal=EpisodeStore(out.parent, f"{out.name}.journal"),
            budget=Budget(models.ledger, limits),
        )
    made.scenarios.save(out)
    summary = _summary(made, models, out, save_report(out, made.report))
    if json:
        show.print_json(summary)
    else:
        _show(summary)


def _summary(made: Generated, models: LanguageModels, out: Path, report: Path) -> dict[str, Any]:
    counted = models.ledger.snapshot()
    total = counted.total()
    kept = {name: value for name, value in made.report.items() if name not in ("made_of", "dropped", "schema")}
    return {
        **kept,
        "file": str(out),
        "report": str(report),
        "resumed": made.resumed,
        "stopped": made.stopped,
        "lm_calls": counted.calls(),
        "cost_usd": None if total.unpriced else round(total.cost_usd, 6),
    }


def _show(summary: dict[str, Any]) -> None:
    for kind, found in summary["written"].items():
        more = f", {found['repaired']} repaired" if found.get("repaired") else ""
        show.out.print(
            f"[bold]{kind}[/bold]: {found['kept']} of {found['wanted']}{more}; asked {found['asked']} times, "
            f"{found['asked_again']} of them again, {found['unreadable']} unreadable"
        )
        for reason, count in list(found["reasons"].items())[:REASONS]:
            show.out.print(f"  {count} x {reason}", markup=False)
    for failed in summary["failed"]:
        show.out.print(f"failed: {failed['what']}: {failed['reason']}", style="red", markup=False)
    spent = "" if summary["cost_usd"] is None else f", {summary['cost_usd']:.4f} US$"
    show.out.print(
        f"{summary['n']} scenarios in {summary['file']} (hash {summary['hash']}), report in {summary['report']}; "
        f"{summary['resumed']} steps done before, LM calls {sum(summary['lm_calls'].values())}{spent}"
    )
    if summary["simulated"]:
        show.out.print(
            "SIMULATED: a stand-in wrote this; it shows how the builder works and is no data set.", style="red"
        )
    if summary["stopped"]:
        show.warn(f"stopped at {summary['stopped']}; the same command goes on where this one stopped.")
