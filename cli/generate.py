"""``raise data generate``: a scenario set written by a model, or the forecast of it."""

from pathlib import Path
from typing import Any

import optimizers
from benchmark.jobs.budget import Budget, check_prices, spending_limits
from benchmark.jobs.journal import Journal
from benchmark.scenarios.sidecar import save_report, sidecar
from benchmark.scenarios.synthetic import Generated, GenerateSettings, generate
from benchmark.scenarios.synthetic.build import ROLES
from benchmark.scenarios.taxonomy import field_names
from cli.console import out, print_json, warn
from cli.inputs import refuse_folder, tell
from cli.options.generate import Options
from cli.settings import concurrency_of, load_settings, open_models, place_for, role_settings
from cli.show.forecasts import show_forecast
from cli.show.numbers import money, spent_line, usage
from cli.show.progress import stages
from lms import LanguageModels, Role, RoleSettings
from modules.files import keeping

REASONS = 6
"""Reasons of a kind that the terminal shows."""


def run(options: Options) -> None:
    """Have the set written, and save it with its report."""
    file, seed = options.out, options.seed
    wanted = _wanted(options)
    limits = spending_limits(options.max_calls, options.max_usd)
    wanted.check()
    refuse_folder(file, "a scenario file to write")
    settings = load_settings()
    roles = role_settings(settings, options, seed)
    if options.dry_run:
        _forecast(wanted, {role: roles[role] for role in ROLES}, seed, json=options.json)
        return
    check_prices(limits, {role: roles[role] for role in ROLES})
    models = open_models(roles, place_for(None, settings))
    tell(models, *ROLES)
    budget = Budget(models.ledger, limits)
    with stages() as progress:
        made = generate(
            wanted,
            models=models,
            seed=seed,
            concurrency=concurrency_of(settings, options.concurrency, models),
            progress=progress,
            journal=Journal(file.parent, f"{file.name}.journal"),
            budget=budget,
        )
    with keeping(file, sidecar(file)):
        made.scenarios.save(file)
        report = save_report(file, made.report)
    summary = {**_summary(made, models, file, report), "limits": budget.account()}
    if options.json:
        print_json(summary)
    else:
        _show(summary)


def _wanted(options: Options) -> GenerateSettings:
    named = options.domains if options.domains is not None else ",".join(field_names())
    domains = tuple(name.strip().lower() for name in named.split(",") if name.strip())
    sizes = (options.situations, options.profiles, options.queries, options.retries)
    return GenerateSettings(domains, *sizes, language=options.language or "")


def _forecast(wanted: GenerateSettings, roles: dict[Role, RoleSettings], seed: int, *, json: bool) -> None:
    with stages() as progress:
        entries = optimizers.forecast_work(
            lambda models: generate(wanted, models=models, seed=seed, progress=progress), roles
        )
    show_forecast(entries, json=json)


def _summary(made: Generated, models: LanguageModels, file: Path, report: Path) -> dict[str, Any]:
    kept = {name: value for name, value in made.report.items() if name not in ("made_of", "dropped", "schema")}
    return {
        **kept,
        "file": str(file),
        "report": str(report),
        "resumed": made.resumed,
        "stopped": made.stopped,
        **usage(made.charged, models),
    }


def _show(summary: dict[str, Any]) -> None:
    for kind, found in summary["written"].items():
        more = f", {found['repaired']} repaired" if found.get("repaired") else ""
        out.print(
            f"{kind}: {found['kept']} of {found['wanted']}{more}; asked {found['asked']} times, "
            f"{found['asked_again']} of them again, {found['unreadable']} unreadable"
        )
        for reason, count in list(found["reasons"].items())[:REASONS]:
            out.print(f"  {count} x {reason}")
    for failed in summary["failed"]:
        out.print(f"failed: {failed['what']}: {failed['reason']}", style="red")
    out.print(
        f"{summary['n']} scenarios in {summary['file']} (hash {summary['hash']}), report in {summary['report']}; "
        f"{summary['resumed']} steps done before, {money(summary)}"
    )
    if spent := spent_line(summary["limits"]):
        out.print(spent)
    if summary["simulated"]:
        out.print("SIMULATED: a stand-in wrote this; it shows how the builder works and is no data set.", style="red")
    if summary["stopped"]:
        warn(f"stopped at {summary['stopped']}; the same command goes on where this one stopped.")
