"""The resumable job: what the journal has is taken from there, the rest is run within a budget and written down.

A step is run anew after a failure, never after a success. Errors are caught here and nowhere else: what no further
step could survive (a mistake of the user, a wrong key) ends the job, anything else is the step's recorded failure.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from pydantic import BaseModel

from benchmark.jobs.budget import Budget, BudgetSpent
from benchmark.jobs.journal import Journal, Row
from benchmark.jobs.parallel import Item, run_in_order
from benchmark.jobs.progress import OnProgress, ignore_progress
from modules.calls import FATAL
from signatures import RaiseError

logger = logging.getLogger(__name__)
T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)
MAX_REASON = 300
"""Characters kept of an error message."""


@dataclass(frozen=True)
class Failure:
    """A step that failed, and why."""

    reason: str


@dataclass(frozen=True)
class Unstarted:
    """A step that the budget did not allow any more."""

    reason: str


def attempt(work: Callable[[], T]) -> T | Failure:
    """The result of ``work``, or why it failed.

    Raises:
        RaiseError, dspy.utils.exceptions.LMError: what every further step would meet again.
        BudgetSpent: if the budget ended within the step.
    """
    try:
        return work()
    except (RaiseError, BudgetSpent, *FATAL):
        raise
    except Exception as error:  # noqa: BLE001  the boundary: the failure is recorded, the job goes on
        return Failure(f"{type(error).__name__}: {str(error)[:MAX_REASON]}")


@dataclass
class ResumableJob(Generic[T]):
    """Runs steps whose results are kept in a journal.

    Attributes:
        journal: results so far.
        encode, decode: a result as JSON, and back.
        budget: asked before each step that the journal does not have.
        keep: whether a result is final; one that is not is run again next time.
        resumed: how many results the journal had.
    """

    journal: Journal
    encode: Callable[[T], Row]
    decode: Callable[[Row], T]
    budget: Budget = field(default_factory=Budget)
    keep: Callable[[T], bool] = lambda result: True
    resumed: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def run(self, key: str, work: Callable[[], T]) -> T | Failure | Unstarted:
        """The result under ``key``, from the journal or from ``work``.

        Args:
            key: a hash of all that the result depends on.
        """
        row = self.journal.get(key)
        if row is not None:
            try:
                kept = self.decode(row)
            except (ValueError, LookupError, TypeError, AttributeError):
                logger.warning("a stored row cannot be read; its work is done again: %s", key)
            else:
                with self._lock:
                    self.resumed += 1
                return kept
        if reason := self.budget.reason():
            return Unstarted(reason)
        try:
            result = attempt(work)
        except BudgetSpent as spent:
            return Unstarted(str(spent))
        if not isinstance(result, Failure) and self.keep(result):
            self.journal.put(key, self.encode(result))
        return result

    def run_all(
        self,
        items: Sequence[Item],
        key: Callable[[Item], str],
        work: Callable[[Item], T],
        *,
        concurrency: int = 1,
        progress: OnProgress = ignore_progress,
        stage: str = "",
    ) -> list[T | Failure | Unstarted]:
        """``run`` for every item, in their order; the journal is on disk afterwards."""
        results = run_in_order(
            lambda item: self.run(key(item), lambda: work(item)), items, concurrency, progress, stage
        )
        self.journal.sync()
        return results


def resume_models(
    kind: type[M],
    journal: Journal,
    *,
    budget: Budget | None = None,
    keep: Callable[[M], bool] = lambda result: True,
) -> ResumableJob[M]:
    """A job whose results are pydantic models of one ``kind``; the rest as ``ResumableJob`` has it."""
    return ResumableJob(
        journal,
        encode=lambda result: result.model_dump(mode="json"),
        decode=kind.model_validate,
        budget=budget or Budget(),
        keep=keep,
    )
