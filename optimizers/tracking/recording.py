"""Recording a compile in MLflow: a run that is open while it is searched, and is filled, given up or not needed."""

import contextlib
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol, Self

from lms.workers import worker
from optimizers.results import TargetResult
from optimizers.tracking.address import tracking_uri
from optimizers.tracking.conversations import Logged
from optimizers.tracking.record import MlflowRun
from optimizers.tracking.store import Tracker, first_line, opening
from optimizers.tracking.tables import lacks_tables, make_file, make_tables
from optimizers.tracking.write import record_result
from signatures import RaiseError

OPENER = "opens-mlflow"
"""Name of the thread that waits for the tables of a new store."""


class Recording(Protocol):
    """What becomes of a compile's run."""

    def record(self, result: TargetResult) -> TargetResult:
        """The same result, recorded; ``untracked`` says why that failed, if it did."""
        ...

    def abandon(self) -> None:
        """The compile failed."""
        ...

    def discard(self) -> None:
        """The run turned out not to be needed."""
        ...


class NoRecording:
    """Nothing goes to MLflow (``--no-track``)."""

    def record(self, result: TargetResult) -> TargetResult:
        """``result``, as it is."""
        return result

    def abandon(self) -> None:
        """There is no run."""

    def discard(self) -> None:
        """There is no run."""


@dataclass(frozen=True)
class OpenRun:
    """A run that is open.

    Attributes:
        another: opens one in its place.
    """

    tracker: Tracker
    run: MlflowRun
    another: Callable[[], MlflowRun]

    @classmethod
    def begin(
        cls, root: Path, data: Mapping[str, Any], params: Mapping[str, Any], tags: Mapping[str, str], *, fresh: bool
    ) -> Self:
        """See ``MlflowRecording``."""
        tracker = Tracker(root, data)
        another = partial(tracker.start, str(params["target"]), params, {**tags, "worker": worker()})
        with tracker.opening():
            left = None if fresh else tracker.take_over(tags["config"], worker())
            return cls(tracker, left or another(), another)


class MlflowRecording:
    """A run that is open. In a new local store it is opened by a thread, as soon as there are tables.

    Args:
        root: folder of the local store.
        data: card of the scenario set.
        tags: with ``config``, by which the runs of the same configuration are found.
        fresh: do not go on with a run of the same configuration that nobody works on.

    Raises:
        RaiseError: if the store cannot be opened.
    """

    def __init__(
        self, root: Path, data: Mapping[str, Any], params: Mapping[str, Any], tags: Mapping[str, str], *, fresh: bool
    ) -> None:
        begin = partial(OpenRun.begin, root, data, params, tags, fresh=fresh)
        self._open: Future[OpenRun] = Future()
        if lacks_tables(root):
            with opening(tracking_uri(root)):  # a folder that cannot be written to is told at once
                make_file(root)
            opener = ThreadPoolExecutor(1, OPENER)
            self._open = opener.submit(_begin_in_new_store, root, begin)
            opener.shutdown(wait=False)
        else:
            self._open.set_result(begin())

    def record(self, result: TargetResult) -> TargetResult:
        """See ``Recording``."""
        try:
            opened = self._open.result()
        except RaiseError as error:
            return replace(result, untracked=first_line(error))
        return record_result(opened.tracker, opened.run, opened.another, result)

    def abandon(self) -> None:
        """See ``Recording``."""
        with contextlib.suppress(RaiseError):  # then there is no run
            opened = self._open.result()
            opened.tracker.abandon(opened.run)

    def discard(self) -> None:
        """See ``Recording``."""
        with contextlib.suppress(RaiseError):
            opened = self._open.result()
            opened.tracker.discard(opened.run)


def _begin_in_new_store(root: Path, begin: Callable[[], OpenRun]) -> OpenRun:
    make_tables(root)
    return begin()


def open_recording(
    logged: Logged,
    root: Path,
    data: Mapping[str, Any],
    params: Mapping[str, Any],
    tags: Mapping[str, str],
    *,
    fresh: bool,
) -> Recording:
    """The recording of a compile, as ``logged`` wants it."""
    return MlflowRecording(root, data, params, tags, fresh=fresh) if logged.on else NoRecording()
