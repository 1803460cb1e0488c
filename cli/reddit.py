"""``raise data reddit``: dumps in, a scenario file and the account of all stages out, or a price forecast."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from benchmark.jobs.budget import Budget, check_prices, spending_limits
from benchmark.scenarios import reddit
from benchmark.scenarios.reddit import RedditSettings, Stage, SubredditTable
from cli import options, show
from cli.inputs import tell
from cli.settings import concurrency_of, load_settings, open_models, role_settings
from lms import LanguageModels, Role, RoleSettings

CALLS_A_POST = 3
SHOWN = 5
"""Reasons of a kind that the terminal shows."""


def data_reddit(
    dumps: Annotated[list[Path], typer.Argument(help="PushShift files of submissions (.ndjson or .zst).")],
    out: Annotated[Path, typer.Option(help="Scenario file to write (JSON Lines).")],
    teacher: Annotated[
        str | None, typer.Option(help="Model that reads and rewords posts. [default: sim/teacher]")
    ] = None,
    api_base: options.ApiBase = None,
    per_domain: Annotated[
        int, typer.Option(min=1, help="Posts of each field of life that the model reads, at most.")
    ] = 1000,
    at_least: Annotated[int, typer.Option(min=1, max=10, help="Attributes that a post must reveal, of ten.")] = 7,
    subreddits: Annotated[
        Path | None, typer.Option(help="Your own table of subreddits (TOML). [default: the one that ships]")
    ] = None,
    max_calls: Annotated[
        int | None, typer.Option(min=1, help="Start no further post after so many LM calls; stored replies are free.")
    ] = None,
    max_usd: Annotated[float | None, typer.Option(min=0, help="The same in US$, for models of known price.")] = None,
    seed: options.Seed = 0,
    concurrency: Annotated[
        int | None, typer.Option(min=1, help="Posts at once. [default: 1 simulated, 8 real]")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read the dumps, but only forecast calls, tokens, price; no key needed.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Make scenarios from posts: PushShift dumps, filtered, read by a model, reworded, without personal data.

    A cheap prefilter looks at every post; some of those that pass are drawn by chance. The model marks which of the ten
    attributes a post reveals; of a post that reveals enough it extracts profile and question, and words the question
    anew. Code checks that values rest on the post and that wordings don't repeat it.

    Run the same command again after a crash, Ctrl-C or a limit: it goes on where it stopped. `OUT.card.json` says how
    many posts each stage let through and why the others went. docs/reddit.md has what you may and should not do.

    Example: `raise data reddit RS_2022-01.zst RS_2022-02.zst --out reddit.jsonl --teacher openai/gpt-4o-mini`

    Example, what it would cost: `raise data reddit RS_2022-01.zst --out reddit.jsonl --teacher openai/gpt-4o-mini
    --dry-run`
    """
    wanted, limits = RedditSettings(per_domain, at_least, seed), spending_limits(max_calls, max_usd)
    reddit.check(dumps, wanted, out)
    table = reddit.subreddit_table(subreddits)
    settings = load_settings()
    roles = role_settings(settings, {Role.TEACHER: teacher}, api_base, seed)
    if dry_run:
        _forecast(dumps, table, wanted, {role: roles[role] for role in reddit.TAKE_PART}, json=json)
        return
    check_prices(limits, {role: roles[role] for role in reddit.TAKE_PART})
    models = open_models(roles, settings.root)
    tell(models, *reddit.TAKE_PART)
    with show.stages() as progress:
        built, card = reddit.make(
            dumps,
            table,
            wanted,
            out,
            models=models,
            concurrency=concurrency_of(settings, concurrency, models),
            budget=Budget(models.ledger, limits),
            progress=progress,
        )
    summary = _summary(built, card, models, out)
    if json:
        show.print_json(summary)
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
    from optimizers import forecast_work

    with show.stages() as progress:
        found = reddit.look(dumps, table, wanted, progress=progress)
        entries = forecast_work(
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
        show.print_json({**content, "roles": forecasts})
        return
    show.out.print(show.forecast_table(entries))
    show.out.print(
        f"{drawn} posts drawn. Stand-ins understand less than real models, which may pass more posts: up to "
        f"{CALLS_A_POST * drawn:,} calls if every post passes, and more where replies have to be asked for again."
    )


def _summary(built: reddit.Built, card: Mapping[str, Any], models: LanguageModels, out: Path) -> dict[str, Any]:
    counted = models.ledger.snapshot()
    total = counted.total()
    return {
        **{name: card[name] for name in ("simulated", "complete", "stopped", "unread", "kept_share", "yield")},
        "file": str(out),
        "card": str(reddit.Files(out).card),
        "data": card["scenarios"],
        "resumed": built.resumed,
        "failed": len(built.failed),
        "failures": [vars(failure) for failure in built.failed],
        "lm_calls": counted.calls(),
        "cost_usd": None if total.unpriced else round(total.cost_usd, 6),
    }


def _show(built: reddit.Built, summary: Mapping[str, Any]) -> None:
    yields = built.yields
    show.out.print(_yield_table(yields, simulated=summary["simulated"]))
    flaws = ", ".join(f"{count:,} {flaw.value}" for flaw, count in yields.flaws.most_common())
    show.out.print(f"{yields.lines:,} lines; {flaws or 'none of them broken'}")
    for reason, count in yields.reasons().most_common():
        show.out.print(f"  {count:>9,}  {reason.value}")
    if yields.refused:
        refused = ", ".join(f"{count} {reason}" for reason, count in yields.refused.most_common(SHOWN))
        show.out.print(f"attributes not taken: {refused}")
    for failure in built.failed[:SHOWN]:
        show.out.print(f"not read: {failure.domain}: {failure.reason}", style="red", markup=False)
    if summary["kept_share"]:
        mean, low, high = (100 * value for value in summary["kept_share"])
        show.out.print(f"{mean:.1f} % [{low:.1f}, {high:.1f}] of the posts that the model read became scenarios")
    spent = "" if summary["cost_usd"] is None else f", {summary['cost_usd']:.4f} US$"
    show.out.print(
        f"{len(built.scenarios)} scenarios; {built.resumed} posts were read before, {len(built.failed)} failed; "
        f"LM calls {sum(summary['lm_calls'].values())}{spent}"
    )
    if not built.complete:
        why = f"stopped at the limit: {built.stopped}" if built.stopped else f"{len(built.failed)} posts failed"
        show.out.print(f"{why}; the same command again goes on.", style="yellow")
    show.out.print(f"scenarios   {summary['file']}\ncard        {summary['card']}", soft_wrap=True)


def _yield_table(yields: reddit.Yields, *, simulated: bool) -> Table:
    """One row a stage, one column a domain."""
    caption = show.BANNER if simulated else None
    table = Table(title="Posts by stage", caption=caption, caption_style="bold red", title_justify="left")
    table.add_column("stage")
    domains = yields.domains()
    for heading in (*domains, "all"):
        table.add_column(heading, justify="right")
    for stage in Stage:
        counts = [yields.passed[name][stage] for name in domains]
        table.add_row(stage.value, *(f"{count:,}" for count in counts), f"{sum(counts):,}")
    return table
