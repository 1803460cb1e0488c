"""As much of Ray as ``benchmark.jobs.cluster`` uses, with threads in place of machines, whose workers can be killed."""

import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any

import pytest

from benchmark.jobs.cluster import Cluster, open_cluster


class RayActorError(Exception):
    """The worker is gone."""


class Reference(Future[Any]):
    """What will be known of a call."""

    def future(self) -> "Reference":
        """As a future, which it is here."""
        return self


class Actor:
    """A worker, whose methods run in threads of its own."""

    def __init__(self, made: Any, threads: int) -> None:
        self._made, self._pool = made, ThreadPoolExecutor(threads)
        self._dead, self._calls, self._lock = False, list[Reference](), threading.RLock()

    def __getattr__(self, name: str) -> "Method":
        return Method(self, getattr(self._made, name))

    def begin(self, work: Callable[..., Any], given: Sequence[Any]) -> Reference:
        """Run a method; its future fails as soon as the worker is killed."""
        told = Reference()
        with self._lock:
            if self._dead:
                told.set_exception(RayActorError("the actor is dead"))
                return told
            self._calls.append(told)

        def run() -> None:
            try:
                result = work(*given)
            except BaseException as error:  # noqa: BLE001  as Ray tells it to whoever waits
                self._tell(told, error=error)
            else:
                self._tell(told, result)

        self._pool.submit(run)
        return told

    def _tell(self, told: Reference, result: Any = None, error: BaseException | None = None) -> None:
        with self._lock:
            if told.done():
                return
            if error is not None:
                told.set_exception(error)
            else:
                told.set_result(result)

    def kill(self) -> None:
        """As if its machine had died."""
        with self._lock:
            self._dead = True
            lost = [told for told in self._calls if not told.done()]
        for told in lost:
            self._tell(told, error=RayActorError("its node died"))


class Method:
    """A method of a worker."""

    def __init__(self, actor: Actor, work: Callable[..., Any]) -> None:
        self._actor, self._work = actor, work

    def remote(self, *given: Any) -> Reference:
        """Begin it."""
        return self._actor.begin(self._work, given)


class Made:
    """A class whose instances are workers."""

    def __init__(self, ray: "ThreadsAsRay", kind: Callable[..., Any], threads: int) -> None:
        self._ray, self._kind, self._threads = ray, kind, threads

    def remote(self, *given: Any) -> Actor:
        """Make one."""
        actor = Actor(self._kind(*given), self._threads)
        self._ray.actors.append(actor)
        return actor


class ThreadsAsRay:
    """What ``import ray`` gives.

    Attributes:
        actors: all workers, in the order in which they were made.
        addresses: of the clusters that were asked for.
    """

    class exceptions:  # noqa: N801  as Ray calls it
        """Its errors."""

        RayActorError = RayActorError

    def __init__(self, processors: int = 2) -> None:
        self._processors = processors
        self.actors: list[Actor] = []
        self.addresses: list[str] = []

    def init(self, *, address: str, **options: object) -> None:
        """Connect."""
        if address == "nowhere:1":
            raise ConnectionError("Could not find any running Ray instance")
        self.addresses.append(address)

    def shutdown(self) -> None:
        """Part from the cluster."""

    def cluster_resources(self) -> dict[str, float]:
        """What the machines have."""
        return {"CPU": float(self._processors)}

    def nodes(self) -> list[dict[str, Any]]:
        """The machines: this one."""
        return [{"NodeManagerHostname": socket.gethostname(), "Alive": True}]

    def put(self, value: Any) -> Reference:
        """A reference to it."""
        held = Reference()
        held.set_result(value)
        return held

    def remote(self, *, num_cpus: int, max_concurrency: int) -> Callable[[Callable[..., Any]], Any]:
        """Makes workers of a class."""
        return lambda kind: Made(self, kind, max_concurrency)

    def wait(
        self, futures: Sequence[Reference], *, num_returns: int = 1, timeout: float | None = None
    ) -> tuple[list[Reference], list[Reference]]:
        """Those that are done, and the others."""
        wait(futures, timeout, FIRST_COMPLETED if num_returns == 1 else "ALL_COMPLETED")
        return [each for each in futures if each.done()], [each for each in futures if not each.done()]

    def get(self, future: Reference) -> Any:
        """Its result."""
        return future.result()

    def kill(self, actor: Actor) -> None:
        """End a worker."""
        actor.kill()


@contextmanager
def cluster_of(ray: ThreadsAsRay, at_once: int = 1, address: str | None = None) -> Iterator[Cluster]:
    """A cluster whose workers are threads."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "ray", ray)
        with open_cluster(address, at_once) as cluster:
            yield cluster
