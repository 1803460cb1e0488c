"""Doing one job for many items at once, with results in item order."""

import contextvars
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from threading import Event
from typing import TypeVar

from benchmark.jobs.progress import OnProgress, Progress, ignore_progress

Item = TypeVar("Item")
Result = TypeVar("Result")


def run_in_order(
    job: Callable[[Item], Result],
    items: Sequence[Item],
    concurrency: int = 1,
    progress: OnProgress = ignore_progress,
    stage: str = "",
) -> list[Result]:
    """``job`` for every item, at most ``concurrency`` at once; the first exception stops the rest and is raised.

    Each task runs in a copy of the caller's context, since dspy keeps its settings in context variables.

    Args:
        stage: of the progress reports.
    """
    results: list[Result] = []

    def keep(result: Result) -> None:
        results.append(result)
        progress(Progress(stage, len(results), len(items)))

    progress(Progress(stage, 0, len(items)))
    if concurrency <= 1:
        for item in items:
            keep(job(item))
        return results
    with ThreadPoolExecutor(concurrency) as pool:
        tasks = [pool.submit(contextvars.copy_context().run, job, item) for item in items]
        try:
            for task in tasks:
                keep(task.result())
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return results


def run_side_by_side(job: Callable[[Item, Event], Result], items: Sequence[Item]) -> list[Result]:
    """``job`` for every item, all of them at the same time: long jobs that report their progress themselves.

    The first exception is raised once all have ended; those under way are told to end by their event, which
    ``benchmark.jobs.progress.until_stopped`` heeds.
    """
    stop = Event()
    with ThreadPoolExecutor(len(items)) as pool:
        tasks = [pool.submit(job, item, stop) for item in items]
        try:
            for task in as_completed(tasks):
                task.result()
        except BaseException:
            stop.set()
            raise
    return [task.result() for task in tasks]
