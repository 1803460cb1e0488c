"""``raise probe``: fixed items put to the model of each role; tables with verdicts, or JSON, and a file of settings."""

from pathlib import Path
from typing import Any

import typer

from benchmark.jobs.budget import check_prices, spending_limits
from benchmark.probe.limits import measures_of
from benchmark.probe.notes import FOLDER, keep_note, place_of, write_settings
from benchmark.probe.run import Probe, Probed, probe
from benchmark.probe.verdicts import Fitness, Verdict, count_of, threshold_for
from benchmark.statistics.intervals import number, wilson
from cli.command import NO_CONCLUSION
from cli.console import err, print_json
from cli.inputs import refuse_folder, refuse_unwritable, tell
from cli.options.probe import Options
from cli.settings import concurrency_of, load_settings, open_models, place_for, role_settings
from cli.show.numbers import usage
from cli.show.probes import show_probe
from cli.show.progress import stages
from lms import LanguageModels, Role

ORDER = (Role.TARGET, Role.JUDGE, Role.USER)


def run(options: Options) -> None:
    """Probe the models.

    Raises:
        typer.Exit: with 1 if a model gave no reply at all, with 3 if one is not fit or no verdict can be given.
    """
    settings = load_settings()
    all_roles = role_settings(settings, options, options.seed)
    named = tuple(role for role in ORDER if options.named(role.value))
    roles = {role: all_roles[role] for role in named or ORDER[:1]}
    limits = spending_limits(options.max_calls, options.max_usd)
    check_prices(limits, roles)
    place = place_for(options.store, settings)
    root = place.folder
    if options.out:
        refuse_folder(options.out, "a file for the settings")
    refuse_unwritable(root / FOLDER)
    models = open_models(roles, place)
    tell(models, *roles)
    with stages() as progress:
        found = probe(
            models,
            tuple(roles),
            journal=place.open_journal("waits", root / FOLDER, "waits.jsonl"),
            limits=limits,
            concurrency=concurrency_of(settings, options.concurrency, models),
            progress=progress,
        )
    file = _keep(found, models, root, options.out)
    document = _document(found, models, file)
    if options.json:
        print_json(document)
    else:
        show_probe(document)
    _end(found)


def _keep(found: Probe, models: LanguageModels, root: Path, out: Path | None) -> Path | None:
    """Write the note on the target and its settings; the file of these, if there is one."""
    target = next((one for one in found.roles if one.role is Role.TARGET), None)
    if target is None:
        return None
    verdict = target.overall()
    file = out or (place_of(root, target.model, ".toml") if verdict.settings else None)
    if file:
        write_settings(file, target.model, verdict, simulated=target.simulated)
        err.print(f"wrote {file}", soft_wrap=True)
    keep_note(root, models.roles[Role.TARGET], verdict, file)
    return file


def _end(found: Probe) -> None:
    if any(one.silent for one in found.roles):
        raise typer.Exit(1)
    if any(one.overall().fitness in {Fitness.UNFIT, Fitness.UNDECIDED} for one in found.roles):
        raise typer.Exit(NO_CONCLUSION)


def _document(found: Probe, models: LanguageModels, file: Path | None) -> dict[str, Any]:
    """What ``--json`` prints."""
    return {
        "simulated": any(one.simulated for one in found.roles),
        "fit": all(one.overall().fitness in {Fitness.FIT, Fitness.SETTINGS} for one in found.roles),
        "roles": {one.role.value: _role(one, found) for one in found.roles},
        "settings_file": str(file) if file else None,
        **usage(found.charged, models),
        "limits": found.limits,
    }


def _role(one: Probed, found: Probe) -> dict[str, Any]:
    used = found.charged.roles.get(one.role)
    return {
        "model": one.model,
        "simulated": one.simulated,
        **_verdict(one.overall()),
        "checks": {check: _check(one, check, verdict) for check, verdict in one.verdicts().items()},
        "unanswered": sum(each.missing for each in one.findings.values()),
        "unanswered_reasons": dict(list(one.problems.items())[:3]),
        "calls": used.calls if used else 0,
        "input_tokens": used.input_tokens if used else 0,
        "output_tokens": used.output_tokens if used else 0,
        "cost_usd": used.known_cost_usd if used else 0.0,
        "seconds_per_call": one.waiting(),
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {"verdict": str(verdict.fitness), "reasons": list(verdict.reasons), "settings": dict(verdict.settings)}


def _check(one: Probed, check: str, verdict: Verdict) -> dict[str, Any]:
    found = one.findings[check]
    threshold = threshold_for(found.counts)
    measures = {}
    for measure in measures_of(check):
        part, whole = count_of(measure, found.counts, threshold)
        lo, hi = wilson(part, whole) or (None, None)
        measures[measure.name] = {
            "counts": measure.counts,
            "part": part,
            "whole": whole,
            "share": number(part / whole) if whole else None,
            "share_lo": None if lo is None else number(lo),
            "share_hi": None if hi is None else number(hi),
            "least": measure.least,
            "most": measure.most,
            "wanted": measure.wanted,
        }
    return {
        **_verdict(verdict),
        "items": found.items,
        "unanswered": found.missing,
        "measures": measures,
        "examples": list(one.examples[check]),
    }
