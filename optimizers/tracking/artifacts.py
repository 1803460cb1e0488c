"""The program folder as an artifact of its compile's run, without queries of real people unless they may be sent."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from modules.folder import PATHS
from optimizers.tracking.models import private_sources
from optimizers.tracking.package import leave_out_queries
from optimizers.tracking.programs import ARTIFACT
from optimizers.tracking.record import MlflowRun, TrackingRecord
from optimizers.tracking.store import Tracker


def log_folder(tracker: Tracker, run: MlflowRun, record: TrackingRecord, folder: Path) -> None:
    """Send a program folder, with the whole front."""
    with TemporaryDirectory() as scratch:
        sent = Path(scratch) / ARTIFACT
        shutil.copytree(folder, sent)
        for paths in () if record.contents else sent.rglob(PATHS):
            leave_out_queries(paths.parent, private_sources(paths.parent))
        tracker.client.log_artifacts(run.run_id, str(sent), ARTIFACT)
