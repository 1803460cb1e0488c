"""``raise ui``: MLflow on the runs of this folder."""

import os
import sys
import threading
from collections.abc import Sequence
from functools import partial
from sysconfig import get_path
from typing import TYPE_CHECKING

import typer

from cli.browsers import has_display, open_when_ready
from cli.console import err, warn
from cli.options.ui import Options
from cli.servers import is_loopback, refuse_taken, run_server
from cli.settings import load_settings
from optimizers import tracking_uri
from signatures import RaiseError

if TYPE_CHECKING:
    from optimizers.tracking.views import Page

SERVER = "mlflow.server.fastapi_app:app"
"""What ``mlflow server`` starts, too, in a further process, after it has imported all of MLflow itself."""
OPTIONS = ("--log-level", "warning", "--app-dir", get_path("purelib"))
"""Uvicorn would put the working folder first among the places of packages, but for a place that is one already."""
STORE, ARTIFACTS = "_MLFLOW_SERVER_FILE_STORE", "_MLFLOW_SERVER_ARTIFACT_ROOT"
"""Variables by which ``mlflow server`` tells it what it serves."""


def run(options: Options) -> None:
    """Start the server, and stay until it ends; one that ends by itself is exit code 1."""
    root, host, port = load_settings().root, options.host, options.port
    uri = tracking_uri(root)
    if uri.startswith("http"):
        raise RaiseError(f"MLFLOW_TRACKING_URI is a server already: open {uri} in a browser.")
    if not os.environ.get("MLFLOW_TRACKING_URI") and not (root / "mlflow.db").is_file():
        raise RaiseError(f"there are no runs in {root} yet: raise compile makes some.")
    base = f"http://{host}:{port}"
    refuse_taken(host, port)  # before seconds are spent on starting it
    if not is_loopback(host):
        warn(f"MLflow asks for no password: whoever reaches {host} can read, change and delete all runs.")
    err.print(f"MLflow on {base} (Ctrl-C stops it)")
    server = [sys.executable, "-m", "uvicorn", "--host", host, "--port", str(port), *OPTIONS, SERVER]
    settings = {
        STORE: uri,  # not on the command line, which everybody on this machine can read
        ARTIFACTS: (root / "artifacts").resolve().as_uri(),
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "PYTHONSAFEPATH": "1",  # packages of the working folder are not MLflow's
        "PYTHONWARNINGS": "ignore",  # of MLflow's, about what it imports
    }
    raise typer.Exit(run_server(server, {**os.environ, **settings}, partial(_show, options, uri, base)) or 1)


def _show(options: Options, uri: str, base: str) -> None:
    """Print what there is to see, and have it opened; MLflow is imported here, while the server does so, too."""
    from optimizers import opening_pages  # noqa: PLC0415

    pages = opening_pages(uri, base)
    _tell(pages)
    if options.browser and has_display():
        page = pages[0].address if pages else base
        threading.Thread(target=open_when_ready, args=(options.host, options.port, page), daemon=True).start()


def _tell(pages: Sequence["Page"]) -> None:
    """Print the addresses of the trade-off: that of the newest runs, then those of other data sets."""
    for number, page in enumerate(pages):
        err.print(f"{'safety against questions' if number == 0 else 'earlier runs on other data'}, {page.experiment}:")
        err.print(page.address, soft_wrap=True)
