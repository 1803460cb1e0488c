"""One run of MLflow, from its record: opened, filled and closed."""

from optimizers.tracking.record import MlflowRun, RunRecord
from optimizers.tracking.store import KEY, Tracker
from optimizers.tracking.traces import log_conversations

EPISODES = "episodes.json"
"""Artifact of a run: its table of episodes."""


def write_run(tracker: Tracker, record: RunRecord, parent: MlflowRun | None = None) -> MlflowRun:
    """Make the run of ``record``, with its table and traces, and close it; one that cannot be finished has failed."""
    run = tracker.start(record.name, record.params, {**record.tags, "stage": record.stage, KEY: record.key}, parent)
    try:
        tracker.log(run, record.metrics)
        if record.episodes:
            tracker.client.log_dict(run.run_id, record.episodes.model_dump(mode="json"), EPISODES)
        log_conversations(tracker, run, record)
    except BaseException:
        tracker.abandon(run)
        raise
    tracker.finish(run)
    return run
