"""What ``raise import`` takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from cli.options.groups import Judges, Roles, Rubric, Scenarios, Store, Target, User, in_scenarios


@dataclass(frozen=True, kw_only=True)
class Options(Roles, Scenarios):
    """Take an edited export as a program: check it, show what the edit changed, and measure it on request.

    FILE is what `raise export` wrote as `json`, `yaml` or `markdown`. What is wrong with it is told with its line.
    Edited texts must not repeat what people of the scenario set say (`--data`). A program that PROGRAM held before is
    kept (`raise versions PROGRAM`).

    Example: `raise import program.yaml --as mlruns/programs/edited`

    Example, is it better? `raise import program.yaml --as mlruns/programs/edited --evaluate --limit 70`
    """

    file: Annotated[Path, Argument(metavar="FILE", help="Edited export: .json, .yaml or .md.")]
    as_: Annotated[Path, Option("--as", metavar="PROGRAM", help="Folder of the program that is made of it.")]
    original: Annotated[
        str | None,
        Option(metavar="PROGRAM", help="Program to compare with. [default: the one that was exported]"),
    ] = None
    evaluate: Annotated[
        bool, Option("--evaluate", help="Also run both on held-out scenarios: paired difference, as `raise evaluate`.")
    ] = False
    target: Target = None
    judge: Judges = None
    rubric: Rubric = None
    user: User = None
    limit: Annotated[
        int | None, in_scenarios(min=1, help="Test scenarios for --evaluate, spread evenly. [default: all]")
    ] = None
    store: Store = None
