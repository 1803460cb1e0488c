"""Where the MLflow store is. MLflow itself, which takes seconds to import, is not needed to say so."""

import os
from pathlib import Path

FOLDER = Path("mlruns")
URI = "MLFLOW_TRACKING_URI"


def tracking_uri(root: Path = FOLDER) -> str:
    """``MLFLOW_TRACKING_URI`` if set, else the SQLite file in ``root``."""
    return os.environ.get(URI) or f"sqlite:///{(root / 'mlflow.db').resolve()}"
