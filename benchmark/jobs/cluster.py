"""Units of work done by workers on the machines of a Ray cluster.

A worker that dies takes nothing along but what was under way: its units are given to others. Workers keep replies and
finished work where everybody finds them (``benchmark.jobs.place``), so a unit that is done again costs no call twice.
"""

import importlib
import itertools
import logging
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any

from benchmark.jobs.budget import BudgetSpent
from benchmark.jobs.crew import Done, RemoteWorker, Work
from benchmark.jobs.progress import OnProgress, Progress, ignore_progress
from lms.stopping import STOP
from signatures import RaiseError, current_rubric, current_vocabulary

LOOK = 0.5
"""Seconds between looks whether to stop."""
PATIENCE = 300.0
"""Seconds that workers may take to finish their calls when the run is stopped."""
PARTING = 20.0
"""Seconds that they may take to give back what they had of a limit."""
TRIES = 3
"""Workers that may die at a unit, or in a row before one is there, before the run ends."""
QUIET: dict[str, Any] = {"log_to_driver": False, "logging_level": "error", "ignore_reinit_error": True}
logger = logging.getLogger(__name__)


@dataclass
class _Member:
    """A worker that is there.

    Attributes:
        units: under way.
    """

    actor: Any
    units: int = 0


@dataclass
class Cluster:
    """Workers, one a processor, that do units of any job. Safe for threads, each of which may run a job.

    Attributes:
        at_once: units that a worker does at the same time.
    """

    ray: Any
    at_once: int = 1
    _members: list[_Member] = field(default_factory=list)
    _coming: dict[int, Any] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _jobs: int = 0
    _lost: int = 0
    _why: str = ""
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def one_machine(self) -> bool:
        """Whether all nodes are on this machine, so that files are shared."""
        here = socket.gethostname()
        return all(node["NodeManagerHostname"] == here for node in self.ray.nodes() if node["Alive"])

    @property
    def processors(self) -> int:
        """Of all nodes, and so workers."""
        return max(1, int(self.ray.cluster_resources().get("CPU", 1)))

    @contextmanager
    def job(self, make: Callable[[], AbstractContextManager[Work]], *, at_once: int = 0) -> Iterator["Job"]:
        """A job, whose units the workers do while the block lasts.

        Args:
            make: opens what does a unit, once in each worker; it is sent there.
            at_once: units that a worker does of it at the same time, if not as many as of all jobs.
        """
        with self._lock:
            self._jobs += 1
        job = Job(self, next(self._numbers), self.ray.put(make), at_once or self.at_once)
        try:
            yield job
        finally:
            with self._lock:
                self._jobs -= 1
                ends = [member.actor.end.remote(job.number) for member in self._members]
            if ends:
                self.ray.wait(ends, num_returns=len(ends), timeout=PARTING)

    def hire(self) -> None:
        """Start a worker; it gets work once it is there, which may be when there is room for it."""
        remote = self.ray.remote(num_cpus=1, max_concurrency=self.at_once + 3)(RemoteWorker)
        actor = remote.remote(current_vocabulary(), current_rubric())
        number = next(self._numbers)
        with self._lock:
            self._coming[number] = actor
        actor.ready.remote().future().add_done_callback(lambda found: self._welcome(number, found))

    def _welcome(self, number: int, found: Any) -> None:
        with self._lock:
            actor = self._coming.pop(number, None)
            if actor is None:
                return
            if found.exception() is None:
                self._members.append(_Member(actor))
                self._lost = 0
                return
            self._lost, self._why = self._lost + 1, _first_line(found.exception())
        if self._lost < TRIES:
            self.hire()

    def check(self) -> None:
        """Raises ``RaiseError`` if workers cannot start, whoever waits for them."""
        if self._lost >= TRIES and not self._members:
            raise RaiseError(f"the workers of the cluster cannot start: {self._why}")

    def choose(self, under_way: int, at_once: int) -> _Member | None:
        """The worker for the next unit of a job, which has it under way from now on; None if all have enough to do.

        Args:
            under_way: units of the job; jobs that run at the same time have about as many.
            at_once: of the job, in a worker.
        """
        with self._lock:
            room = max(1, at_once * len(self._members) // max(1, self._jobs))
            if not self._members or under_way >= room:
                return None
            member = min(self._members, key=lambda each: each.units)
            if member.units >= at_once:
                return None
            member.units += 1
            return member

    def release(self, member: _Member) -> None:
        """A worker no longer has a unit under way that ``choose`` gave it."""
        with self._lock:
            member.units -= 1

    def bury(self, member: _Member, error: BaseException) -> None:
        """A worker is gone: another one is started."""
        with self._lock:
            if member not in self._members:
                return
            self._members.remove(member)
        logger.warning("a worker is gone, its work is given to others: %s", _first_line(error))
        self.ray.kill(member.actor)  # in case it is only out of reach
        self.hire()

    @property
    def actors(self) -> list[Any]:
        """Of all workers that are there."""
        with self._lock:
            return [member.actor for member in self._members]

    def dismiss(self) -> None:
        """End all workers."""
        with self._lock:
            leaving = [*(member.actor for member in self._members), *self._coming.values()]
            self._members, self._coming = [], {}
        for actor in leaving:
            self.ray.kill(actor)


@dataclass
class Job:
    """Work of one kind.

    Attributes:
        number: tells it from other jobs of the cluster.
        make: a reference to what opens its work.
    """

    cluster: Cluster
    number: int
    make: Any
    at_once: int

    def run(self, units: Sequence[Any], progress: OnProgress = ignore_progress, stage: str = "") -> list[Any]:
        """What became of each unit, in their order.

        Raises:
            RaiseError: if a unit fails in a way that every further one would.
            BudgetSpent: if a limit forbids a call; units that were done before are kept by whoever did them.
            KeyboardInterrupt: if somebody asked to stop; calls under way are finished and kept.
        """
        run = _Run(self, deque((number, unit, 0) for number, unit in enumerate(units)), progress)
        total = len(units)
        progress(Progress(stage, 0, total))
        try:
            while len(run.results) < total:
                STOP.check()
                if run.step():
                    progress(Progress(stage, len(run.results), total, f"{len(self.cluster.actors)} workers"))
        except (KeyboardInterrupt, BudgetSpent):
            run.finish()
            raise
        return [run.results[number] for number in range(total)]


@dataclass
class _Run:
    """Units of a job: those that wait, with how many workers died at each, and those under way."""

    job: Job
    waiting: deque[tuple[int, Any, int]]
    progress: OnProgress
    results: dict[int, Any] = field(default_factory=dict)
    _under_way: dict[int, _Member] = field(default_factory=dict)
    _told: "SimpleQueue[tuple[int, Any, int, _Member, Any]]" = field(default_factory=SimpleQueue)

    def step(self) -> bool:
        """Give out work, and take note of what was told; whether a unit was done."""
        self.job.cluster.check()
        self._give_out()
        try:
            number, unit, deaths, member, found = self._told.get(timeout=LOOK)
        except Empty:
            self._ask_for_reports()
            return False
        del self._under_way[number]
        self.job.cluster.release(member)
        if (error := found.exception()) is not None:
            self._lose(number, unit, deaths, member, error)
            return False
        done: Done = found.result()
        if done.error:
            raise RaiseError(done.error)
        if done.spent:
            raise BudgetSpent(done.spent)
        if done.stopped:
            raise KeyboardInterrupt
        self.results[number] = done.result
        return True

    def _give_out(self) -> None:
        while self.waiting and (member := self.job.cluster.choose(len(self._under_way), self.job.at_once)):
            number, unit, deaths = self.waiting.popleft()
            self._under_way[number] = member
            work = member.actor.work.remote(self.job.number, [self.job.make], unit)
            work.future().add_done_callback(
                lambda found, told=(number, unit, deaths, member): self._told.put((*told, found))
            )

    def _lose(self, number: int, unit: Any, deaths: int, member: _Member, error: BaseException) -> None:
        """A unit was not done; if that is because its worker died, another does it."""
        if not isinstance(error, self.job.cluster.ray.exceptions.RayActorError):
            raise error
        self.job.cluster.bury(member, error)
        if deaths + 1 >= TRIES:
            raise RaiseError(f"{TRIES} workers died at the same piece of work: {_first_line(error)}")
        self.waiting.appendleft((number, unit, deaths + 1))

    def _ask_for_reports(self) -> None:
        """Show how far long units are; asked for where nothing was done for a while."""
        ray = self.job.cluster.ray
        asked = [actor.reports.remote(self.job.number) for actor in self.job.cluster.actors]
        ready, _ = ray.wait(asked, num_returns=len(asked), timeout=LOOK) if asked else ([], [])
        for each in ready:
            try:
                reports: Sequence[Progress] = ray.get(each)
            except ray.exceptions.RayActorError:  # its units tell of it
                continue
            for report in reports:
                self.progress(report)

    def finish(self) -> None:
        """Have the calls under way finished and kept, and no further ones begun."""
        cluster = self.job.cluster
        if STOP.asked:
            for actor in cluster.actors:
                actor.stop.remote()
        for _ in range(len(self._under_way)):
            try:
                self._told.get(timeout=PATIENCE)
            except Empty:
                return


@contextmanager
def open_cluster(address: str | None, at_once: int = 1) -> Iterator[Cluster]:
    """Connect to a Ray cluster and start a worker on each processor.

    Args:
        address: of the cluster, ``auto`` for the one that this machine belongs to; None starts one on this machine.
        at_once: units that a worker does at the same time.

    Raises:
        RaiseError: if Ray is missing or the cluster cannot be reached.
    """
    try:
        ray = importlib.import_module("ray")
    except ImportError as error:
        raise RaiseError("--engine ray needs Ray: install the extra, pip install 'raise-penguin[ray]'.") from error
    own: Mapping[str, Any] = {"include_dashboard": False} if address is None else {}
    try:
        ray.init(address=address or "local", **QUIET, **own)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise RaiseError(
            f"the Ray cluster {address or 'on this machine'} cannot be reached ({_first_line(error)}): start it, or "
            "name it with --ray-address."
        ) from error
    cluster = Cluster(ray, at_once)
    try:
        for _ in range(cluster.processors):
            cluster.hire()
        yield cluster
    finally:
        cluster.dismiss()
        ray.shutdown()


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
