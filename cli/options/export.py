"""What ``raise export`` takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

FORMATS = (
    "Format: json, yaml, markdown, messages, openai, promptfoo, mlflow or langfuse; of a registered prompt json, "
    "markdown or messages."
)


@dataclass(frozen=True, kw_only=True)
class Options:
    """Export a compiled program as plain prompts, for use without DSPy.

    `json` is the whole program in one file, for any language; all other formats are made from it. `yaml` and
    `markdown` are to edit, and `raise import` takes them back, as it does `json`. `messages`, `openai` (request
    bodies), `promptfoo` (a configuration), `mlflow` and `langfuse` are for tools.

    Example: `raise export mlruns/programs/sim-gpt-4o --format json --out program.json`

    Example, to edit: `raise export mlruns/programs/sim-gpt-4o --format yaml --out program.yaml`

    A prompt of MLflow's registry: `raise export --from prompts:/raise-sim-gpt-4o.respond@champion`
    """

    program: Annotated[Path | None, Argument(help="Folder of a compiled program, or models:/NAME@ALIAS.")] = None
    source: Annotated[
        str | None, Option("--from", metavar="ADDRESS", help="Prompt in MLflow's registry: prompts:/NAME@ALIAS.")
    ] = None
    format: Annotated[str, Option(help=FORMATS)] = "markdown"
    out: Annotated[Path | None, Option(help="File to write. [default: stdout]")] = None
