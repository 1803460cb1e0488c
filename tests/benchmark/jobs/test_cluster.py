"""Work on a cluster: every unit is done whatever dies; ``tests/benchmark/evaluation/test_spread.py`` has Ray itself."""

import sys
import threading
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.jobs.cluster import TRIES, Cluster, Done, run_on_cluster
from benchmark.jobs.progress import Progress
from lms.stopping import STOP
from signatures import RaiseError
from tests.servers.threads_as_ray import ThreadsAsRay


class Noting:
    """A worker that notes what it does, and does something first."""

    def __init__(self, done: "Counter[int]", first: Callable[[int], Done]) -> None:
        self._done, self._first, self._lock = done, first, threading.Lock()
        self.stopped = threading.Event()

    def ready(self) -> None:
        """It is."""

    def work(self, unit: int) -> Done:
        """Note it."""
        what = self._first(unit)
        with self._lock:
            self._done[unit] += 1
        return what

    def stop(self) -> None:
        """Note that, too."""
        self.stopped.set()


def run_units(
    ray: ThreadsAsRay,
    units: int,
    first: Callable[[int], Done] = lambda unit: Done(),
    at_once: int = 1,
    progress: Callable[[Progress], None] = lambda report: None,
) -> "Counter[int]":
    """How often each unit was done, by workers that are threads."""
    done: Counter[int] = Counter()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "ray", ray)
        run_on_cluster(lambda: Noting(done, first), range(units), Cluster(None, at_once), progress, "working")
    return done


@given(units=st.integers(0, 30), processors=st.integers(1, 4), at_once=st.integers(1, 3))
def test_every_unit_is_done_once_and_reported(units: int, processors: int, at_once: int) -> None:
    reports: list[Progress] = []
    done = run_units(ThreadsAsRay(processors), units, at_once=at_once, progress=reports.append)
    assert done == Counter(range(units))
    assert [report.done for report in reports] == sorted(report.done for report in reports)
    assert (reports[0].done, reports[-1].done) == (0, units)


@given(units=st.integers(2, 20), dying=st.integers(0, 19), at_once=st.integers(1, 3))
def test_the_units_of_a_worker_that_dies_are_done_by_others(units: int, dying: int, at_once: int) -> None:
    ray, killed = ThreadsAsRay(2), list[int]()

    def die_at(unit: int) -> Done:
        if unit == dying % units and not killed:
            killed.append(unit)
            ray.actors[0].kill()
            ray.actors[1].kill()  # whichever it runs on
        return Done()

    done = run_units(ray, units, die_at, at_once)
    assert set(done) == set(range(units))
    assert max(done.values()) <= 2  # what was under way when they died is done again, nothing else
    assert sum(done.values()) - units <= 2 * at_once


def test_a_unit_at_which_every_worker_dies_ends_the_run() -> None:
    ray, died = ThreadsAsRay(1), list[int]()

    def die(unit: int) -> Done:
        if unit == 1:
            died.append(unit)
            ray.actors[-1].kill()
        return Done()

    with pytest.raises(RaiseError, match=f"{TRIES} workers died at the same piece of work: its node died"):
        run_units(ray, 3, die)
    assert len(died) == TRIES


def test_what_every_unit_would_meet_ends_the_run_in_its_own_words() -> None:
    with pytest.raises(RaiseError, match=r"no key for 'openai/gpt-4o'"):
        run_units(ThreadsAsRay(), 5, lambda unit: Done(error="no key for 'openai/gpt-4o': set OPENAI_API_KEY."))


def test_somebody_who_stops_the_run_has_calls_under_way_finished() -> None:
    ray, begun, done = ThreadsAsRay(1), threading.Event(), list[int]()

    def finish_when_stopped(unit: int) -> Done:
        begun.set()
        assert ray.actors[0]._made._worker.stopped.wait(30)
        done.append(unit)
        return Done(stopped=True)

    def stop(report: Progress) -> None:
        if begun.wait(0.01):
            STOP.ask()

    try:
        with pytest.raises(KeyboardInterrupt):
            run_units(ray, 5, finish_when_stopped, progress=stop)
    finally:
        STOP.withdraw()
    assert done == [0]


def test_a_cluster_that_cannot_be_reached_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", ThreadsAsRay())
    with pytest.raises(RaiseError, match=r"the Ray cluster nowhere:1 cannot be reached"):
        run_on_cluster(lambda: Noting(Counter(), lambda unit: Done()), [1], Cluster("nowhere:1"))


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(RaiseError, match=r"raise-penguin\[ray\]"):
        run_on_cluster(lambda: Noting(Counter(), lambda unit: Done()), [1], Cluster())
