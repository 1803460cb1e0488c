"""Program folders of MLflow runs."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlflow import MlflowClient

from modules.versions import former_versions
from optimizers.results import read_result
from optimizers.tracking.store import opening
from signatures import RaiseError

ARTIFACT = "program"
"""The artifact of a compile's run that is its program folder."""


def list_programs(programs: Path) -> list[Path]:
    """The finished programs in a folder of program folders, by name; former versions are not in it."""
    places = sorted(programs.iterdir()) if programs.is_dir() else []
    return [place for place in places if place.suffix != ".versions" and read_result(place) is not None]


@contextmanager
def program_of_run(uri: str, run_id: str, programs: Path) -> Iterator[Path]:
    """The program folder of a compile, for as long as the block lasts.

    Args:
        uri: the MLflow store, which is asked if the program is not on this disk.
        run_id: of the compile, or of one of its children.
        programs: where to look first, former versions included.

    Raises:
        RaiseError: if the store has no such run, or the run no program.
    """
    if here := _on_disk(run_id, programs):
        yield here
        return
    with tempfile.TemporaryDirectory() as scratch:
        with opening(uri):
            yielded = _download(MlflowClient(uri, uri), run_id, Path(scratch))
        yield yielded


def _on_disk(run_id: str, programs: Path) -> Path | None:
    """The folder that notes ``run_id`` as its own."""
    places = [place for program in list_programs(programs) for place in (program, *former_versions(program))]
    figures = {place: read_result(place) for place in places}
    return next((p for p, f in figures.items() if f and (f.get("mlflow") or {}).get("run_id") == run_id), None)


def _download(client: MlflowClient, run_id: str, scratch: Path) -> Path:
    tags = client.get_run(run_id).data.tags
    compile_run = tags.get("mlflow.parentRunId", run_id)
    if not any(entry.path == ARTIFACT for entry in client.list_artifacts(compile_run)):
        raise RaiseError(f"run {run_id} has no program: name the run of a compile.")
    return Path(client.download_artifacts(compile_run, ARTIFACT, str(scratch)))
