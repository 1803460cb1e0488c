"""What a compile leaves behind: the figures, the folder with the chosen program and the whole front, and, while it is
unfinished, a note beside that folder that says what is being compiled, so that nothing else is by mistake.
"""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmark import Evaluation, ScenarioSet
from benchmark.jobs.environment import environment
from benchmark.statistics.intervals import number
from lms import LanguageModels, Role
from modules.files import parse_json, write_whole
from optimizers.export import export_program
from optimizers.front import hypervolume
from optimizers.task import Search
from signatures import RaiseError

SCHEMA = 1
NOTE_SCHEMA = 2
"""2: trials are kept in a journal, and the default pick has another name."""
BASELINES = ("vanilla", "context-rich", "raise")
"""``raise`` is the uncompiled program, with its planned paths."""
LABELS = {"raise": "raise (uncompiled)"}
"""How people are shown a baseline, where that is not its name."""
EXPORTS = {"md": "markdown", "json": "json"}
"""File ending -> export format of the prompts in a program folder."""


@dataclass(frozen=True)
class MlflowRun:
    """An MLflow run, by ids."""

    experiment_id: str
    run_id: str


@dataclass(frozen=True)
class Compiled:
    """Everything a compile found out.

    Attributes:
        tests: evaluations on held-out test by name: ``BASELINES`` and the members of the front.
        chosen: index of the default program in ``search.front``.
        resumable: whether a limit ended the search, so that the same command carries it on.
        issues: what went wrong on the way and was lived with, by kind.
        search_replies: replies that planning and search took, paid for or reused.
    """

    config: str
    params: Mapping[str, Any]
    tags: Mapping[str, str]
    data: ScenarioSet
    models: LanguageModels
    search: Search
    tests: Mapping[str, Evaluation]
    chosen: int
    resumable: bool = False
    issues: Mapping[str, int] = field(default_factory=dict)
    search_replies: int = 0


@dataclass(frozen=True)
class TargetResult:
    """What compiling for one target gave.

    Attributes:
        folder: the program folder.
        figures: the object that ``raise compile --json`` prints for this target.
        reused: whether an earlier compile of the same configuration was found.
    """

    folder: Path
    figures: dict[str, Any]
    reused: bool


