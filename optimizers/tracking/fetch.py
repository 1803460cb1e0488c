"""Programs fetched from MLflow: what ``RAISE.load("models:/...")`` reads.

No code that a logged model holds is run; its program folder alone is read, with the checks of any program folder.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from optimizers.tracking.address import FOLDER, tracking_uri
from optimizers.tracking.store import first_line, users_store_kept
from signatures import RaiseError
from signatures.masking import masked

ROOT = "RAISE_ROOT"
"""Variable with the folder of the local store, as in the settings of the command line."""


@contextmanager
def fetch_program(address: str) -> Iterator[Path]:
    """The program folder of a logged model or a version of a registered one, while the block lasts.

    Args:
        address: ``models:/NAME@ALIAS``, ``models:/NAME/VERSION`` or ``models:/MODEL_ID``.

    Raises:
        RaiseError: if the MLflow store has no such model, or it is no RAISE program.
    """
    uri = existing_store(Path(os.environ.get(ROOT) or FOLDER))
    with TemporaryDirectory() as scratch:
        yield _download(address, uri, scratch)


def existing_store(root: Path) -> str:
    """Where the MLflow store is.

    Args:
        root: folder of the local store, if ``MLFLOW_TRACKING_URI`` is not set.

    Raises:
        RaiseError: if it would be a local one that is not there; MLflow would make it.
    """
    uri = tracking_uri(root)
    file = Path(uri.removeprefix("sqlite:///"))
    if uri.startswith("sqlite:///") and not file.is_file():
        raise RaiseError(f"there is no MLflow store {file}: set MLFLOW_TRACKING_URI, or {ROOT} to its folder.")
    return uri


def _download(address: str, uri: str, scratch: str) -> Path:
    import mlflow  # noqa: PLC0415  two seconds, after the store was looked for
    from mlflow.models import Model  # noqa: PLC0415

    from optimizers.tracking.package import ARTIFACT  # noqa: PLC0415

    try:
        with users_store_kept():
            mlflow.set_tracking_uri(uri)  # MLflow looks names up in its default store, whatever it is told
            place = Path(mlflow.artifacts.download_artifacts(address, dst_path=scratch))
        artifacts = Model.load(str(place)).flavors["python_function"]["artifacts"]
        return place / str(artifacts[ARTIFACT]["path"])
    except KeyError as error:
        raise RaiseError(f"{address} is no RAISE program: MLflow has another kind of model there.") from error
    except Exception as error:  # the boundary: what a database, a server or a disk raises depends on which it is
        why = masked(first_line(error))[:300]
        raise RaiseError(f"{address} cannot be had from the MLflow store {masked(uri)} ({why}).") from error
