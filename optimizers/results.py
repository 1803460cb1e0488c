"""What a compile leaves behind: the figures, the folder with the chosen program and the whole front, and, while it is
unfinished, a note beside that folder that says what is being compiled, so that nothing else is by mistake.

A finished program is never overwritten: ``modules.versions`` keeps it when another takes its place.
"""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from benchmark import Evaluation
from benchmark.jobs.environment import environment, process_usage
from benchmark.statistics.intervals import number
from lms import Role
from modules.files import parse_json, write_whole
from modules.folder import CARD, FRONT, PATHS, STATE
from modules.versions import former_versions, put_in_place, versions_of
from optimizers.changes import compare_values
from optimizers.compiled import Compiled
from optimizers.front import Point, hypervolume
from optimizers.pairs import COMPARED, pairs_of
from optimizers.plots.files import PARETO, write_pareto
from optimizers.plots.points import Kind, PlotPoint
from optimizers.portable.formats import export_program
from optimizers.task import Candidate, cost_column
from optimizers.tracking.collect import record_of
from optimizers.tracking.episodes import summary_of
from optimizers.tracking.names import LABELS
from optimizers.tracking.record import RUNS, MlflowRun
from signatures import RaiseError
from signatures.private import private_folder

SCHEMA = 1
NOTE_SCHEMA = 2
"""2: trials are kept in a journal, and the default pick has another name."""
BASELINES = ("vanilla", "context-rich", "raise")
"""``raise`` is the uncompiled program, with its planned paths."""
EXPORTS = {"md": "markdown", "json": "messages"}
"""File ending -> export format of the prompts in a program folder."""
RESULT, COMPONENTS = "result.json", "components.json"
PICTURE, INTERACTIVE = "pareto.png", "pareto.html"
COORDINATES = ("safety", "avg_queries", "cost")
"""Names of a point's numbers on dev; the last is there if cost is an objective."""
OURS = frozenset(
    {STATE, PATHS, CARD, RESULT, FRONT, COMPONENTS, RUNS, COMPARED, *PARETO, *(f"prompts.{end}" for end in EXPORTS)}
)
"""All that a compile writes into a program folder."""


@dataclass(frozen=True)
class TargetResult:
    """What compiling for one target gave.

    Attributes:
        folder: the program folder.
        figures: the object that ``raise compile --json`` prints for this target.
        reused: whether an earlier compile of the same configuration was found.
        former: where the program is kept whose place this one took, if there was one.
        untracked: why the result could not be recorded in MLflow; empty if it was.
    """

    folder: Path
    figures: dict[str, Any]
    reused: bool
    former: Path | None = None
    untracked: str = ""

    @property
    def tracked(self) -> bool:
        """Whether MLflow has the result."""
        return self.figures["mlflow"] is not None


def check_place(out: Path, *, force: bool = False) -> None:
    """Make sure that a program can be put into ``out``.

    Args:
        force: move what others have put there to the former versions.

    Raises:
        RaiseError: if it is a file, or a folder that holds what no compile wrote.
    """
    if out.exists() and not out.is_dir():
        raise RaiseError(f"{out} is a file: name another folder for programs (--out).")
    names = {file.name for file in out.iterdir() if not file.name.startswith(".")} if out.is_dir() else set()
    if force or not names or (names <= OURS and RESULT in names):
        return
    raise RaiseError(
        f"{out} holds what raise compile did not write ({min(names - OURS or names)}): name another folder for "
        f"programs (--out), or --force to move all of it to {versions_of(out)}."
    )


