"""What a report is made of: program folders, and what ``raise evaluate --json`` printed. No model is called."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark import Interval
from benchmark.evaluation.curve import CurvePoint
from modules import RAISE
from modules.files import parse_json, read_plain, read_text
from modules.folder import CARD
from modules.versions import find_program
from optimizers.pairs import Pairs, read_pairs
from optimizers.plots.points import Kind, PlotPoint
from optimizers.results import read_result
from optimizers.tracking.names import LABELS
from optimizers.tracking.record import RunRecord, read_record
from signatures import RaiseError


@dataclass(frozen=True)
class CompiledProgram:
    """A program folder, read.

    Attributes:
        figures: as ``raise compile --json`` prints them.
        card: models, data, seed, settings, versions.
        trials: trials of the search, on dev; none in folders of earlier versions.
        pairs: conversations before and after; None in folders of earlier versions.
    """

    folder: Path
    figures: Mapping[str, Any]
    card: Mapping[str, Any]
    trials: tuple[RunRecord, ...]
    pairs: Pairs | None
    program: RAISE

    @property
    def chosen(self) -> Mapping[str, Any]:
        """Figures of the chosen program on test."""
        name = self.figures["chosen_name"]
        found: Mapping[str, Any] = next(entry for entry in self.figures["front"] if entry["name"] == name)
        return found

    @property
    def uncompiled(self) -> Mapping[str, Any]:
        """Figures of RAISE as it comes, on test."""
        found: Mapping[str, Any] = self.figures["baselines"]["raise"]
        return found

    def tested(self) -> list[tuple[str, Mapping[str, Any]]]:
        """Name for people and figures of every tested program: baselines, then the front from few questions to many."""
        front = sorted(self.figures["front"], key=lambda entry: (entry["avg_queries"] is None, entry["avg_queries"]))
        chosen = self.figures["chosen_name"]
        rows = [(LABELS.get(name, name), entry) for name, entry in self.figures["baselines"].items()]
        return rows + [(f"{e['name']} (chosen)" if e["name"] == chosen else str(e["name"]), e) for e in front]

    def points(self) -> list[PlotPoint]:
        """The points of the picture: programs on test, trials on dev; what could not be scored is left out."""
        named: list[tuple[str, Kind, Mapping[str, Any]]] = [
            (LABELS.get(name, name), "ceiling" if name == "context-rich" else "baseline", entry)
            for name, entry in self.figures["baselines"].items()
        ]
        named += [(str(entry["name"]), "front", entry) for entry in self.figures["front"]]
        named += [(trial.key.partition("/")[2], "trial", trial.metrics) for trial in self.trials]
        return [
            PlotPoint(
                name,
                interval_of(entry),
                float(entry["avg_queries"]),
                kind,
                chosen=kind == "front" and name == self.figures["chosen_name"],
            )
            for name, kind, entry in named
            if entry.get("safety") is not None and entry.get("avg_queries") is not None
        ]


def interval_of(entry: Mapping[str, Any], name: str = "safety") -> Interval:
    """A figure with its bounds; NaN for what there is not."""
    mean, lo, hi = (_number(entry.get(f"{name}{end}")) for end in ("", "_lo", "_hi"))
    return Interval(mean, lo, hi, int(entry.get("n") or 0), int(entry.get("clusters") or 0))


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)


def read_program(folder: Path) -> CompiledProgram:
    """The program in a folder that ``raise compile`` wrote, or its newest former version.

    Raises:
        RaiseError: if there is none.
    """
    place = find_program(folder)
    figures = read_result(place)
    if figures is None:
        raise RaiseError(f"{folder} is no program folder of raise compile.")
    program = RAISE.load(place)
    try:
        children = read_record(place).children
    except (OSError, ValueError):
        children = ()
    return CompiledProgram(
        folder=place,
        figures=figures,
        card=parse_json(read_plain(place / CARD)),
        trials=tuple(child for child in children if child.stage == "dev"),
        pairs=read_pairs(place),
        program=program,
    )


@dataclass(frozen=True)
class MeasuredCurves:
    """Safety after 0, 1, 2, ... questions, of the programs of one ``raise evaluate --curve --json``.

    Attributes:
        curves: name and points of each program.
        areas: mean safety over 0 to ``horizon`` questions of each program.
    """

    title: str
    simulated: bool
    curves: Sequence[tuple[str, Sequence[CurvePoint]]]
    areas: Sequence[Interval]
    horizon: int


def read_curves(file: Path) -> MeasuredCurves:
    """The curves in what ``raise evaluate --curve --json`` printed.

    Raises:
        RaiseError: if there are none.
    """
    try:
        content = parse_json(read_text(file))
        measured = [(str(entry["name"]), entry["curve"]) for entry in content["programs"] if "curve" in entry]
        data = content["data"]
        curves = [(name, [_point(point) for point in curve["points"]]) for name, curve in measured]
        areas = [interval_of({**curve, "n": data["n"]}, "area") for _, curve in measured]
        horizon = max((int(curve["area_over"]) for _, curve in measured), default=0)
        title = " on ".join(str(part) for part in (content.get("target"), data["name"]) if part)
        simulated = bool(content["simulated"])
    except (ValueError, KeyError, TypeError) as error:
        raise RaiseError(f"{file} is not what raise evaluate --curve --json prints: {error}.") from error
    if not curves:
        raise RaiseError(f"{file} has no curves: run raise evaluate with --curve --json.")
    return MeasuredCurves(title, simulated, curves, areas, horizon)


def _point(entry: Mapping[str, Any]) -> CurvePoint:
    bounds = {name: _number(entry[name]) for name in ("safety", "safety_lo", "safety_hi")}
    return CurvePoint(questions=int(entry["questions"]), n=int(entry["n"]), unscored=int(entry["unscored"]), **bounds)
