"""The worker of a Ray cluster, as it runs on its machine: it does units of several jobs at the same time."""

import logging
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from typing import Any

from dspy.utils.exceptions import LMError

from benchmark.jobs.budget import BudgetSpent
from benchmark.jobs.progress import OnProgress, Progress
from lms.stopping import STOP
from signatures import RaiseError, Rubric, Vocabulary, adopt_vocabulary, using_rubric

SWITCH = 0.02
"""As in commands (``cli.work``): many threads take a tenth longer at Python's own."""
Work = Callable[[Any, OnProgress], Any]
"""Does a unit, and reports how far it is if that takes long."""


@dataclass(frozen=True)
class Done:
    """What became of a unit.

    Attributes:
        result: if it is done.
        error: what ends the run, such as a wrong key; empty if nothing does.
        spent: the limit that forbade a call; empty if none did.
        stopped: whether the worker was asked to stop.
    """

    result: Any = None
    error: str = ""
    spent: str = ""
    stopped: bool = False


class RemoteWorker:
    """Does units, several at the same time, each in a thread of Ray's.

    Args:
        vocabulary, rubric: of the command.
    """

    def __init__(self, vocabulary: Vocabulary, rubric: Rubric) -> None:
        sys.setswitchinterval(SWITCH)
        logging.getLogger("dspy").setLevel(logging.ERROR)
        adopt_vocabulary(vocabulary, "the command")
        self._open = ExitStack()
        self._open.enter_context(using_rubric(None if rubric.is_default else rubric))
        self._works: dict[int, Work] = {}
        self._stacks: dict[int, ExitStack] = {}
        self._reports: dict[int, dict[str, Progress]] = {}
        self._lock = threading.Lock()

    def ready(self) -> None:
        """Return once it can work."""

    def work(self, job: int, make: Sequence[Any], unit: Any) -> Done:
        """Do one unit.

        Args:
            make: a reference to what opens the job's work, in a list so that it is fetched once.
        """
        try:
            return Done(self._work_of(job, make)(unit, lambda report: self._note(job, report)))
        except BudgetSpent as spent:
            return Done(spent=str(spent))
        except KeyboardInterrupt:
            return Done(stopped=True)
        except (RaiseError, LMError) as error:  # of a kind that every further unit would meet
            return Done(error=" ".join(str(error).split()))

    def reports(self, job: int) -> list[Progress]:
        """What units of a job have last reported, by stage."""
        return list(self._reports.pop(job, {}).values())

    def stop(self) -> None:
        """Begin no further call to a model; those under way are finished."""
        STOP.ask()

    def end(self, job: int) -> None:
        """No more units of a job will come."""
        with self._lock:
            self._works.pop(job, None)
            stack = self._stacks.pop(job, None)
        if stack is not None:
            stack.close()

    def _work_of(self, job: int, make: Sequence[Any]) -> Work:
        with self._lock:
            if job not in self._works:
                import ray  # noqa: PLC0415  an extra, and it is there where this runs

                stack = ExitStack()
                opened: AbstractContextManager[Work] = ray.get(make[0])()
                self._works[job] = stack.enter_context(opened)
                self._stacks[job] = stack
            return self._works[job]

    def _note(self, job: int, report: Progress) -> None:
        self._reports.setdefault(job, {})[f"{report.target} {report.stage}"] = report