def read_result(folder: Path) -> dict[str, Any] | None:
    """The figures in a program folder, with paths as they are now; None if there are none that can be read."""
    try:
        figures = parse_json((folder / RESULT).read_text(encoding="utf-8"))
        return _located(figures, folder) if figures["schema"] == SCHEMA else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _located(figures: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Figures with the paths of programs, which ``result.json`` leaves out, since folders are moved."""
    front = [{**entry, "program": str(folder / FRONT / entry["name"])} for entry in figures["front"]]
    return {**figures, "front": front, "chosen": str(folder)}


def find_finished(out: Path, config: str) -> TargetResult | None:
    """The result of an earlier compile of the same configuration that no limit cut short, or None.

    It is looked for among the former versions, too.
    """
    for folder in (out, *reversed(former_versions(out))):
        figures = read_result(folder)
        if figures and figures.get("config") == config and not figures.get("resumable"):
            return TargetResult(folder, figures, reused=True)
    return None


def put_back(found: TargetResult, out: Path) -> TargetResult:
    """The same result with its folder as the current program."""
    if found.folder == out:
        return found
    former = put_in_place(found.folder, out)
    return replace(found, folder=out, figures=_located(found.figures, out), former=former)


def publish(compiled: Compiled, out: Path) -> TargetResult:
    """Write programs, cards, prompts, figures and picture to a folder, then put it in place of ``out`` as a whole."""
    figures = _figures(compiled)
    folder = _write_folder(compiled, figures, out)
    former = put_in_place(folder, out)
    return TargetResult(out, _located(figures, out), reused=False, former=former)


def ensure_record(compiled: Compiled, result: TargetResult) -> None:
    """Write what MLflow is to know beside a program that an earlier version published without it."""
    if not (result.folder / RUNS).is_file():
        record_of(compiled, result.figures, environment(), process_usage()).write(result.folder)


def mark_tracked(result: TargetResult, run: MlflowRun) -> TargetResult:
    """Note in the program folder that MLflow has the result."""
    content = json.loads((result.folder / RESULT).read_text(encoding="utf-8"))
    if content["config"] == result.figures["config"]:  # otherwise another program is in its place by now
        _write_json(result.folder / RESULT, {**content, "mlflow": asdict(run)})
    return replace(result, figures={**result.figures, "mlflow": asdict(run)})


def _write_folder(compiled: Compiled, figures: Mapping[str, Any], out: Path) -> Path:
    folder = out.with_name(f"{out.name}.{os.getpid()}.partial")
    shutil.rmtree(folder, ignore_errors=True)
    private_folder(folder)
    machine = environment()
    for i, (candidate, entry) in enumerate(zip(compiled.search.front, figures["front"], strict=True)):
        card = _card(compiled, entry, machine)
        exports = {
            f"prompts.{end}": export_program(candidate.program, form, card=card, name=out.name)
            for end, form in EXPORTS.items()
        }
        for place in [folder / FRONT / candidate.name] + ([folder] if i == compiled.chosen else []):
            _write_json(private_folder(place) / CARD, card)
            candidate.program.save(place)
            for name, text in exports.items():
                write_whole(place / name, text, private=True)
    if compiled.search.components:
        _write_json(folder / COMPONENTS, compiled.search.components)
    target, simulated = str(compiled.params["target"]), compiled.models.simulated()
    write_pareto(plot_points(compiled), target, folder, simulated=simulated)
    pairs_of(compiled).write(folder)
    record_of(compiled, figures, machine, process_usage()).write(folder)
    _write_json(folder / RESULT, figures)
    return folder


def plot_points(compiled: Compiled) -> list[PlotPoint]:
    """The points of the picture: front and baselines on test, trials on dev."""
    front = compiled.search.front
    kinds: dict[str, Kind] = {**{candidate.name: "front" for candidate in front}, "context-rich": "ceiling"}
    points = [
        PlotPoint(
            LABELS.get(name, name),
            e.mean("safety"),
            e.mean("n_queries").mean,
            kinds.get(name, "baseline"),
            chosen=name == front[compiled.chosen].name,
        )
        for name, e in compiled.tests.items()
    ]
    points += [PlotPoint(t.name, t.dev.mean("safety"), t.point[1], "trial") for t in compiled.search.trials]
    return points


def _figures(compiled: Compiled) -> dict[str, Any]:
    """The figures, without paths, and not tracked yet."""
    tests, front = compiled.tests, compiled.search.front
    uncompiled, chosen = tests["raise"], tests[front[compiled.chosen].name]
    summaries = {name: summary_of(evaluation, compiled.logged) for name, evaluation in tests.items()}
    entries = []
    for candidate in front:
        dev = {name: number(value) for name, value in zip(COORDINATES, candidate.point, strict=False)}
        entries.append({**summaries[candidate.name], "params": candidate.params, "dev": dev})
    points = [_tested_point(candidate, tests) for candidate in front]
    charged, now = compiled.models.store.usage_of(compiled.job), compiled.models.ledger.snapshot().total()
    return {
        "schema": SCHEMA,
        "config": compiled.config,
        "simulated": compiled.models.simulated(),
        "target": compiled.params["target"],
        "front": entries,
        "chosen_name": front[compiled.chosen].name,
        "baselines": {name: summaries[name] for name in BASELINES},
        "gain": {
            "compiled minus uncompiled": _comparison(chosen, uncompiled),
            "uncompiled minus vanilla": _comparison(uncompiled, tests["vanilla"]),
        },
        "objective": compiled.params["objective"],
        "hypervolume": number(hypervolume(points)),
        "optimizer": compiled.params["optimizer"],
        "search_replies": compiled.search_replies,
        "trials": len(compiled.search.trials),
        "stopped": compiled.search.stopped,
        "limits": {name: dict(entry) for name, entry in compiled.limits.items()},
        "resumable": compiled.resumable,
        "account": dict(compiled.issues),
        "lm_calls": charged.calls(),
        "reused_replies": now.reused,
        "cost_usd": charged.total().known_cost_usd,
        "mlflow": None,
    }


def _tested_point(candidate: Candidate, tests: Mapping[str, Evaluation]) -> Point:
    """The candidate's point on held-out test, its cost told by that of the uncompiled program there."""
    test, uncompiled = tests[candidate.name], tests["raise"]
    unit = None if candidate.unit is None else uncompiled.average(cost_column(uncompiled))
    return replace(candidate, dev=test, unit=unit).point


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
    write_whole(file, json.dumps(content, indent=2, default=str) + "\n", private=True)


def unfinished_note(out: Path) -> Path:
    """Where the note of an unfinished compile into ``out`` is."""
    return out.with_name(out.name + ".unfinished.json")


def begin_compile(out: Path, configuration: Mapping[str, Any], job: str, *, force: bool = False) -> str:
    """Note that ``configuration`` is being compiled into ``out``.

    Args:
        job: what its calls are charged to.
        force: give up what another configuration, or an earlier version, has begun there.

    Returns:
        The job that its calls are charged to: that of the compile which it goes on with, else ``job``.

    Raises:
        RaiseError: if an unfinished compile of another configuration is there, and names what differs; or one that an
            earlier version has begun, whose trials cannot be read any more.
    """
    note = unfinished_note(out)
    content = json.loads(json.dumps({"schema": NOTE_SCHEMA, "configuration": configuration}, default=str))
    known = _read_note(note)
    if known is not None and known["configuration"] == content["configuration"]:
        job = str(known.get("job", job))
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
    private_folder(note.parent)
    write_whole(note, json.dumps({**content, "job": job}, indent=2) + "\n", private=True)
    return job


def end_compile(out: Path) -> None:
    """The compile into ``out`` is done."""
    unfinished_note(out).unlink(missing_ok=True)


def list_differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """``name: before -> now`` for every entry that differs, nested ones by their full name."""
    return [f"{entry.name}: {entry.before} -> {entry.after}" for entry in compare_values(before, now)]


def _read_note(note: Path) -> dict[str, Any] | None:
    """The note; None if there is none that can be read."""
    try:
        content = parse_json(note.read_text(encoding="utf-8"))
        readable = isinstance(content["configuration"], dict) and isinstance(content["schema"], int)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return content if readable else None
