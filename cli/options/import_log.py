"""What ``raise import-log`` takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from typer import Argument

from cli.options.groups import Json, Rubric


@dataclass(frozen=True, kw_only=True)
class Options:
    """Compare logs of inspect_ai's task penguin with evaluations of ours, paired by scenario.

    Needs the extra `inspect`; no LM is called. Evaluations are named as for `raise compare`: program folders, ids of
    MLflow runs, or further logs. Differences are the others minus LOG, with 95 % intervals.

    Example: `raise import-log logs/FILE.eval RUN`, after `inspect eval penguin --model sim/gpt-4o -T scenarios=70`

    Example, two logs: `raise import-log logs/vanilla.eval logs/raise.eval`
    """

    log: Annotated[Path, Argument(metavar="LOG", help="Log file of inspect_ai (.eval or .json).")]
    evaluations: Annotated[
        list[str] | None, Argument(metavar="[LOG|RUN|PROGRAM]...", help="What to compare it with. [default: nothing]")
    ] = None
    rubric: Rubric = None
    json: Json = False
