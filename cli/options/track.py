"""What ``raise track`` takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from typer import Argument, Option


@dataclass(frozen=True, kw_only=True)
class Options:
    """Record compiled programs in MLflow that are not there yet, or not whole.

    `raise compile` writes a program down before it tells MLflow. If the tracking server went away in the middle, or
    another server is to have the program, too, this command sends what is missing. No model is called, and nothing is
    recorded twice.

    Example: `raise track mlruns/programs/*`, with MLFLOW_TRACKING_URI set to the other server
    """

    programs: Annotated[list[Path], Argument(help="Folders of compiled programs.")]
    json: Annotated[bool, Option("--json", help="Print one JSON object on stdout; progress goes to stderr.")] = False
