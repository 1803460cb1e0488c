"""What an evaluation measured, told: as tables, as JSON, as files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmark import Evaluation, Scenario
from benchmark.evaluation.results import compare_with, rows_of
from benchmark.evaluation.targets import TargetOutcome
from benchmark.tables import Columns
from cli.command import NO_CONCLUSION
from cli.console import err, out, print_json, warn
from cli.options.evaluate import Options
from cli.show.curves import curve_table
from cli.show.notes import comparison_lines, panel_lines, warning_lines
from cli.show.results import cost_table, results_table, targets_table
from cli.show.tables import prints_table, programs_columns, put_table, targets_columns
from modules.files import keeping
from signatures import RaiseError
from signatures.rubric import recorded_rubric


@dataclass(frozen=True)
class Measured:
    """Targets with their programs, all on the same scenarios or, if they come from stored runs, on those named.

    Attributes:
        data: card of the scenario set, for JSON.
        title: what the scenarios are.
        pool: all scenarios that the sample was taken from; empty if they are not at hand.
    """

    targets: Sequence[TargetOutcome]
    data: Mapping[str, Any]
    title: str
    pool: Sequence[Scenario] = field(default=())

    @property
    def simulated(self) -> bool:
        """Whether a stand-in had part in a figure."""
        return any(one.simulated for target in self.targets for one in target.evaluations)


def tell_measured(measured: Measured, options: Options) -> int:
    """Print the figures, and write the files that were asked for.

    Returns:
        The exit code: 1 if a target failed or met a limit, or if nothing of a program could be scored; 3 if too little
        for a conclusion.
    """
    told = [_told(target, measured, options) for target in measured.targets]
    across = _across(measured) if len(told) > 1 else []
    if options.json:
        print_json(_as_json(told, across, measured))
    elif not prints_table(options.table):
        _show(told, across, measured)
    if options.table:
        put_table(_columns(told, simulated=measured.simulated), options.table)
    if options.curve_plot:
        _draw(measured, options.curve_plot)
    for one in told:
        if why := one.outcome.unfinished:
            more = ": the same command with a higher limit carries it on" if one.outcome.stopped else ""
            warn(f"{one.outcome.target} is unfinished ({why}){more}.")
    summaries = [summary for one in told for summary in one.summaries]
    if any(one.outcome.unfinished for one in told) or any(s["unscored"] == s["n"] for s in summaries):
        return 1
    return 0 if all(summary["conclusion"] for summary in summaries) else NO_CONCLUSION


@dataclass(frozen=True)
class _Told:
    """One target in figures."""

    outcome: TargetOutcome
    summaries: list[dict[str, Any]]
    comparisons: list[dict[str, Any]]


def _told(outcome: TargetOutcome, measured: Measured, options: Options) -> _Told:
    reference = options.compare_to or next((found.name for found in outcome.evaluations), "")
    base = next((found for found in outcome.evaluations if found.name == reference), None)
    others = [found for found in outcome.evaluations if found is not base]
    comparisons = compare_with(base, others, measured.pool) if base else []
    return _Told(outcome, _summaries(outcome, rows=options.rows), comparisons)


def _summaries(outcome: TargetOutcome, *, rows: bool) -> list[dict[str, Any]]:
    """The figures of each program, with its curve, and its rows if they are wanted."""
    summaries = [result.summary() for result in outcome.evaluations]
    for summary, curve in zip(summaries, outcome.curves, strict=False):
        summary["curve"] = curve.as_dict()
    for summary, result in zip(summaries, outcome.evaluations if rows else (), strict=False):
        summary["rows"] = rows_of(result)
    return summaries


def _across(measured: Measured) -> list[dict[str, Any]]:
    """Each program on each further target minus the same program on the first, paired by scenario."""
    first, *others = measured.targets
    comparisons = []
    for base in first.evaluations:
        same = [
            _named(found, other.target)
            for other in others
            for found in other.evaluations
            if found.name == base.name and _shares(found, base)
        ]
        comparisons += compare_with(_named(base, first.target), same, measured.pool)
    return comparisons


def _named(evaluation: Evaluation, target: str) -> Evaluation:
    return replace(evaluation, name=f"{evaluation.name} on {target}")


def _shares(one: Evaluation, other: Evaluation) -> bool:
    """Whether both have a scenario in common."""
    return bool({e.scenario.id for e in one.episodes} & {e.scenario.id for e in other.episodes})


def _as_json(told: Sequence[_Told], across: Sequence[dict[str, Any]], measured: Measured) -> dict[str, Any]:
    """The one object of ``--json``: of several targets, each in ``targets`` as a single one is at the top."""
    parts = [
        {
            "target": one.outcome.target,
            "programs": one.summaries,
            "comparisons": one.comparisons,
            **({"unfinished": one.outcome.unfinished} if one.outcome.unfinished else {}),
        }
        for one in told
    ]
    top = {"simulated": measured.simulated, "data": dict(measured.data), **recorded_rubric()}
    return {**top, **parts[0]} if len(parts) == 1 else {**top, "targets": parts, "across": list(across)}


def _show(told: Sequence[_Told], across: Sequence[dict[str, Any]], measured: Measured) -> None:
    for one in told:
        if not one.summaries:
            continue
        simulated = any(found.simulated for found in one.outcome.evaluations)
        rows = [(summary["name"], summary) for summary in one.summaries]
        out.print(results_table(rows, f"{one.outcome.target} on {measured.title}", simulated=simulated))
        out.print(cost_table(rows, simulated=simulated))
        for line in warning_lines(one.summaries):
            out.print(line, style="red")
        for line in [*panel_lines(one.summaries), *comparison_lines(one.comparisons)]:
            out.print(line)
        for summary in one.summaries:
            if "curve" in summary:
                out.print(curve_table(summary["name"], summary["curve"], simulated=simulated))
    if len(told) > 1:
        figures = [(one.outcome.target, one.summaries) for one in told]
        out.print(targets_table(figures, f"targets and programs on {measured.title}", simulated=measured.simulated))
        for line in comparison_lines(across):
            out.print(line)


def _columns(told: Sequence[_Told], *, simulated: bool) -> Columns:
    parts = [
        (one.outcome.target, programs_columns(one.summaries, one.comparisons, simulated=simulated))
        for one in told
        if one.summaries
    ]
    if not parts:
        raise RaiseError("no program was evaluated, so there is no table to write.")
    return parts[0][1] if len(told) == 1 else targets_columns(parts)


def _draw(measured: Measured, file: Path) -> None:
    from optimizers.plots.files import write_curves  # noqa: PLC0415  matplotlib, and only a picture needs it

    several = len(measured.targets) > 1
    curves = [
        (f"{curve.name} on {one.target}" if several else curve.name, curve)
        for one in measured.targets
        for curve in one.curves
    ]
    if not curves:
        return  # a limit came before them, which is told
    targets = ", ".join(one.target for one in measured.targets)
    with keeping(file):
        points = [(name, curve.points()) for name, curve in curves]
        write_curves(points, targets, file, simulated=any(curve.simulated for _, curve in curves))
    err.print(f"wrote {file}", soft_wrap=True)
