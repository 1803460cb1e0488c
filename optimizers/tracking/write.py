"""Sends a record to MLflow: runs, artifacts, models, prompts."""

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from lms.workers import worker
from modules import RAISE
from optimizers.results import INTERACTIVE, PICTURE, TargetResult, mark_tracked, read_result
from optimizers.tracking.models import log_program
from optimizers.tracking.prompts import register_prompts
from optimizers.tracking.record import MlflowRun, RunRecord, TrackingRecord, read_record
from optimizers.tracking.store import KEY, NOTE, Tracker, first_line
from optimizers.tracking.views import write_views
from signatures import RaiseError

logger = logging.getLogger(__name__)


def record_result(
    tracker: Tracker, parent: MlflowRun, open_run: Callable[[], MlflowRun], result: TargetResult
) -> TargetResult:
    """Record a published result in MLflow, in another run if somebody has deleted ``parent``."""
    try:
        run = parent if tracker.revive(parent) else open_run()
        write_record(tracker, run, read_record(result.folder), result.folder)
        tracker.finish(run)
        return mark_tracked(result, run)
    except Exception as error:
        logger.debug("recording in MLflow failed", exc_info=True)
        tracker.abandon(parent)
        return replace(result, untracked=first_line(error))


def track_program(folder: Path, root: Path) -> tuple[TargetResult, bool]:
    """Record a compiled program in MLflow, or what is missing of it there, from its folder alone.

    Args:
        folder: of a program that ``raise compile`` made.
        root: the local store's folder.

    Returns:
        The result, which names the run, and whether anything was missing.

    Raises:
        RaiseError: if the folder has no record, the store cannot be opened or fails meanwhile, or somebody else is
            recording it.
    """
    figures = read_result(folder)
    try:
        record = read_record(folder)
    except (OSError, ValueError) as error:
        raise RaiseError(
            f"{folder} has no record of its runs ({first_line(error)}): name a folder that this version of raise "
            "compile made."
        ) from error
    if figures is None:
        raise RaiseError(f"{folder} has no result.json: name a folder that raise compile made.")
    config, result = str(record.parent.tags["config"]), TargetResult(folder, figures, reused=True)
    tracker = Tracker(root, record.data)
    with tracker.opening():
        if done := tracker.finished(config):
            return mark_tracked(result, done), False
        tracker.refuse_held(config)
        run = tracker.take_over(config, worker()) or start_compile(tracker, record.parent)
        write_record(tracker, run, record, folder)
        tracker.finish(run)
    return mark_tracked(result, run), True


def start_compile(tracker: Tracker, parent: RunRecord) -> MlflowRun:
    """Open the run of a compile."""
    return tracker.start(parent.name, parent.params, {**parent.tags, "stage": parent.stage, "worker": worker()})


def write_record(tracker: Tracker, run: MlflowRun, record: TrackingRecord, folder: Path) -> None:
    """Fill the parent ``run``, which is open, and make its children; those that are there and finished are left alone.

    Args:
        folder: the program folder that the record is of.
    """
    tracker.make_default()
    known = tracker.children(run)
    for child in record.children:
        begun = known.get(child.key)
        if begun is None or begun.info.status != "FINISHED":
            if begun is not None:
                tracker.discard(MlflowRun(run.experiment_id, begun.info.run_id))
            _write_child(tracker, run, child)
    parent, begun_at = record.parent, tracker.client.get_run(run.run_id).info.start_time
    tracker.client.update_run(run.run_id, name=parent.name)
    tracker.log(run, metrics=parent.metrics, curves=parent.curves, tags=_tags(parent), at=begun_at)
    tracker.log_data(run, parent.stage)
    tracker.client.log_artifact(run.run_id, str(folder / INTERACTIVE))
    tracker.client.log_artifact(run.run_id, str(folder / PICTURE))
    log_program(tracker, run, record, folder)
    register_prompts(record, run, RAISE.load(folder))
    write_views(tracker.client, run.experiment_id, record.data)


def _write_child(tracker: Tracker, parent: MlflowRun, child: RunRecord) -> None:
    run = tracker.open_run(child.name, {**_tags(child), KEY: child.key}, parent)
    tracker.log(run, params=child.params, metrics=child.metrics, curves=child.curves)
    tracker.log_data(run, child.stage)
    if child.episodes:
        tracker.client.log_dict(run.run_id, child.episodes.model_dump(mode="json"), "episodes.json")
    tracker.finish(run)


def _tags(record: RunRecord) -> dict[str, str]:
    """The tags of a run, with its description."""
    return {**record.tags, "stage": record.stage, **({NOTE: record.note} if record.note else {})}
