"""Recording a compile in MLflow: a run that is open while it is searched, and is filled, given up or not needed."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from lms.workers import worker
from optimizers.results import TargetResult
from optimizers.tracking.conversations import Logged
from optimizers.tracking.store import Tracker
from optimizers.tracking.write import record_result


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


class MlflowRecording:
    """A run that is open.

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
        self._tracker = Tracker(root, data)
        self._open = partial(self._tracker.start, str(params["target"]), params, {**tags, "worker": worker()})
        with self._tracker.opening():
            left = None if fresh else self._tracker.take_over(tags["config"], worker())
            self._run = left or self._open()

    def record(self, result: TargetResult) -> TargetResult:
        """See ``Recording``."""
        return record_result(self._tracker, self._run, self._open, result)

    def abandon(self) -> None:
        """See ``Recording``."""
        self._tracker.abandon(self._run)

    def discard(self) -> None:
        """See ``Recording``."""
        self._tracker.discard(self._run)


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
