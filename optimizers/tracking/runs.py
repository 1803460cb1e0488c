"""One run of MLflow, from its record: opened, filled and closed."""

from optimizers.tracking.record import MlflowRun, RunRecord
from optimizers.tracking.store import KEY, NOTE, Tracker
from optimizers.tracking.traces import log_conversations

EPISODES = "episodes.json"
"""Artifact of a run: its table of episodes."""


def write_run(tracker: Tracker, record: RunRecord, parent: MlflowRun | None = None) -> MlflowRun:
    """Make the run of ``record``, with its table and traces, and close it; one that cannot be finished has failed."""
    run = tracker.open_run(record.name, {**tags_of_run(record), KEY: record.key}, parent)
    try:
        tracker.log(run, params=record.params, metrics=record.metrics, curves=record.curves)
        tracker.log_data(run, record.stage)
        if record.episodes:
            tracker.client.log_dict(run.run_id, record.episodes.model_dump(mode="json"), EPISODES)
        log_conversations(tracker, run, record)
    except BaseException:
        tracker.abandon(run)
        raise
    tracker.finish(run)
    return run


def tags_of_run(record: RunRecord) -> dict[str, str]:
    """The tags of a run, with its description."""
    return {**record.tags, "stage": record.stage, **({NOTE: record.note} if record.note else {})}
