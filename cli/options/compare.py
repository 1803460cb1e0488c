"""What ``raise compare`` takes."""

from dataclasses import dataclass
from typing import Annotated

from typer import Argument

from cli.options.groups import Json


@dataclass(frozen=True, kw_only=True)
class Options:
    """Compare recorded evaluations, paired by scenario, without a single LM call.

    Each is a program folder (the test of its chosen program, or of `PROGRAM/front/NAME`), the folder of its former
    versions (`PROGRAM.versions`, all of them), the id of an MLflow run, or `models:/...`. The first is what the others
    are compared with.

    Example: `raise compare mlruns/programs/sim-gpt-4o mlruns/programs/sim-mistral-7b`

    Example, a program and all that it replaced: `raise compare mlruns/programs/sim-gpt-4o
    mlruns/programs/sim-gpt-4o.versions`
    """

    evaluations: Annotated[
        list[str], Argument(metavar="RUN|PROGRAM|MODEL...", help="Two or more recorded evaluations.")
    ]
    json: Json = False
