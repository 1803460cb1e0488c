"""Sends a record to MLflow: runs, artifacts, models, prompts."""

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from lms.workers import worker
from optimizers.results import INTERACTIVE, PICTURE, TargetResult, mark_tracked, read_result
from optimizers.tracking.artifacts import log_folder
from optimizers.tracking.collisions import again_if_collided
from optimizers.tracking.models import log_programs
from optimizers.tracking.prompts import register_prompts
from optimizers.tracking.record import MlflowRun, RunRecord, TrackingRecord, read_record
from optimizers.tracking.runs import tags_of_run, write_run
from optimizers.tracking.store import Tracker, first_line, users_store_kept
from optimizers.tracking.traces import forget_conversations
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
        try:
            write_record(tracker, run, record, folder)
            tracker.finish(run)
        except BaseException:
            tracker.abandon(run)
            raise
    return mark_tracked(result, run), True


def start_compile(tracker: Tracker, parent: RunRecord) -> MlflowRun:
    """Open the run of a compile."""
    return tracker.start(parent.name, parent.params, {**parent.tags, "stage": parent.stage, "worker": worker()})


@again_if_collided
def write_record(tracker: Tracker, run: MlflowRun, record: TrackingRecord, folder: Path) -> None:
    """Fill the parent ``run``, which is open, and make its children; those that are there and finished are left alone.

    Args:
        folder: the program folder that the record is of.
    """
    known, runs = tracker.children(run), {}
    for child in record.children:
        begun = known.get(child.key)
        if begun is not None and begun.info.status == "FINISHED":
            runs[child.key] = MlflowRun(run.experiment_id, begun.info.run_id)
            continue
        if begun is not None:
            unfinished = MlflowRun(run.experiment_id, begun.info.run_id)
            forget_conversations(tracker, unfinished)
            tracker.discard(unfinished)
        runs[child.key] = write_run(tracker, child, run)
    parent, begun_at = record.parent, tracker.client.get_run(run.run_id).info.start_time
    tracker.client.update_run(run.run_id, name=parent.name)
    tracker.log(run, metrics=parent.metrics, curves=parent.curves, tags=tags_of_run(parent), at=begun_at)
    tracker.log_data(run, parent.stage)
    tracker.client.log_artifact(run.run_id, str(folder / INTERACTIVE))
    tracker.client.log_artifact(run.run_id, str(folder / PICTURE))
    log_folder(tracker, run, record, folder)
    with users_store_kept():
        tracker.make_default()
        chosen = log_programs(tracker, run, runs, record, folder)
        register_prompts(tracker, run, record, folder, chosen)
    write_views(tracker.client, run.experiment_id, record.data)
