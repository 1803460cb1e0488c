"""What ``raise ui`` takes."""

from dataclasses import dataclass
from typing import Annotated

from typer import Option


@dataclass(frozen=True, kw_only=True)
class Options:
    """Open MLflow on the runs, at the chart of safety against questions of the newest ones.

    Example: `raise ui --port 5001`
    """

    port: Annotated[int, Option(min=1, max=65535, help="Port on this machine.")] = 5000
    host: Annotated[str, Option(help="Address to listen on.")] = "127.0.0.1"
    browser: Annotated[
        bool, Option("--browser/--no-browser", help="Open a browser, if there is a display to see it on.")
    ] = True
