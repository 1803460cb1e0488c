"""``raise ui``: MLflow on the runs of this folder."""

import os
import subprocess
import sys

import typer

from cli.console import err
from cli.options.ui import Options
from cli.settings import load_settings
from optimizers import compare_page, tracking_uri
from signatures import RaiseError


def run(options: Options) -> None:
    """Start the server, and stay until it ends."""
    root, host, port = load_settings().root, options.host, str(options.port)
    uri = tracking_uri(root)
    if uri.startswith("sqlite:") and not (root / "mlflow.db").exists():
        raise RaiseError(f"there are no runs in {root} yet: raise compile makes some.")
    base = f"http://{host}:{port}"
    err.print(f"MLflow on {base} (Ctrl-C stops it)")
    if page := compare_page(uri, base):
        err.print("newest compile, safety against avg_queries (choose Scatter Plot there):")
        err.print(page, soft_wrap=True)
    server = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", uri, "--host", host, "--port", port]
    artifacts = ["--default-artifact-root", (root / "artifacts").resolve().as_uri(), "--workers", "1"]
    local = {
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "PYTHONSAFEPATH": "1",  # packages of the working folder are not MLflow's
    }
    raise typer.Exit(subprocess.call([*server, *artifacts], env={**os.environ, **local}))  # noqa: S603
