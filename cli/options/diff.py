"""What ``raise diff`` takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from cli.options.groups import Json

SIDE = "Program folder, exported file, models:/NAME@ALIAS, prompts:/NAME@ALIAS, or raise (as it comes)."


@dataclass(frozen=True, kw_only=True)
class Options:
    """Show what differs between two programs: instructions and demonstrations word by word, settings, test figures.

    Removed words are `[-in brackets-]`, added ones `{+in braces+}`. The exit code is 0 whether they differ or not;
    `--json` says it as `same`. No model is called. `raise compare A B` has paired differences of the figures.

    Example: `raise diff mlruns/programs/sim-gpt-4o.versions/1 mlruns/programs/sim-gpt-4o`

    Example, what compiling changed: `raise diff raise mlruns/programs/sim-gpt-4o --html diff.html`

    Example, in MLflow's registry: `raise diff prompts:/raise-sim-gpt-4o.respond/1
    prompts:/raise-sim-gpt-4o.respond@champion`
    """

    before: Annotated[str, Argument(metavar="A", help=SIDE)]
    after: Annotated[str, Argument(metavar="B", help="The same; what it has and A lacks counts as added.")]
    html: Annotated[
        Path | None, Option(metavar="FILE.html", help="Write one page that loads nothing, in place of the text.")
    ] = None
    json: Json = False
