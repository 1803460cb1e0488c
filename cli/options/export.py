"""What ``raise export`` takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from typer import Argument, Option


@dataclass(frozen=True, kw_only=True)
class Options:
    """Export a compiled program as plain prompts, for use without DSPy.

    Example: `raise export mlruns/programs/sim-gpt-4o --format messages --out prompts.json`

    A prompt of MLflow's registry: `raise export --from prompts:/raise-sim-gpt-4o.respond@champion`
    """

    program: Annotated[Path | None, Argument(help="Folder of a compiled program, or models:/NAME@ALIAS.")] = None
    source: Annotated[
        str | None, Option("--from", metavar="ADDRESS", help="Prompt in MLflow's registry: prompts:/NAME@ALIAS.")
    ] = None
    format: Annotated[str, Option(help="Format: json, markdown, or messages (chat messages).")] = "markdown"
    out: Annotated[Path | None, Option(help="File to write. [default: stdout]")] = None
