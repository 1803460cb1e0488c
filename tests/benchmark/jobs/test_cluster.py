"""Work on a cluster: every unit is done whatever dies; ``tests/benchmark/evaluation/test_spread.py`` has Ray itself."""

import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.jobs.budget import BudgetSpent
from benchmark.jobs.cluster import TRIES, Cluster, open_cluster
from benchmark.jobs.crew import Work
from benchmark.jobs.progress import OnProgress, Progress
from lms.stopping import STOP, Stopped
from signatures import RaiseError
from tests.servers.threads_as_ray import Actor, Made, ThreadsAsRay, cluster_of


def run_units(
    cluster: Cluster,
    units: int,
    first: Callable[[int], None] = lambda unit: None,
    progress: Callable[[Progress], None] = lambda report: None,
) -> "Counter[int]":
    """How often each unit was done; something is done before each."""
    done: Counter[int] = Counter()
    lock = threading.Lock()

    def work(unit: int, report: OnProgress) -> int:
        first(unit)
        with lock:
            done[unit] += 1
        return -unit

    @contextmanager
    def make() -> Iterator[Work]:
        yield work

    with cluster.job(make) as job:
        assert job.run(range(units), progress, "working") == [-unit for unit in range(units)]
    return done


@given(units=st.integers(0, 30), processors=st.integers(1, 4), at_once=st.integers(1, 3))
def test_every_unit_is_done_once_and_reported(units: int, processors: int, at_once: int) -> None:
    reports: list[Progress] = []
    with cluster_of(ThreadsAsRay(processors), at_once) as cluster:
        assert run_units(cluster, units, progress=reports.append) == Counter(range(units))
    assert [report.done for report in reports] == sorted(report.done for report in reports)
    assert (reports[0].done, reports[-1].done) == (0, units)


@given(units=st.integers(2, 20), dying=st.integers(0, 19), at_once=st.integers(1, 3))
def test_the_units_of_a_worker_that_dies_are_done_by_others(units: int, dying: int, at_once: int) -> None:
    ray, killed = ThreadsAsRay(2), list[int]()

    def die_at(unit: int) -> None:
        if unit == dying % units and not killed:
            killed.append(unit)
            ray.actors[0].kill()
            ray.actors[1].kill()  # whichever it runs on

    with cluster_of(ray, at_once) as cluster:
        done = run_units(cluster, units, die_at)
    assert set(done) == set(range(units))
    assert max(done.values()) <= 2  # what was under way when they died is done again, nothing else
    assert sum(done.values()) - units <= 2 * at_once


def test_a_unit_at_which_every_worker_dies_ends_the_run() -> None:
    ray, died = ThreadsAsRay(1), list[int]()

    def die(unit: int) -> None:
        if unit == 1:
            died.append(unit)
            ray.actors[-1].kill()

    with (
        cluster_of(ray) as cluster,
        pytest.raises(RaiseError, match=f"{TRIES} workers died at the same piece of work: its node died"),
    ):
        run_units(cluster, 3, die)
    assert len(died) == TRIES


def test_jobs_side_by_side_share_the_workers() -> None:
    """Each waits for the other in the middle: neither is left without workers."""
    both = threading.Barrier(2, timeout=60)

    def meet(unit: int) -> None:
        if unit == 3:
            both.wait()

    with cluster_of(ThreadsAsRay(2)) as cluster, ThreadPoolExecutor(2) as pool:
        found = [pool.submit(run_units, cluster, 6, meet) for _ in range(2)]
        assert [each.result() for each in found] == [Counter(range(6))] * 2


def test_what_every_unit_would_meet_ends_the_run_in_its_own_words() -> None:
    def refuse(unit: int) -> None:
        raise RaiseError("no key for 'openai/gpt-4o': set OPENAI_API_KEY.")

    with cluster_of(ThreadsAsRay()) as cluster, pytest.raises(RaiseError, match=r"no key for 'openai/gpt-4o'"):
        run_units(cluster, 5, refuse)


def test_a_limit_that_a_worker_meets_ends_the_run_once_the_others_are_done() -> None:
    ray, done, last = ThreadsAsRay(2), list[int](), threading.Event()

    def spend(unit: int) -> None:
        if unit == 1:
            last.set()
            raise BudgetSpent("5 LM calls are spent")
        assert last.wait(60)
        done.append(unit)

    with cluster_of(ray) as cluster, pytest.raises(BudgetSpent, match="5 LM calls are spent"):
        run_units(cluster, 9, spend)
    assert 0 in done
    assert len(done) <= 2


def test_a_unit_that_takes_long_tells_how_far_it_is() -> None:
    told, over = list[Progress](), threading.Event()

    @contextmanager
    def make() -> Iterator[Work]:
        def work(unit: int, report: OnProgress) -> None:
            report(Progress("planning", 3, 9, target="sim/gpt-4o"))
            assert over.wait(60)

        yield work

    def note(report: Progress) -> None:
        told.append(report)
        if report.stage == "planning":
            over.set()

    with cluster_of(ThreadsAsRay(1)) as cluster, cluster.job(make) as job:
        job.run([1], note, "targets")
    assert Progress("planning", 3, 9, target="sim/gpt-4o") in told


def test_somebody_who_stops_the_run_has_calls_under_way_finished() -> None:
    begun, done = threading.Event(), list[int]()

    def finish_when_stopped(unit: int) -> None:
        begun.set()
        while not STOP.asked:
            begun.wait(0.01)
        done.append(unit)
        raise Stopped

    try:
        with (
            cluster_of(ThreadsAsRay(1)) as cluster,
            cluster.job(lambda: opened(finish_when_stopped)) as job,
            ThreadPoolExecutor(1) as pool,
        ):
            running = pool.submit(job.run, range(5))
            assert begun.wait(60)
            STOP.ask()
            with pytest.raises(KeyboardInterrupt):
                running.result(60)
    finally:
        STOP.withdraw()
    assert done == [0]


@contextmanager
def opened(first: Callable[[int], None]) -> Iterator[Work]:
    """Does nothing but what is done first."""
    yield lambda unit, report: first(unit)


def test_workers_that_cannot_start_are_told_of() -> None:
    class Barren(ThreadsAsRay):
        """Every worker dies as soon as it is made."""

        def remote(self, *, num_cpus: int, max_concurrency: int) -> Callable[[Callable[..., Any]], Any]:
            return lambda kind: StillBorn(self, kind, max_concurrency)

    class StillBorn(Made):
        def remote(self, *given: Any) -> Actor:
            actor = super().remote(*given)
            actor.kill()
            return actor

    with cluster_of(Barren(1)) as cluster, pytest.raises(RaiseError, match="cannot start: the actor is dead"):
        run_units(cluster, 2)


def test_a_cluster_that_cannot_be_reached_is_named() -> None:
    with (
        pytest.raises(RaiseError, match=r"the Ray cluster nowhere:1 cannot be reached"),
        cluster_of(ThreadsAsRay(), address="nowhere:1"),
    ):
        pass


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(RaiseError, match=r"raise-penguin\[ray\]"), open_cluster(None):
        pass
