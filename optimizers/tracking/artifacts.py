"""The program folder as an artifact of its compile's run, without queries of real people unless they may be sent."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from modules import PathIndex
from modules.folder import PATHS
from optimizers.tracking.models import private_sources
from optimizers.tracking.record import MlflowRun, TrackingRecord
from optimizers.tracking.store import Tracker

PROGRAM = "program"
"""Path of the artifact."""


def log_folder(tracker: Tracker, run: MlflowRun, record: TrackingRecord, folder: Path) -> None:
    """Send a program folder, with the whole front."""
    with TemporaryDirectory() as scratch:
        sent = Path(scratch) / PROGRAM
        shutil.copytree(folder, sent)
        for paths in () if record.contents else sent.rglob(PATHS):
            if hidden := private_sources(paths.parent):
                PathIndex.load(paths).without_queries(hidden).save(paths)
        tracker.client.log_artifacts(run.run_id, str(sent), PROGRAM)
