"""What ``raise versions`` takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from cli.options.groups import Json


@dataclass(frozen=True, kw_only=True)
class Options:
    """List the finished programs of a program folder, former ones too, or put one of them back.

    A compile never overwrites a finished program: the former one is kept as `PROGRAM.versions/1`, `2`, ..., a program
    folder like any other.

    Example: `raise versions mlruns/programs/sim-gpt-4o`

    Example, to go back: `raise versions mlruns/programs/sim-gpt-4o --use 1`
    """

    program: Annotated[Path, Argument(help="Folder of a compiled program.")]
    use: Annotated[
        int | None, Option(min=1, metavar="N", help="Put version N in place; the current program is kept in turn.")
    ] = None
    json: Json = False