def find_finished(folder: Path, config: str) -> TargetResult | None:
    """The result of an earlier compile of the same configuration that no limit cut short, or None."""
    try:
        figures = parse_json((folder / "result.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(figures, dict):
        return None
    same = figures.get("schema") == SCHEMA and figures.get("config") == config and not figures.get("resumable")
    return TargetResult(folder, figures, reused=True) if same else None


def write_folder(compiled: Compiled, out: Path, run: MlflowRun) -> tuple[dict[str, Any], Path]:
    """Write programs, cards, prompts and figures to a folder beside ``out``; ``publish`` puts it in place.

    Returns:
        The figures, with paths as they will be once published, and the folder.
    """
    folder = out.with_name(f"{out.name}.{os.getpid()}.partial")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    figures = _figures(compiled, out, run)
    machine = environment()
    for i, (candidate, entry) in enumerate(zip(compiled.search.front, figures["front"], strict=True)):
        card = _card(compiled, entry, machine)
        exports = {f"prompts.{end}": export_program(candidate.program, form) for end, form in EXPORTS.items()}
        places = [folder / "front" / candidate.name] + ([folder] if i == compiled.chosen else [])
        for place in places:
            place.mkdir(parents=True, exist_ok=True)
            _write_json(place / "card.json", card)
            candidate.program.save(place)
            for name, text in exports.items():
                (place / name).write_text(text, encoding="utf-8")
    _write_json(folder / "result.json", figures)
    if compiled.search.components:
        _write_json(folder / "components.json", compiled.search.components)
    return figures, folder


def publish(folder: Path, out: Path) -> None:
    """Put a finished folder in place of ``out``."""
    old = out.with_name(out.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        out.rename(old)
    folder.rename(out)
    shutil.rmtree(old, ignore_errors=True)


def _figures(compiled: Compiled, out: Path, run: MlflowRun) -> dict[str, Any]:
    tests, front = compiled.tests, compiled.search.front
    uncompiled, chosen = tests["raise"], tests[front[compiled.chosen].name]
    entries = []
    for candidate in front:
        dev = {name: number(value) for name, value in zip(("safety", "avg_queries"), candidate.point, strict=True)}
        place = str(out / "front" / candidate.name)
        entries.append({"program": place, **tests[candidate.name].summary(), "params": candidate.params, "dev": dev})
    points = [(entry["safety"], entry["avg_queries"]) for entry in entries if entry["safety"] is not None]
    usage = compiled.models.ledger.snapshot()
    total = usage.total()
    return {
        "schema": SCHEMA,
        "config": compiled.config,
        "simulated": compiled.models.simulated(),
        "target": compiled.params["target"],
        "front": entries,
        "chosen": str(out),
        "chosen_name": front[compiled.chosen].name,
        "baselines": {name: tests[name].summary() for name in BASELINES},
        "gain": {
            "compiled minus uncompiled": _comparison(chosen, uncompiled),
            "uncompiled minus vanilla": _comparison(uncompiled, tests["vanilla"]),
        },
        "hypervolume": number(hypervolume(points)),
        "optimizer": compiled.params["optimizer"],
        "search_replies": compiled.search_replies,
        "trials": len(compiled.search.trials),
        "stopped": compiled.search.stopped,
        "resumable": compiled.resumable,
        "account": dict(compiled.issues),
        "lm_calls": usage.calls(),
        "reused_replies": total.reused,
        "cost_usd": total.known_cost_usd,
        "mlflow": {"experiment_id": run.experiment_id, "run_id": run.run_id},
    }


def _comparison(this: Evaluation, other: Evaluation) -> dict[str, Any]:
    """Paired differences; withheld, with the reason, where too much went unscored."""
    why = this.no_conclusion or other.no_conclusion
    if why:
        nothing = {"mean": None, "lo": None, "hi": None}
        return {"no_conclusion": why, "safety": nothing, "avg_queries": nothing}
    difference = this.compare(other)
    return {
        name: {key: number(value) if isinstance(value, float) else value for key, value in asdict(interval).items()}
        for name, interval in (("safety", difference.safety), ("avg_queries", difference.n_queries))
    }


def _card(compiled: Compiled, entry: Mapping[str, Any], machine: Mapping[str, Any]) -> dict[str, Any]:
    """All that a rerun needs, without keys."""
    return {
        "simulated": compiled.models.simulated(),
        "target": compiled.params["target"],
        "judge": compiled.params["judge"],
        "seed": compiled.params["seed"],
        "data": compiled.data.card(),
        "roles": {role.value: compiled.models.roles[role].described() for role in Role},
        "compile": dict(compiled.params),
        "config": compiled.config,
        "metrics": dict(entry),
        "environment": dict(machine),
    }


def _write_json(file: Path, content: Mapping[str, Any]) -> None:
    file.write_text(json.dumps(content, indent=2, default=str) + "\n", encoding="utf-8")


def unfinished_note(out: Path) -> Path:
    """Where the note of an unfinished compile into ``out`` is."""
    return out.with_name(out.name + ".unfinished.json")


def begin_compile(out: Path, configuration: Mapping[str, Any], *, force: bool = False) -> None:
    """Note that ``configuration`` is being compiled into ``out``.

    Args:
        force: give up what another configuration, or an earlier version, has begun there.

    Raises:
        RaiseError: if an unfinished compile of another configuration is there, and names what differs; or one that an
            earlier version has begun, whose trials cannot be read any more.
    """
    note = unfinished_note(out)
    content = json.loads(json.dumps({"schema": NOTE_SCHEMA, "configuration": configuration}, default=str))
    known = _read_note(note)
    if known is not None and not force:
        if known["schema"] != NOTE_SCHEMA:
            raise RaiseError(
                f"an unfinished compile for {out} was begun by an earlier version, and its trials (by default in "
                "studies.db) are not read any more: --force starts anew, from the replies that are paid for."
            )
        if changed := list_differences(known["configuration"], content["configuration"]):
            raise RaiseError(
                f"an unfinished compile for {out} has other settings ({'; '.join(changed)}): give those again to go "
                "on with it, or --force to start anew."
            )
    write_whole(note, json.dumps(content, indent=2) + "\n")


def end_compile(out: Path) -> None:
    """The compile into ``out`` is done."""
    unfinished_note(out).unlink(missing_ok=True)


def list_differences(before: Mapping[str, Any], now: Mapping[str, Any], prefix: str = "") -> list[str]:
    """``name: before -> now`` for every entry that differs, nested ones by their full name."""
    found = []
    for name in sorted({*before, *now}):
        old, new = before.get(name), now.get(name)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            found += list_differences(old, new, f"{prefix}{name}.")
        elif old != new:
            found.append(f"{prefix}{name}: {old} -> {new}")
    return found


def _read_note(note: Path) -> dict[str, Any] | None:
    """The note; None if there is none that can be read."""
    try:
        content = parse_json(note.read_text(encoding="utf-8"))
        readable = isinstance(content["configuration"], dict) and isinstance(content["schema"], int)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return content if readable else None
