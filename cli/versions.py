"""``raise versions``: the finished programs of a program folder, and the way back to one of them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cli.console import err, labelled_table, out, print_json
from cli.options.versions import Options
from cli.show.numbers import figure, short
from modules.versions import former_versions, put_in_place, versions_of
from optimizers.results import read_result
from signatures import RaiseError


def run(options: Options) -> None:
    """List the versions, after putting one in place if that was asked for."""
    program = options.program
    if options.use is not None:
        _put_back(program, options.use)
    found = {place: read_result(place) for place in (*former_versions(program), program)}
    programs = {place: figures for place, figures in found.items() if figures is not None}
    if not programs:
        raise RaiseError(f"{program} is no program folder of raise compile, and has no former versions.")
    if options.json:
        rows = [{"current": place == program, **figures} for place, figures in programs.items()]
        print_json({"program": str(program), "versions": rows})
    else:
        _show(program, programs)


def _put_back(program: Path, number: int) -> None:
    version = versions_of(program) / str(number)
    if version not in former_versions(program):
        known = ", ".join(place.name for place in former_versions(program)) or "none"
        raise RaiseError(f"{program} has no former version {number}: there are {known}.")
    if kept := put_in_place(version, program):
        err.print(f"the program that was current is kept as {kept}", soft_wrap=True)


def _show(program: Path, programs: Mapping[Path, dict[str, Any]]) -> None:
    simulated = any(figures["simulated"] for figures in programs.values())
    table = labelled_table(str(program), simulated=simulated)
    table.add_column("version", no_wrap=True)
    table.add_column("optimizer")
    for heading in ("trials", "safety [95 %]", "questions", "hypervolume", "test n"):
        table.add_column(heading, justify="right")
    table.add_column("configuration")
    for place, figures in programs.items():
        chosen = next(entry for entry in figures["front"] if entry["name"] == figures["chosen_name"])
        table.add_row(
            "current" if place == program else place.name,
            figures["optimizer"],
            str(figures["trials"]),
            figure(chosen),
            short(chosen["avg_queries"]),
            short(figures["hypervolume"]),
            str(chosen["n"]),
            figures["config"],
        )
    out.print(table)
