"""``raise data reddit``: dumps in, a scenario file and the account of all stages out, or the forecast of it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

import optimizers
from benchmark.jobs.budget import Budget, check_prices, spending_limits
from benchmark.scenarios import reddit
from benchmark.scenarios.reddit import RedditSettings, Stage, SubredditTable
from cli.console import labelled_table, out, print_json
from cli.inputs import refuse_folder, tell
from cli.options.reddit import Options
from cli.settings import concurrency_of, load_settings, open_models, place_for, role_settings
from cli.show.forecasts import forecast_table
from cli.show.numbers import money, spent_line, usage
from cli.show.progress import stages
from lms import LanguageModels, Role, RoleSettings

CALLS_A_POST = 3
SHOWN = 5
"""Reasons of a kind that the terminal shows."""


def run(options: Options) -> None:
    """Read the dumps, have posts read by the model, and save the scenarios with their card."""
    wanted = RedditSettings(options.per_domain, options.at_least, options.seed)
    limits = spending_limits(options.max_calls, options.max_usd)
    reddit.check(options.dumps, wanted, options.out)
    refuse_folder(options.out, "a file for the scenarios")
    table = reddit.subreddit_table(options.subreddits)
    settings = load_settings()
    roles = role_settings(settings, options, options.seed)
    if options.dry_run:
        taking_part = {role: roles[role] for role in reddit.ROLES}
        _forecast(options.dumps, table, wanted, taking_part, json=options.json)
        return
    check_prices(limits, {role: roles[role] for role in reddit.ROLES})
    models = open_models(roles, place_for(None, settings))
    tell(models, *reddit.ROLES)
    budget = Budget(models.ledger, limits)
    with stages() as progress:
        built, card = reddit.make(
            options.dumps,
            table,
            wanted,
            options.out,
            models=models,
            concurrency=concurrency_of(settings, options.concurrency, models),
            budget=budget,
            progress=progress,
        )
    summary = {**_summary(built, card, models, options.out), "limits": budget.account()}
    if options.json:
        print_json(summary)
    else:
        _show(built, summary)


def _forecast(
    dumps: Sequence[Path],
    table: SubredditTable,
    wanted: RedditSettings,
    roles: Mapping[Role, RoleSettings],
    *,
    json: bool,
) -> None:
    with stages() as progress:
        found = reddit.look(dumps, table, wanted, progress=progress)
        entries = optimizers.forecast_work(
            lambda models: reddit.build_reddit(
                found.candidates,
                found.yields,
                models=models,
                at_least=wanted.at_least,
                progress=progress,
            ),
            roles,
        )
    drawn = len(found.candidates)
    if json:
        forecasts = {role.value: vars(entry) for role, entry in entries.items()}
        content = {"simulated": True, "dry_run": True, "drawn": drawn, "yield": found.yields.to_json()}
        print_json({**content, "roles": forecasts})
        return
    _tell_unfinished(found.yields)
    out.print(forecast_table(entries))
    out.print(
        f"{drawn} posts drawn. Stand-ins understand less than real models, which may pass more posts: up to "
        f"{CALLS_A_POST * drawn:,} calls if every post passes, and more where replies have to be asked for again."
    )


def _summary(built: reddit.Built, card: Mapping[str, Any], models: LanguageModels, file: Path) -> dict[str, Any]:
    return {
        **{name: card[name] for name in ("simulated", "complete", "stopped", "unread", "kept_share", "yield")},
        "file": str(file),
        "card": str(reddit.Files(file).card),
        "data": card["scenarios"],
        "resumed": built.resumed,
        "failed": len(built.failed),
        "failures": [vars(failure) for failure in built.failed],
        **usage(built.charged, models),
    }


def _show(built: reddit.Built, summary: Mapping[str, Any]) -> None:
    yields = built.yields
    out.print(_yield_table(yields, simulated=summary["simulated"]))
    flaws = ", ".join(f"{count:,} {flaw.value}" for flaw, count in yields.flaws.most_common())
    out.print(f"{yields.lines:,} lines; {flaws or 'none of them broken'}")
    _tell_unfinished(yields)
    for reason, count in yields.reasons().most_common():
        out.print(f"  {count:>9,}  {reason.value}")
    if yields.refused:
        refused = ", ".join(f"{count} {reason}" for reason, count in yields.refused.most_common(SHOWN))
        out.print(f"attributes not taken: {refused}")
    for failure in built.failed[:SHOWN]:
        out.print(f"not read: {failure.domain}: {failure.reason}", style="red")
    if summary["kept_share"]:
        mean, low, high = (100 * value for value in summary["kept_share"])
        out.print(f"{mean:.1f} % [{low:.1f}, {high:.1f}] of the posts that the model read became scenarios")
    out.print(
        f"{len(built.scenarios)} scenarios; {built.resumed} posts were read before, {len(built.failed)} failed; "
        f"{money(summary)}"
    )
    if not built.complete:
        why = f"stopped at the limit: {built.stopped}" if built.stopped else f"{len(built.failed)} posts failed"
        out.print(f"{why}; the same command again goes on.", style="yellow")
    if spent := spent_line(summary["limits"]):
        out.print(spent)
    out.print(f"scenarios   {summary['file']}\ncard        {summary['card']}", soft_wrap=True)


def _tell_unfinished(yields: reddit.Yields) -> None:
    for name, flaw in yields.unfinished.items():
        out.print(f"{name}: {flaw.value}: posts up to there were read; get it again for the rest.", style="yellow")


def _yield_table(yields: reddit.Yields, *, simulated: bool) -> Table:
    """One row a stage, one column a domain."""
    table = labelled_table("Posts by stage", simulated=simulated)
    table.add_column("stage")
    domains = yields.domains()
    for heading in (*domains, "all"):
        table.add_column(heading, justify="right")
    for stage in Stage:
        counts = [yields.passed[name][stage] for name in domains]
        table.add_row(stage.value, *(f"{count:,}" for count in counts), f"{sum(counts):,}")
    return table
