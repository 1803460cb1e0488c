"""Compiled programs as MLflow's logged models."""

from pathlib import Path

import mlflow

from optimizers.tracking.record import MlflowRun, TrackingRecord
from optimizers.tracking.store import Tracker


def log_program(tracker: Tracker, run: MlflowRun, record: TrackingRecord, folder: Path) -> str:
    """Add the program folder to the run and list it as a logged model; returns the model id. No pickle involved."""
    tracker.client.log_artifacts(run.run_id, str(folder), "program")
    model = mlflow.create_external_model(
        name=record.program,
        source_run_id=run.run_id,
        model_type="raise-program",
        params=record.child(record.chosen).params,
        experiment_id=tracker.experiment_id,
    )
    return str(model.model_id)
