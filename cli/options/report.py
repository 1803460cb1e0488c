"""What ``raise report`` takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from cli.options.groups import Json, Rubric


@dataclass(frozen=True, kw_only=True)
class Options:
    """Write one page about compiled programs, for people who will not open MLflow.

    The page has the front with intervals, fields of life, conversations before and after compiling, prompts as a
    diff, cost, and limits. It loads nothing from anywhere, fits a phone, and prints. No model is called.

    Example: `raise report --out report.html`

    Example, with curves: `raise evaluate raise mlruns/programs/sim-gpt-4o --curve --json > curves.json`, then
    `raise report mlruns/programs/sim-gpt-4o --evaluation curves.json`
    """

    programs: Annotated[
        list[str] | None,
        Argument(
            metavar="[PROGRAM|RUN]...",
            help="Program folders, or MLflow run ids of compiles. [default: all programs in mlruns/programs]",
            show_default=False,
        ),
    ] = None
    evaluation: Annotated[
        list[Path] | None,
        Option(
            metavar="FILE.json",
            help="What `raise evaluate --curve --json` printed, for curves; may be repeated.",
            show_default=False,
        ),
    ] = None
    out: Annotated[Path, Option(metavar="FILE.html", help="File to write.")] = Path("report.html")
    json: Json = False
    rubric: Rubric = None
