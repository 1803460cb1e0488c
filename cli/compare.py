"""``raise compare``: paired differences of recorded evaluations; tables or JSON out."""

from collections.abc import Mapping, Sequence
from typing import Any

import typer

from cli.command import NO_CONCLUSION
from cli.console import out, print_json, warn
from cli.options.compare import Options
from cli.settings import load_settings
from cli.show.comparisons import differences_table, recorded_table
from cli.show.notes import comparison_lines
from optimizers.tracking.recorded import RecordedEvaluation, compare_recorded, doubts_about, read_evaluations
from signatures import RaiseError


def run(options: Options) -> None:
    """Compare the evaluations.

    Raises:
        typer.Exit: with 3 if too much of one went unscored for a conclusion.
    """
    root = load_settings().root
    names = dict.fromkeys(options.evaluations)
    found = {one.name: one for name in names for one in read_evaluations(name, root)}
    reference, *others = found.values()
    if not others:
        raise RaiseError(f"{reference.name} is all there is: name another evaluation to compare it with.")
    report(list(found.values()), json=options.json)


def report(found: Sequence[RecordedEvaluation], *, json: bool) -> None:
    """Each evaluation, and each minus the first.

    Raises:
        typer.Exit: with 3 if too much of one went unscored for a conclusion.
    """
    comparisons = compare_recorded(found[0], found[1:])
    for doubt in doubts_about(found):
        warn(doubt)
    summaries = [one.summary() for one in found]
    simulated = any(one.simulated for one in found)
    if json:
        print_json({"simulated": simulated, "programs": summaries, "comparisons": comparisons})
    else:
        _show(summaries, comparisons, simulated=simulated)
    if not all(entry["conclusion"] for entry in comparisons):
        raise typer.Exit(NO_CONCLUSION)


def _show(summaries: Sequence[Mapping[str, Any]], comparisons: Sequence[Mapping[str, Any]], *, simulated: bool) -> None:
    out.print(recorded_table(summaries, simulated=simulated))
    for entry in comparisons:
        if entry["conclusion"]:
            out.print(differences_table(entry, simulated=simulated))
    for line in comparison_lines(comparisons):
        out.print(line)
