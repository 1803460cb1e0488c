"""Small units of work done by workers on the machines of a Ray cluster.

A worker that dies takes nothing along but what was under way: its units are given to another one. Results do not come
back; workers keep them where everybody finds them (``benchmark.jobs.place``), so a run goes on after any interruption.
"""

import importlib
import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from benchmark.jobs.progress import OnProgress, Progress, ignore_progress
from lms.stopping import STOP
from signatures import RaiseError

LOOK = 0.5
"""Seconds between looks whether to stop."""
PATIENCE = 300.0
"""Seconds that workers may take to finish their calls when the run is stopped."""
TRIES = 3
"""Workers that may die at a unit before it is given up."""
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Done:
    """What became of a unit.

    Attributes:
        error: what ends the run, such as a wrong key; empty if it is done.
        stopped: whether the worker was asked to stop.
    """

    error: str = ""
    stopped: bool = False


class Worker(Protocol):
    """Does units, several at the same time; made on the machine where it works."""

    def ready(self) -> None:
        """Return once it can work."""
        ...

    def work(self, unit: Any) -> Done:
        """Do one unit and keep the results; never raises."""
        ...

    def stop(self) -> None:
        """Begin no further call to a model; finish those under way."""
        ...


@dataclass(frozen=True)
class Cluster:
    """How the work is spread.

    Attributes:
        address: of the cluster, ``auto`` for the one that this machine belongs to; None starts one on this machine.
        at_once: units that a worker does at the same time.
    """

    address: str | None = None
    at_once: int = 1


def run_on_cluster(
    make: Callable[[], Worker],
    units: Sequence[Any],
    cluster: Cluster,
    progress: OnProgress = ignore_progress,
    stage: str = "",
) -> None:
    """Have every unit done by a worker, one worker a processor.

    Args:
        make: makes a worker; it is sent to the machines.

    Raises:
        RaiseError: if Ray is missing, the cluster cannot be reached, or a unit fails.
        KeyboardInterrupt: if somebody asked to stop; calls under way are finished and kept.
    """
    with _connected(cluster) as ray:
        crew = _Crew(ray, make, deque((unit, 0) for unit in units), cluster.at_once)
        try:
            for _ in range(max(1, int(ray.cluster_resources().get("CPU", 1)))):
                crew.hire()
            total = len(units)
            progress(Progress(stage, 0, total))
            while crew.done < total:
                crew.wait()
                progress(Progress(stage, crew.done, total, f"{len(crew.working)} workers"))
        except KeyboardInterrupt:
            crew.finish()
            raise
        finally:
            crew.dismiss()


@contextmanager
def _connected(cluster: Cluster) -> Iterator[Any]:
    """Ray, connected to the cluster."""
    try:
        ray = importlib.import_module("ray")
    except ImportError as error:
        raise RaiseError("--engine ray needs Ray: install the extra, pip install 'raise-penguin[ray]'.") from error
    try:
        ray.init(
            address=cluster.address,
            log_to_driver=False,
            logging_level="error",
            ignore_reinit_error=True,
            **({"include_dashboard": False} if cluster.address is None else {}),
        )
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise RaiseError(
            f"the Ray cluster {cluster.address or 'on this machine'} cannot be reached ({str(error)[:200]}): start it, "
            "or name it with --ray-address."
        ) from error
    try:
        yield ray
    finally:
        ray.shutdown()


@dataclass
class _Crew:
    """The workers, and who does what.

    Attributes:
        waiting: units to do, each with how many workers died at it.
        working: workers that are there, each with how many units it does.
        done: how many units are.
    """

    ray: Any
    make: Callable[[], Worker]
    waiting: deque[tuple[Any, int]]
    at_once: int
    working: dict[Any, int] = field(default_factory=dict)
    done: int = 0
    _starting: dict[Any, Any] = field(default_factory=dict)
    _running: dict[Any, tuple[Any, Any, int]] = field(default_factory=dict)

    def hire(self) -> None:
        """Start a worker; it gets work once it is there."""
        remote = self.ray.remote(num_cpus=1, max_concurrency=self.at_once + 1)(_Remote)
        actor = remote.remote(self.make)
        self._starting[actor.ready.remote()] = actor

    def wait(self) -> None:
        """Give out work, and take note of what is done."""
        STOP.check()
        self._give_out()
        found, _ = self.ray.wait([*self._running, *self._starting], timeout=LOOK)
        for reference in found:
            self._note(reference)

    def finish(self) -> None:
        """Have the calls under way finished and kept, and no further ones begun."""
        for actor in self.working:
            actor.stop.remote()
        if self._running:
            self.ray.wait([*self._running], num_returns=len(self._running), timeout=PATIENCE)

    def _give_out(self) -> None:
        """Each worker in turn gets one more unit, until all have as many as they do at once."""
        while self.waiting and self.working:
            actor = min(self.working, key=lambda each: self.working[each])
            if self.working[actor] >= self.at_once:
                return
            unit, deaths = self.waiting.popleft()
            self.working[actor] += 1
            self._running[actor.work.remote(unit)] = (actor, unit, deaths)

    def _note(self, reference: Any) -> None:
        if (actor := self._starting.pop(reference, None)) is not None:
            try:
                self.ray.get(reference)
            except self.ray.exceptions.RayActorError as error:
                raise RaiseError(f"a worker of the cluster cannot start: {_first_line(error)}") from error
            self.working[actor] = 0
            return
        actor, unit, deaths = self._running.pop(reference)
        try:
            done: Done = self.ray.get(reference)
        except self.ray.exceptions.RayActorError as error:
            self._bury(actor, unit, deaths, error)
            return
        if actor in self.working:
            self.working[actor] -= 1
        if done.error:
            raise RaiseError(done.error)
        if not done.stopped:
            self.done += 1

    def _bury(self, actor: Any, unit: Any, deaths: int, error: Exception) -> None:
        """A worker is gone: its unit is done by another."""
        if self.working.pop(actor, None) is not None:
            logger.warning("a worker is gone, its work is given to others: %s", _first_line(error))
            self.hire()  # it begins when there is room for it
        if deaths + 1 >= TRIES:
            raise RaiseError(f"{TRIES} workers died at the same piece of work: {_first_line(error)}")
        self.waiting.appendleft((unit, deaths + 1))

    def dismiss(self) -> None:
        """End all workers."""
        for actor in [*self.working, *self._starting.values()]:
            self.ray.kill(actor)


class _Remote:
    """A worker as Ray runs it."""

    def __init__(self, make: Callable[[], Worker]) -> None:
        self._worker = make()

    def ready(self) -> None:
        """See ``Worker``."""
        self._worker.ready()

    def work(self, unit: Any) -> Done:
        """See ``Worker``."""
        return self._worker.work(unit)

    def stop(self) -> None:
        """See ``Worker``."""
        self._worker.stop()


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:200]
