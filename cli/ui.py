"""``raise ui``: MLflow on the runs of this folder."""

import os
import socket
import sys
import threading
import time
import webbrowser
from collections.abc import Sequence

import typer

from cli.console import err, warn
from cli.options.ui import Options
from cli.servers import is_loopback, refuse_taken, run_server
from cli.settings import load_settings
from optimizers import opening_pages, tracking_uri
from optimizers.tracking.views import Page
from signatures import RaiseError


def run(options: Options) -> None:
    """Start the server, and stay until it ends; one that ends by itself is exit code 1."""
    root, host, port = load_settings().root, options.host, options.port
    uri = tracking_uri(root)
    if uri.startswith("http"):
        raise RaiseError(f"MLFLOW_TRACKING_URI is a server already: open {uri} in a browser.")
    if not os.environ.get("MLFLOW_TRACKING_URI") and not (root / "mlflow.db").is_file():
        raise RaiseError(f"there are no runs in {root} yet: raise compile makes some.")
    base = f"http://{host}:{port}"
    pages = opening_pages(uri, base)
    refuse_taken(host, port)  # MLflow itself ends with exit code 0 if it cannot listen there
    if not is_loopback(host):
        warn(f"MLflow asks for no password: whoever reaches {host} can read, change and delete all runs.")
    err.print(f"MLflow on {base} (Ctrl-C stops it)")
    _tell(pages)
    if options.browser and _has_display():
        page = pages[0].address if pages else base
        threading.Thread(target=_open_when_ready, args=(host, port, page), daemon=True).start()
    server = [sys.executable, "-m", "mlflow", "server", "--host", host, "--port", str(port), "--workers", "1"]
    settings = {
        "MLFLOW_BACKEND_STORE_URI": uri,  # not on the command line, which everybody on this machine can read
        "MLFLOW_DEFAULT_ARTIFACT_ROOT": (root / "artifacts").resolve().as_uri(),
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "PYTHONSAFEPATH": "1",  # packages of the working folder are not MLflow's
    }
    raise typer.Exit(run_server(server, {**os.environ, **settings}) or 1)


def _tell(pages: Sequence[Page]) -> None:
    """Print the addresses of the trade-off: that of the newest runs, then those of other data sets."""
    for number, page in enumerate(pages):
        err.print(f"{'safety against questions' if number == 0 else 'earlier runs on other data'}, {page.experiment}:")
        err.print(page.address, soft_wrap=True)


def _has_display() -> bool:
    """Whether a browser window could be seen."""
    return sys.platform in {"win32", "darwin"} or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _open_when_ready(host: str, port: int, page: str, patience: float = 60.0) -> None:
    """Open ``page`` as soon as the server listens, or never."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        try:
            socket.create_connection((host, port), timeout=1).close()
        except OSError:
            time.sleep(0.3)
        else:
            webbrowser.open(page)
            return
