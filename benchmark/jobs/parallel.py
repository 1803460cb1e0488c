"""Doing one job for many items at once, with results in item order."""

import contextvars
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
Progress = Callable[[int, int], None]
"""Called with (items done, items in all)."""


def in_order(
    job: Callable[[Item], Result], items: Sequence[Item], concurrency: int = 1, progress: Progress | None = None
) -> list[Result]:
    """``job`` for every item, at most ``concurrency`` at once; the first exception stops the rest and is raised.

    Each task runs in a copy of the caller's context, since dspy keeps its settings in context variables.
    """
    report = progress or (lambda done, total: None)
    report(0, len(items))
    results: list[Result] = []
    if concurrency <= 1:
        for item in items:
            results.append(job(item))
            report(len(results), len(items))
        return results
    with ThreadPoolExecutor(concurrency) as pool:
        tasks = [pool.submit(contextvars.copy_context().run, job, item) for item in items]
        try:
            for task in tasks:
                results.append(task.result())
                report(len(results), len(items))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return results
